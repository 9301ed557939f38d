#include "cache/bundle.h"

#include <algorithm>
#include <tuple>

namespace cloudfolio::cache {

namespace {

constexpr std::pair<DocumentKind, std::string_view> kDocumentKindNames[] = {
    {DocumentKind::readme, "readme"},
    {DocumentKind::skills_index, "skills_index"},
    {DocumentKind::architecture, "architecture"},
    {DocumentKind::context, "context"},
};

char lower(char c) {
  return (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace

std::string_view to_string(DocumentKind kind) {
  for (const auto& [known, name] : kDocumentKindNames)
    if (known == kind) return name;
  return "readme";
}

std::optional<DocumentKind> document_kind_from(std::string_view text) {
  for (const auto& [kind, name] : kDocumentKindNames)
    if (name == text) return kind;
  return std::nullopt;
}

const std::string& RepositoryEntry::text_of(DocumentKind kind) const {
  switch (kind) {
    case DocumentKind::skills_index:
      return skills_index;
    case DocumentKind::architecture:
      return architecture;
    case DocumentKind::context:
      return repo_context;
    case DocumentKind::readme:
      break;
  }
  return readme;
}

const RepositoryEntry* Bundle::find(std::string_view name) const {
  for (const RepositoryEntry& entry : repositories)
    if (same_name(entry.name, name)) return &entry;
  return nullptr;
}

const RepositoryEntry* Bundle::find_by_id(std::int64_t id) const {
  for (const RepositoryEntry& entry : repositories)
    if (entry.metadata.id == id) return &entry;
  return nullptr;
}

void sort_by_name(Bundle& bundle) {
  std::sort(bundle.repositories.begin(), bundle.repositories.end(),
            [](const RepositoryEntry& one, const RepositoryEntry& other) {
              return std::tie(one.name, one.metadata.id) < std::tie(other.name, other.metadata.id);
            });
}

}  // namespace cloudfolio::cache
