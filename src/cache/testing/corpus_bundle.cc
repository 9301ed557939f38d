#include "cache/testing/corpus_bundle.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "json/json.h"

namespace cloudfolio::cache::testing {
namespace {

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return Error(Code::not_found, "cannot read " + path.string());
  return text.str();
}

std::string text_of(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

void take_document(const json::Object& files, std::string_view name, DocumentKind kind,
                   std::string& text, RepositoryEntry& entry) {
  const json::Object* file = json::find_object(files, name);
  if (file == nullptr) return;
  text = text_of(*file, "text");
  entry.documents.push_back(
      {kind, text_of(*file, "path"), text_of(*file, "oid"), text.size(), false});
}

RepositoryEntry entry_of(const json::Object& object) {
  RepositoryEntry entry;
  entry.name = text_of(object, "name");
  entry.metadata.name = entry.name;
  entry.metadata.owner.login = text_of(object, "owner");
  if (const auto description = json::find_string(object, "description")) {
    entry.metadata.description = std::string(*description);
  }
  entry.head_oid = text_of(object, "head_oid");
  if (const json::Array* topics = json::find_array(object, "topics")) {
    for (const json::Value& topic : *topics) {
      entry.metadata.topics.emplace_back(json::as_string(topic).value_or(""));
    }
  }
  if (const json::Object* languages = json::find_object(object, "languages")) {
    for (const auto& language : *languages) {
      entry.languages.emplace_back(std::string(language.key()),
                                   json::as_int(language.value()).value_or(0));
    }
  }
  if (const json::Array* tree = json::find_array(object, "tree")) {
    for (const json::Value& item : *tree) {
      if (entry.metadata.file_paths.size() >= kFilePathsCountMax) break;
      if (json::find_string(item, "type") == "blob") {
        entry.metadata.file_paths.emplace_back(json::find_string(item, "path").value_or(""));
      }
    }
  }
  if (const json::Object* files = json::find_object(object, "files")) {
    for (const auto& file : *files) {
      const std::string_view name(file.key().data(), file.key().size());
      if (name.starts_with("README") && entry.readme.empty()) {
        take_document(*files, name, DocumentKind::readme, entry.readme, entry);
      }
    }
    take_document(*files, "SKILLS-INDEX.md", DocumentKind::skills_index, entry.skills_index, entry);
    take_document(*files, "ARCHITECTURE.md", DocumentKind::architecture, entry.architecture, entry);
    if (const json::Object* context = json::find_object(*files, ".repo-context.json")) {
      const std::string text = text_of(*context, "text");
      if (json::parse(text)) entry.repo_context = text;
    }
  }
  return entry;
}

}  // namespace

std::vector<std::string> corpus_owners(const std::filesystem::path& corpus) {
  std::vector<std::string> owners;
  std::error_code error;
  for (const auto& folder : std::filesystem::directory_iterator(corpus, error)) {
    if (folder.is_directory()) owners.push_back(folder.path().filename().string());
  }
  std::sort(owners.begin(), owners.end());
  return owners;
}

Result<Bundle> read_corpus_bundle(const std::filesystem::path& corpus, const std::string& owner) {
  Bundle bundle;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(corpus / owner, error)) {
    if (file.path().extension() != ".json") continue;
    CF_TRY(const std::string text, read_file(file.path()));
    CF_TRY(const json::Object object, json::parse_object(text));
    bundle.repositories.push_back(entry_of(object));
  }
  if (bundle.repositories.empty()) {
    return Error(Code::not_found, "no repositories of " + owner + " in " + corpus.string());
  }
  sort_by_name(bundle);
  return bundle;
}

}  // namespace cloudfolio::cache::testing
