#pragma once
// The names of JSON values, for headers that only mention them.

#include <boost/json/fwd.hpp>

namespace cloudfolio::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;
using String = boost::json::string;

}  // namespace cloudfolio::json
