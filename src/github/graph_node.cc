#include "github/graph_node.h"

#include <algorithm>
#include <array>

#include "github/documents.h"

namespace cloudfolio::github {
namespace {

// By DocumentKind, as queries/detail.graphql names them.
constexpr std::array<std::string_view, kDocumentKindsCount> kAliases{
    "readme", "context", "skills_index", "architecture"};

bool is_document_path(const GraphError& error) {
  return error.path.size() >= 3 &&
         std::find(kAliases.begin(), kAliases.end(), error.path[2]) != kAliases.end();
}

NodeReading read_null(const GraphError* error) {
  if (!error || error->type == "NOT_FOUND")
    return Outcome(Gone{"GitHub does not know it (any more), or hides it from this token"});
  if (error->is_exhaustion()) return AskSmaller{};
  if (error->message.find("access blocked") != std::string::npos)
    return Outcome(Withheld{"GitHub has blocked access: " + error->message});
  if (error->type == "FORBIDDEN")
    return Outcome(Unknown{Error(Code::permission_denied,
                                 "the token may not read it (GitHub said: " + error->message +
                                     "); give it the permissions Metadata and Contents (read)")});
  return AskAgain{error->message};
}

// The errors below this node, but for those of documents, which have a way of their own.
const GraphError* error_below(const GraphAnswer& answer, const std::string& position) {
  for (const GraphError& error : answer.errors) {
    const bool here = error.path.empty() || (error.path[0] == "nodes" &&
                                             (error.path.size() < 2 || error.path[1] == position));
    if (here && (error.is_exhaustion() || !is_document_path(error))) return &error;
  }
  return nullptr;
}

// Tree first: it says what the documents must be.
bool read_tree(Draft& draft, const json::Object& node) {
  const json::Object* object = &node;
  for (const std::string_view key : {"defaultBranchRef", "target", "tree"})
    if (object) object = json::find_object(*object, key);
  return object && entries_from_graph(*object, "", draft.details.tree, draft.closed).ok();
}

NodeReading read_documents(Draft draft, const GraphAnswer& answer, const std::string& position,
                           const json::Object& node) {
  for (const DocumentKind kind : kDocumentKinds) {
    const std::string alias(kAliases[std::size_t(kind)]);
    const json::Object* object = json::find_object(node, alias);
    const std::array<std::string, 3> path{"nodes", position, alias};
    const bool failed = answer.error_around(path) != nullptr;
    const bool exact_blob = object && json::find_string(*object, "__typename") == "Blob";
    if (!place_document(draft, kind)) {
      // The same commit cannot have the file and not list it.
      if (exact_blob) return AskAgain{"a push tore the answer"};
      continue;
    }
    Document& document = draft.document(kind);
    const bool is_exact = document.path == file_name_of(kind);
    if (!is_exact) {
      draft.blobs.push_back({kind, document.oid});
    } else if (failed) {
      draft.raw_blobs.push_back({kind, document.oid});
    } else if (!exact_blob || json::find_string(*object, "oid") != document.oid) {
      return AskAgain{"a push tore the answer"};
    } else {
      read_blob_node(draft, kind, *object);
    }
  }
  return draft;
}

}  // namespace

NodeReading read_detail_node(const GraphAnswer& answer, std::size_t position,
                             const json::Value& node, const std::string& rest_base) {
  const std::string index = std::to_string(position);
  const std::array<std::string, 2> path{"nodes", index};
  const json::Object* object = node.if_object();
  if (!object) return read_null(answer.error_around(path));
  if (json::find_string(*object, "__typename") != "Repository")
    return Outcome(Gone{"the id is no repository's"});
  if (const GraphError* error = error_below(answer, index)) {
    if (error->is_exhaustion()) return AskSmaller{};
    return AskAgain{error->message};
  }
  auto repository = repository_from_graph(*object, rest_base);
  if (!repository) return AskAgain{repository.error().message()};
  Draft draft;
  draft.details.repository = *std::move(repository);
  draft.details.languages = languages_from_graph(*object);
  if (!draft.details.repository.head_oid) {
    make_empty(draft);
    return draft;
  }
  if (!draft.details.repository.tree_oid || !read_tree(draft, *object))
    return AskAgain{"GitHub left the tree out"};
  return read_documents(std::move(draft), answer, index, *object);
}

}  // namespace cloudfolio::github
