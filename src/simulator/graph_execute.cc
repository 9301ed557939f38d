#include "simulator/graph_execute.h"

#include <map>
#include <memory>

#include "simulator/graph_check.h"
#include "simulator/graph_schema.h"

namespace cloudfolio::simulator {
namespace {

// The selections that share one response key, and so one value.
struct MergedField {
  std::string key;
  std::vector<const Selection*> selections;
};
using MergedSet = std::vector<std::unique_ptr<MergedField>>;

class Executor {
 public:
  Executor(const Document& document, const json::Object& variables)
      : document_(document), variables_(variables) {}

  Execution run(const Operation& operation, const GraphNode& root) {
    MergedSet top;
    gather(operation.selections, root.type, top);
    Execution out;
    out.data = object_of(root, top);
    out.errors = std::move(errors_);
    return out;
  }

 private:
  void gather(const std::vector<Selection>& selections, std::string_view type, MergedSet& into) {
    for (const Selection& selection : selections) {
      if (!is_included(selection, variables_)) continue;
      switch (selection.kind) {
        case Selection::Kind::field:
          add(selection, into);
          break;
        case Selection::Kind::inline_fragment:
          if (applies(selection.on_type, type)) gather(selection.selections, type, into);
          break;
        case Selection::Kind::fragment: {
          const auto found = document_.fragments.find(selection.name);
          if (found != document_.fragments.end() && applies(found->second.on_type, type))
            gather(found->second.selections, type, into);
          break;
        }
      }
    }
  }

  static void add(const Selection& selection, MergedSet& into) {
    for (const auto& field : into)
      if (field->key == selection.alias) {
        field->selections.push_back(&selection);
        return;
      }
    into.push_back(std::make_unique<MergedField>(MergedField{selection.alias, {&selection}}));
  }

  static bool applies(const std::string& on_type, std::string_view concrete) {
    if (on_type.empty() || on_type == concrete) return true;
    const GraphType* type = find_graph_type(on_type);
    return type && type->may_be(concrete);
  }

  // The same for every object of a type under one field, so it is gathered once.
  const MergedSet& inside(const MergedField& field, std::string_view type) {
    const auto [at, made] = gathered_.try_emplace({&field, std::string(type)});
    if (made)
      for (const Selection* selection : field.selections)
        gather(selection->selections, type, at->second);
    return at->second;
  }

  json::Object object_of(const GraphNode& node, const MergedSet& fields) {
    json::Object out;
    out.reserve(fields.size());
    for (const auto& field : fields) {
      const Selection& first = *field->selections.front();
      if (first.name == "__typename") {
        out[field->key] = json::String(node.type);
        continue;
      }
      json::Object arguments;
      for (const Argument& argument : first.arguments)
        arguments[argument.name] = resolve_input(argument.value, variables_);
      path_.emplace_back(json::String(field->key));
      out[field->key] = complete(node.resolve({first.name, arguments}), *field);
      path_.pop_back();
    }
    return out;
  }

  json::Value complete(FieldResult result, const MergedField& field) {
    if (result.error) note(*result.error);
    switch (result.kind) {
      case FieldResult::Kind::leaf:
        return std::move(result.leaf);
      case FieldResult::Kind::node: {
        if (!result.node) return nullptr;
        return object_of(*result.node, inside(field, result.node->type));
      }
      case FieldResult::Kind::list:
        break;
    }
    json::Array out;
    out.reserve(result.list.size());
    for (ListElement& element : result.list) {
      path_.emplace_back(out.size());
      if (element.error) note(*element.error);
      if (element.node)
        out.emplace_back(object_of(*element.node, inside(field, element.node->type)));
      else
        out.emplace_back(nullptr);
      path_.pop_back();
    }
    return out;
  }

  void note(const FieldError& why) {
    json::Object error;
    if (!why.type.empty()) error["type"] = why.type;
    error["path"] = path_;
    if (!why.extensions.empty()) error["extensions"] = why.extensions;
    error["message"] = why.message;
    errors_.push_back(std::move(error));
  }

  const Document& document_;
  const json::Object& variables_;
  std::map<std::pair<const MergedField*, std::string>, MergedSet> gathered_;
  json::Array path_;
  json::Array errors_;
};

}  // namespace

Execution execute(const Document& document, const Operation& operation,
                  const json::Object& variables, const GraphNode& root) {
  return Executor(document, variables).run(operation, root);
}

}  // namespace cloudfolio::simulator
