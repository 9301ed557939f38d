// Boost.Asio and Boost.Beast compiled once for the room (see …_SEPARATE_COMPILATION in
// CMakeLists.txt): the other sources then see declarations only, which halves their time to
// compile.

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
