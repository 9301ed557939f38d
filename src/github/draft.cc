#include "github/draft.h"

#include <algorithm>

#include "github/documents.h"

namespace cloudfolio::github {
namespace {

const TreeEntry* find_entry(const Draft& draft, std::string_view path) {
  const auto& tree = draft.details.tree;
  const auto found = std::find_if(tree.begin(), tree.end(),
                                  [&](const TreeEntry& entry) { return entry.path == path; });
  return found == tree.end() ? nullptr : &*found;
}

const TreeEntry* entry_of(const Draft& draft, const Document& document) {
  return document.path.empty() ? nullptr : find_entry(draft, document.path);
}

}  // namespace

bool place_document(Draft& draft, DocumentKind kind) {
  Document& document = draft.document(kind);
  const TreeEntry* entry = find_document(kind, draft.details.tree);
  if (!entry) {
    const TreeEntry* other = find_entry(draft, file_name_of(kind));
    set_absent(document, other ? "a folder or a submodule has this name" : "");
    return false;
  }
  document.path = entry->path;
  document.oid = entry->oid;
  document.size_bytes = entry->size_bytes.value_or(0);
  return true;
}

void read_blob_node(Draft& draft, DocumentKind kind, const json::Object& blob) {
  Document& document = draft.document(kind);
  const std::int64_t size = json::find_int(blob, "byteSize").value_or(document.size_bytes);
  document.size_bytes = size;
  if (json::find_bool(blob, "isBinary").value_or(false)) return set_binary(document);
  const auto text = json::find_string(blob, "text");
  const bool cut = json::find_bool(blob, "isTruncated").value_or(false);
  if (!text || (cut && size <= std::int64_t(kDocumentBytesMax))) {
    draft.raw_blobs.push_back({kind, document.oid});
    return;
  }
  set_text(document, *text, cut);
}

bool is_complete(const Draft& draft) {
  return draft.closed.empty() && draft.blobs.empty() && draft.raw_blobs.empty() && !draft.failed;
}

std::vector<BlobNeed> resolve_links(Draft& draft) {
  std::vector<BlobNeed> needs;
  if (draft.links_resolved) return needs;
  draft.links_resolved = true;
  for (const DocumentKind kind : kDocumentKinds) {
    Document& document = draft.document(kind);
    const TreeEntry* link = entry_of(draft, document);
    if (!link || link->mode != kModeSymlink || document.state != Document::State::present) continue;
    const auto target = resolve_link(link->path, document.text);
    const TreeEntry* entry = target ? find_entry(draft, *target) : nullptr;
    if (!entry || entry->type != TreeEntry::Type::blob || entry->mode == kModeSymlink) {
      set_absent(document, link->path + " is a symbolic link that leads to no file here");
      continue;
    }
    document.state = Document::State::unknown;
    document.text.clear();
    document.oid = entry->oid;
    document.size_bytes = entry->size_bytes.value_or(0);
    needs.push_back({kind, entry->oid});
  }
  return needs;
}

void make_empty(Draft& draft) {
  draft.details.tree.clear();
  draft.details.repository.head_oid.reset();
  draft.details.repository.tree_oid.reset();
  for (const DocumentKind kind : kDocumentKinds) set_absent(draft.document(kind));
  draft.details.problems.push_back("the default branch is empty: nothing was pushed to it");
}

Details finish(Draft draft) {
  Details& details = draft.details;
  std::sort(details.tree.begin(), details.tree.end(),
            [](const TreeEntry& one, const TreeEntry& other) { return one.path < other.path; });
  if (details.tree.size() > kTreeEntriesMax) {
    details.tree.resize(kTreeEntriesMax);
    details.tree_completeness = Completeness::partial;
  }
  if (details.tree_completeness == Completeness::partial)
    details.problems.push_back("the file listing is incomplete: the repository is too large");
  for (const DocumentKind kind : kDocumentKinds) {
    const Document& document = draft.document(kind);
    const std::string name =
        document.path.empty() ? std::string(file_name_of(kind)) : document.path;
    if (!document.note.empty()) details.problems.push_back(name + ": " + document.note);
    if (document.state == Document::State::unknown)
      details.problems.push_back(name + ": its text could not be read");
  }
  return std::move(details);
}

}  // namespace cloudfolio::github
