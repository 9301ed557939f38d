#pragma once
// Which files of a repository's tree are its documents, and what their bytes are worth as text.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "github/types.h"

namespace cloudfolio::github {

// The entry of the root that is that document: the exact name, else the name in another case, else,
// for a README, another form (.markdown, .rst, .adoc, .org, .txt, none). Null if there is none.
const TreeEntry* find_document(DocumentKind kind, std::span<const TreeEntry> tree);

// Where a link leads, from the root: "docs/README.md". Nothing if it leaves the repository.
std::optional<std::string> resolve_link(std::string_view from_path, std::string_view target);

// Sets state, text and note from a blob's bytes as REST sends them.
void set_bytes(Document& document, std::string bytes);
// The same from text that GraphQL sent; `is_cut`: GitHub left the end out.
void set_text(Document& document, std::string_view text, bool is_cut);
void set_binary(Document& document);
void set_absent(Document& document, std::string note = "");

// Valid UTF-8 without NUL.
bool is_text(std::string_view bytes);

}  // namespace cloudfolio::github
