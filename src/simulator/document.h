#pragma once
// Document: a GraphQL query as a tree (graphql.org, specification of October 2021, section 2).
//
// Read: query operations, variables with defaults, aliases, arguments, named and inline fragments,
// all kinds of values, @include and @skip. Not read, because nothing here serves them: mutations,
// subscriptions, schema definitions, block strings.
//
// Errors: invalid_argument, "Parse error on \"}\" (RCURLY) at [3, 14]" as GitHub words it.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace cloudfolio::simulator {

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

// A literal, a variable, or a list or object of them. Enum values are kept as strings.
struct Input {
  struct Member;  // Of an object.
  enum class Kind { literal, enumerator, variable, list, object };
  Kind kind = Kind::literal;
  json::Value literal;  // Also an enumerator's name.
  std::string variable;
  std::vector<Input> list;
  std::vector<Member> object;
};

struct Input::Member {
  std::string key;
  Input value;
};

struct Argument {
  std::string name;
  Input value;
  Place place;
};

struct Directive {
  std::string name;
  std::vector<Argument> arguments;
};

struct Selection {
  enum class Kind { field, fragment, inline_fragment };
  Kind kind = Kind::field;
  std::string alias;    // Equal to `name` where none is written.
  std::string name;     // Of the field or the fragment.
  std::string on_type;  // Inline fragments; empty: the type around.
  std::vector<Argument> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Place place;
};

// "[ID!]!" as written.
struct VariableDefinition {
  std::string name;
  std::string type;
  std::optional<Input> otherwise;
  Place place;
};

struct Fragment {
  std::string name;
  std::string on_type;
  std::vector<Selection> selections;
  Place place;
};

struct Operation {
  std::string name;
  std::vector<VariableDefinition> variables;
  std::vector<Selection> selections;
};

struct Document {
  std::vector<Operation> operations;
  std::map<std::string, Fragment, std::less<>> fragments;
};

inline constexpr std::size_t kDocumentBytesMax = 2u << 20;
inline constexpr std::size_t kSelectionDepthMax = 100;

Result<Document> parse_document(std::string_view text);

}  // namespace cloudfolio::simulator
