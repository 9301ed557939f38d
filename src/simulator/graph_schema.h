#pragma once
// The part of GitHub's GraphQL schema that the simulator serves: types, fields, arguments.
//
// Field by field as in GitHub's published schema (docs.github.com/graphql/overview/public-schema);
// a test holds documents and answers against that schema itself.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cloudfolio::simulator {

struct GraphField {
  std::string name;
  std::string type;                              // "[Repository]", "ID!": as written.
  std::string named_type;                        // "Repository"
  std::map<std::string, std::string> arguments;  // Name → type.
  bool is_list() const { return type.front() == '['; }
  bool is_connection() const { return named_type.ends_with("Connection"); }
};

struct GraphType {
  std::string name;
  std::map<std::string, GraphField, std::less<>> fields;
  std::vector<std::string> possible_types;  // Of an interface; else itself.
  bool may_be(std::string_view concrete) const;
};

// Null for a leaf (Int, String, ID, URI, enums) or an unknown type.
const GraphType* find_graph_type(std::string_view name);
// The whole, one type a line group: "Type [: possible types]", then " field(argument:Type,…):Type".
std::string_view graph_schema_text();
// A type that input values may have: scalars, enums and input objects that are served.
bool is_input_type(std::string_view name);

}  // namespace cloudfolio::simulator
