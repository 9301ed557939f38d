#pragma once
// Comparison: whether two answers to one question say the same.
//
// Bodies that are JSON are compared as values: keys in any order, numbers within a relative 1e-9,
// and by the rules below; other bodies byte by byte.
//
// Rules, each counted where it was needed: a field that names a moment or a size on one side only
// (`times`) is left out; a field that only this program writes (`ours`) is left out; a list of
// objects with a "name" is compared in the order of names (`order`).

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace cloudfolio::gateway {

struct Comparison {
  bool same = false;
  std::string where;  // The first difference: "status", "body", or a path such as "data.3.stars".
  std::vector<std::string_view> rules;  // Needed for what is the same, once each.
};

inline constexpr std::string_view kComparisonRules[] = {"times", "ours", "order"};

// Pure. Bodies that are no JSON, or deeper than 64 levels, are bytes.
Comparison compare_answers(const http::Response& one, const http::Response& other);

}  // namespace cloudfolio::gateway
