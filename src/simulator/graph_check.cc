#include "simulator/graph_check.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "simulator/graph_schema.h"

namespace cloudfolio::simulator {
namespace {

json::Value located(std::string message, Place place, json::Object extensions = {}) {
  json::Object error;
  error["message"] = std::move(message);
  error["locations"] = json::Array{json::Object{{"line", place.line}, {"column", place.column}}};
  if (!extensions.empty()) error["extensions"] = std::move(extensions);
  return error;
}

json::Value typed(std::string_view type, std::string message) {
  return json::Object{{"type", type}, {"message", std::move(message)}};
}

class Checker {
 public:
  Checker(const Document& document, const Operation& operation, json::Object& variables)
      : document_(document), operation_(operation), variables_(variables) {}

  CheckedQuery run() {
    check_variables();
    if (out_.errors.empty()) {
      const GraphType* query = find_graph_type("Query");
      walk(operation_.selections, *query, 1, {"query"});
      check_unused();
    }
    if (out_.nodes_count > kQueryNodesMax)
      out_.errors.push_back(
          typed("MAX_NODE_LIMIT_EXCEEDED",
                "This query requests up to " + std::to_string(out_.nodes_count) +
                    " possible nodes which exceeds the maximum limit of 500,000."));
    out_.cost = std::max<std::int64_t>(1, std::llround(double(connections_count_) / 100.0));
    return std::move(out_);
  }

 private:
  static std::string named(std::string_view type) {
    std::string out;
    for (const char c : type)
      if (c != '[' && c != ']' && c != '!') out += c;
    return out;
  }

  void check_variables() {
    for (const VariableDefinition& variable : operation_.variables) {
      if (!is_input_type(named(variable.type))) {
        out_.errors.push_back(located(
            named(variable.type) + " isn't a defined input type (on $" + variable.name + ")",
            variable.place, {{"code", "variableRequiresValidType"}}));
        continue;
      }
      const json::Value* given = json::find(variables_, variable.name);
      if (!given && variable.otherwise) {
        variables_[variable.name] = resolve_input(*variable.otherwise, {});
        given = json::find(variables_, variable.name);
      }
      if (!accepts(variable.type, given ? *given : json::Value(nullptr)))
        out_.errors.push_back(located("Variable $" + variable.name + " of type " + variable.type +
                                          " was provided invalid value",
                                      variable.place,
                                      {{"value", given ? *given : json::Value(nullptr)}}));
    }
  }

  static bool accepts(std::string_view type, const json::Value& value) {
    if (type.ends_with('!'))
      return !value.is_null() && accepts(type.substr(0, type.size() - 1), value);
    if (value.is_null()) return true;
    if (type.starts_with('[')) {
      const json::Array* array = value.if_array();
      return array && std::all_of(array->begin(), array->end(), [&](const json::Value& element) {
               return accepts(type.substr(1, type.size() - 2), element);
             });
    }
    if (type == "Int") return value.is_int64() || value.is_uint64();
    if (type == "Boolean") return value.is_bool();
    if (type == "RepositoryOrder" || type == "LanguageOrder") return value.is_object();
    if (type == "GitObjectID") return value.is_string() && value.get_string().size() == 40;
    return value.is_string() || (type == "ID" && value.is_int64());
  }

  void check_unused() {
    for (const VariableDefinition& variable : operation_.variables)
      if (!used_variables_.contains(variable.name))
        out_.errors.push_back(located(
            "Variable $" + variable.name + " is declared by " +
                (operation_.name.empty() ? "anonymous query" : operation_.name) + " but not used",
            variable.place, {{"code", "variableNotUsed"}}));
    for (const auto& [name, fragment] : document_.fragments)
      if (!used_fragments_.contains(name))
        out_.errors.push_back(located("Fragment " + name + " was defined, but not used",
                                      fragment.place, {{"code", "useAndDefineFragment"}}));
  }

  void note_variables(const Input& input, Place place) {
    if (input.kind == Input::Kind::variable) {
      used_variables_.insert(input.variable);
      const bool declared =
          std::any_of(operation_.variables.begin(), operation_.variables.end(),
                      [&](const auto& variable) { return variable.name == input.variable; });
      if (!declared)
        out_.errors.push_back(
            located("Variable $" + input.variable + " is used by " +
                        (operation_.name.empty() ? "anonymous query" : operation_.name) +
                        " but not declared",
                    place, {{"code", "variableNotDefined"}}));
    }
    for (const Input& element : input.list) note_variables(element, place);
    for (const auto& [key, element] : input.object) note_variables(element, place);
  }

  void walk(const std::vector<Selection>& selections, const GraphType& type, std::int64_t times,
            const std::vector<std::string>& path) {
    if (path.size() > kSelectionDepthMax || out_.errors.size() > 50) return;
    for (const Selection& selection : selections) {
      for (const Directive& directive : selection.directives)
        for (const Argument& argument : directive.arguments)
          note_variables(argument.value, selection.place);
      switch (selection.kind) {
        case Selection::Kind::field:
          check_field(selection, type, times, path);
          break;
        case Selection::Kind::inline_fragment:
          enter(selection.on_type.empty() ? type.name : selection.on_type, selection.selections,
                type, times, path, selection.place);
          break;
        case Selection::Kind::fragment: {
          const auto found = document_.fragments.find(selection.name);
          if (found == document_.fragments.end()) {
            out_.errors.push_back(
                located("Fragment " + selection.name + " was used, but not defined",
                        selection.place, {{"code", "useAndDefineFragment"}}));
            break;
          }
          if (!open_fragments_.insert(selection.name).second) {
            out_.errors.push_back(
                located("Fragment " + selection.name + " contains an infinite loop",
                        selection.place, {{"code", "infiniteLoop"}}));
            break;
          }
          used_fragments_.insert(selection.name);
          enter(found->second.on_type, found->second.selections, type, times, path,
                selection.place);
          open_fragments_.erase(selection.name);
          break;
        }
      }
    }
  }

  void enter(const std::string& on_type, const std::vector<Selection>& selections,
             const GraphType& around, std::int64_t times, const std::vector<std::string>& path,
             Place place) {
    const GraphType* type = find_graph_type(on_type);
    if (!type) {
      out_.errors.push_back(
          located("No such type " + on_type + ", so it can't be a fragment condition", place,
                  {{"code", "undefinedType"}, {"typeName", on_type}}));
      return;
    }
    const bool possible =
        std::any_of(type->possible_types.begin(), type->possible_types.end(),
                    [&](const std::string& concrete) { return around.may_be(concrete); });
    if (!possible) {
      out_.errors.push_back(
          located("Fragment on " + on_type + " can't be spread inside " + around.name, place,
                  {{"code", "cannotSpreadFragment"}}));
      return;
    }
    walk(selections, *type, times, path);
  }

  void check_field(const Selection& selection, const GraphType& type, std::int64_t times,
                   std::vector<std::string> path) {
    path.push_back(selection.alias);
    if (selection.name == "__typename") return;
    const auto found = type.fields.find(selection.name);
    if (found == type.fields.end()) {
      json::Value error = located(
          "Field '" + selection.name + "' doesn't exist on type '" + type.name + "'",
          selection.place,
          {{"code", "undefinedField"}, {"typeName", type.name}, {"fieldName", selection.name}});
      json::Array at;
      for (const std::string& step : path) at.emplace_back(step);
      error.as_object()["path"] = std::move(at);
      out_.errors.push_back(std::move(error));
      return;
    }
    const GraphField& field = found->second;
    check_arguments(selection, field);
    const std::int64_t inside = count(selection, field, times);
    const GraphType* result = find_graph_type(field.named_type);
    if (!result != selection.selections.empty()) {
      out_.errors.push_back(located(result ? "Field must have selections (field '" + field.name +
                                                 "' returns " + field.named_type +
                                                 " but has no selections.)"
                                           : "Selections can't be made on scalars (field '" +
                                                 field.name + "' returns " + field.named_type + ")",
                                    selection.place, {{"code", "selectionMismatch"}}));
      return;
    }
    if (result) walk(selection.selections, *result, inside, path);
  }

  void check_arguments(const Selection& selection, const GraphField& field) {
    for (const Argument& argument : selection.arguments) {
      note_variables(argument.value, argument.place);
      const auto known = field.arguments.find(argument.name);
      if (known == field.arguments.end()) {
        out_.errors.push_back(
            located("Field '" + field.name + "' doesn't accept argument '" + argument.name + "'",
                    argument.place,
                    {{"code", "argumentNotAccepted"},
                     {"name", field.name},
                     {"argumentName", argument.name}}));
      } else if (argument.value.kind != Input::Kind::variable &&
                 !accepts(known->second, resolve_input(argument.value, variables_))) {
        out_.errors.push_back(located("Argument '" + argument.name + "' on Field '" + field.name +
                                          "' has an invalid value. Expected type '" +
                                          known->second + "'.",
                                      argument.place, {{"code", "argumentLiteralsIncompatible"}}));
      }
    }
    for (const auto& [name, type] : field.arguments)
      if (type.ends_with('!') &&
          std::none_of(selection.arguments.begin(), selection.arguments.end(),
                       [&](const Argument& argument) { return argument.name == name; }))
        out_.errors.push_back(
            located("Field '" + field.name + "' is missing required arguments: " + name,
                    selection.place, {{"code", "missingRequiredArguments"}}));
  }

  // Adds to cost and nodes; returns how many times what is inside the field is asked.
  std::int64_t count(const Selection& selection, const GraphField& field, std::int64_t times) {
    const auto argument = [&](std::string_view name) {
      for (const Argument& given : selection.arguments)
        if (given.name == name) return resolve_input(given.value, variables_);
      return json::Value(nullptr);
    };
    if (field.name == "nodes" && field.arguments.contains("ids")) {
      const json::Value ids = argument("ids");
      const std::size_t size = ids.is_array() ? ids.get_array().size() : 1;
      if (size > kNodeIdsMax)
        out_.errors.push_back(
            typed("ARGUMENT_LIMIT", "You may not provide more than 100 node ids; you provided " +
                                        std::to_string(size) + "."));
      out_.repositories_count = std::max(out_.repositories_count, std::int64_t(size));
      out_.nodes_count += times * std::int64_t(size);
      return times * std::int64_t(size);
    }
    if (!field.is_connection()) return times;
    json::Value bound = argument("first");
    if (bound.is_null()) bound = argument("last");
    const auto size = json::as_int(bound);
    if (!size) {
      out_.errors.push_back(
          typed("MISSING_PAGINATION_BOUNDARIES",
                "You must provide a `first` or `last` value to properly paginate the `" +
                    field.name + "` connection."));
      return times;
    }
    if (*size < 1 || *size > kConnectionFirstMax)
      out_.errors.push_back(typed("EXCESSIVE_PAGINATION",
                                  "Requesting " + std::to_string(*size) + " records on the `" +
                                      field.name +
                                      "` connection exceeds the `first` limit of 100 records."));
    connections_count_ += times;
    out_.nodes_count += times * *size;
    if (field.name == "repositories")
      out_.repositories_count = std::max(out_.repositories_count, *size);
    return times * *size;
  }

  const Document& document_;
  const Operation& operation_;
  json::Object& variables_;
  CheckedQuery out_;
  std::int64_t connections_count_ = 0;
  std::set<std::string> used_variables_;
  std::set<std::string> used_fragments_;
  std::set<std::string> open_fragments_;
};

}  // namespace

json::Value resolve_input(const Input& input, const json::Object& variables) {
  switch (input.kind) {
    case Input::Kind::literal:
    case Input::Kind::enumerator:
      return input.literal;
    case Input::Kind::variable: {
      const json::Value* given = json::find(variables, input.variable);
      return given ? *given : json::Value(nullptr);
    }
    case Input::Kind::list: {
      json::Array out;
      for (const Input& element : input.list) out.push_back(resolve_input(element, variables));
      return out;
    }
    case Input::Kind::object: {
      json::Object out;
      for (const auto& [key, element] : input.object) out[key] = resolve_input(element, variables);
      return out;
    }
  }
  return nullptr;
}

bool is_included(const Selection& selection, const json::Object& variables) {
  for (const Directive& directive : selection.directives)
    for (const Argument& argument : directive.arguments) {
      if (argument.name != "if") continue;
      const json::Value value = resolve_input(argument.value, variables);
      const bool condition = value.is_bool() && value.get_bool();
      if (directive.name == "include" && !condition) return false;
      if (directive.name == "skip" && condition) return false;
    }
  return true;
}

CheckedQuery check_query(const Document& document, const Operation& operation,
                         json::Object& variables) {
  return Checker(document, operation, variables).run();
}

}  // namespace cloudfolio::simulator
