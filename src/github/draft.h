#pragma once
// Draft: one repository's details while they are put together, and what is still missing.
//
// Both transports fill drafts; the rules for documents, links and trees live here once, so that
// they end in the same Details.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "github/client.h"
#include "github/decode.h"
#include "github/types.h"

namespace cloudfolio::github {

struct BlobNeed {
  DocumentKind kind = DocumentKind::readme;
  std::string oid;
};

struct Draft {
  std::size_t index = 0;  // Among the repositories asked.
  Details details;
  std::vector<ClosedTree> closed;   // Folders whose entries are missing.
  std::vector<BlobNeed> blobs;      // Texts that a GraphQL follow-up can bring.
  std::vector<BlobNeed> raw_blobs;  // Texts that only REST can: cut, or not said.
  bool links_resolved = false;
  std::optional<Error> failed;  // It cannot be completed; the others can.

  Document& document(DocumentKind kind) { return details.documents[std::size_t(kind)]; }
};

// Points the document of that kind at its entry in the tree (path, oid, size), or makes it absent.
// Returns whether there is a text to read.
bool place_document(Draft& draft, DocumentKind kind);

// A blob as GraphQL says it: {"byteSize", "isBinary", "isTruncated", "text"}. What it leaves open
// becomes a raw_blobs need.
void read_blob_node(Draft& draft, DocumentKind kind, const json::Object& blob);

// Nothing is missing, but perhaps what links lead to.
bool is_complete(const Draft& draft);

// Once texts and tree are there: documents that are links are pointed at what they lead to; returns
// what is to be read for them.
std::vector<BlobNeed> resolve_links(Draft& draft);

// An empty repository: no tree, no documents.
void make_empty(Draft& draft);
// Sorts, applies limits, and says what a person should know.
Details finish(Draft draft);

}  // namespace cloudfolio::github
