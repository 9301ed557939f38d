#include "simulator/corpus.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "json/json.h"

namespace cloudfolio::simulator {
namespace {

namespace fs = std::filesystem;

Error invalid(const std::string& message) {
  return Error(Code::invalid_argument, message);
}

std::string text_of(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

std::optional<std::string> optional_text(const json::Object& object, std::string_view key) {
  const auto found = json::find_string(object, key);
  if (!found || found->empty()) return std::nullopt;
  return std::string(*found);
}

bool is_oid(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::string> oid_of(const json::Object& object, std::string_view key) {
  std::string oid = text_of(object, key);
  if (!oid.empty() && !is_oid(oid))
    return invalid("'" + std::string(key) + "' is not a git object id: " + oid);
  return oid;
}

Result<CorpusEntry> entry_from(const json::Value& value) {
  const json::Object* object = value.if_object();
  if (!object) return invalid("an entry of 'tree' is not an object");
  CorpusEntry entry;
  entry.path = text_of(*object, "path");
  if (entry.path.empty() || entry.path.front() == '/' || entry.path.back() == '/')
    return invalid("an entry of 'tree' has a bad path: '" + entry.path + "'");
  const std::string mode = text_of(*object, "mode");
  const auto read = std::from_chars(mode.data(), mode.data() + mode.size(), entry.mode, 8);
  if (read.ec != std::errc() || read.ptr != mode.data() + mode.size())
    return invalid("'" + entry.path + "' in 'tree' has a bad mode: '" + mode + "'");
  CF_TRY(entry.oid, oid_of(*object, "oid"));
  entry.size_bytes = json::find_int(*object, "size");
  return entry;
}

Result<CorpusText> text_from(std::string_view key, const json::Object& object) {
  CorpusText file;
  file.path = text_of(object, "path");
  if (file.path.empty()) file.path = std::string(key);
  CF_TRY(file.oid, oid_of(object, "oid"));
  file.size_bytes = json::find_int(object, "size");
  const auto text = json::find_string(object, "text");
  if (!text) return invalid("'files' → '" + std::string(key) + "' has no 'text'");
  file.text = std::string(*text);
  return file;
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error(Code::not_found, "cannot open it");
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed || size > kCorpusFileBytesMax) return invalid("larger than 64 MiB");
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

Result<CorpusRepository> read_repository(const fs::path& path) {
  auto text = read_file(path);
  if (!text) return std::move(text).error().while_doing("read corpus file '" + path.string() + "'");
  auto repository = parse_corpus_repository(*text);
  if (!repository)
    return std::move(repository).error().while_doing("read corpus file '" + path.string() + "'");
  return repository;
}

std::vector<fs::path> json_files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& item : fs::directory_iterator(folder, ignored))
    if (item.is_regular_file() && item.path().extension() == ".json" &&
        item.path().filename() != "index.json")
      files.push_back(item.path());
  return files;
}

Status check_index(const fs::path& folder) {
  const fs::path path = folder / "index.json";
  if (!fs::exists(path)) return Done{};
  CF_TRY(const std::string text, read_file(path));
  auto index = json::parse(text);
  if (!index)
    return std::move(index).error().while_doing("read corpus index '" + path.string() + "'");
  const json::Array* listed = index->if_array();
  if (!listed) return invalid("corpus index '" + path.string() + "' is not a list");
  for (const json::Value& item : *listed) {
    const auto relative = json::find_string(item, "path");
    if (relative && !fs::exists(folder / std::string(*relative)))
      return Error(Code::not_found, "corpus index '" + path.string() + "' names '" +
                                        std::string(*relative) +
                                        "', which is missing: restore the file or the index");
  }
  return Done{};
}

}  // namespace

Result<CorpusRepository> parse_corpus_repository(std::string_view text) {
  CF_TRY(const json::Object object, json::parse_object(text));
  CorpusRepository repository;
  repository.owner = text_of(object, "owner");
  repository.name = text_of(object, "name");
  if (repository.owner.empty()) return invalid("it has no 'owner'");
  if (repository.name.empty()) return invalid("it has no 'name'");
  repository.default_branch = text_of(object, "default_branch");
  if (repository.default_branch.empty()) repository.default_branch = "main";
  CF_TRY(repository.head_oid, oid_of(object, "head_oid"));
  CF_TRY(repository.head_tree_oid, oid_of(object, "head_tree_oid"));
  repository.pushed_at = text_of(object, "pushed_at");
  repository.created_at = text_of(object, "created_at");
  if (repository.pushed_at.empty()) return invalid("it has no 'pushed_at'");
  if (repository.created_at.empty()) repository.created_at = repository.pushed_at;
  repository.description = optional_text(object, "description");
  repository.homepage = optional_text(object, "homepage");
  repository.license = optional_text(object, "license");
  repository.is_fork = json::find_bool(object, "is_fork").value_or(false);
  repository.is_archived = json::find_bool(object, "is_archived").value_or(false);
  repository.is_private = json::find_bool(object, "is_private").value_or(false);
  repository.is_template = json::find_bool(object, "is_template").value_or(false);
  if (const json::Array* topics = json::find_array(object, "topics"))
    for (const json::Value& topic : *topics)
      if (const auto name = json::as_string(topic)) repository.topics.emplace_back(*name);
  if (const json::Object* languages = json::find_object(object, "languages"))
    for (const auto& item : *languages)
      if (const auto size = json::as_int(item.value()))
        repository.languages.emplace_back(std::string(item.key()), *size);
  if (const json::Array* tree = json::find_array(object, "tree"))
    for (const json::Value& item : *tree) {
      CF_TRY(auto entry, entry_from(item));
      repository.tree.push_back(std::move(entry));
    }
  if (const json::Object* files = json::find_object(object, "files"))
    for (const auto& item : *files)
      if (const json::Object* file = item.value().if_object()) {
        CF_TRY(auto read, text_from(std::string_view(item.key()), *file));
        repository.texts.push_back(std::move(read));
      }
  return repository;
}

Result<std::vector<CorpusRepository>> read_corpus(const fs::path& folder) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed))
    return Error(Code::not_found, "corpus folder '" + folder.string() +
                                      "' does not exist: give --corpus a folder of "
                                      "<owner>/<repository>.json files");
  CF_CHECK(check_index(folder));
  std::vector<fs::path> files = json_files_in(folder);
  if (files.empty())
    for (const auto& item : fs::directory_iterator(folder, failed))
      if (item.is_directory())
        for (auto& file : json_files_in(item.path())) files.push_back(std::move(file));
  if (files.empty())
    return invalid("corpus folder '" + folder.string() +
                   "' holds no <owner>/<repository>.json file");
  if (files.size() > kCorpusRepositoriesMax) return invalid("corpus has too many repositories");
  std::vector<CorpusRepository> repositories;
  for (const fs::path& file : files) {
    CF_TRY(auto repository, read_repository(file));
    repositories.push_back(std::move(repository));
  }
  std::sort(repositories.begin(), repositories.end(), [](const auto& one, const auto& other) {
    return std::tie(one.owner, one.name) < std::tie(other.owner, other.name);
  });
  for (std::size_t at = 1; at < repositories.size(); ++at)
    if (repositories[at].owner == repositories[at - 1].owner &&
        repositories[at].name == repositories[at - 1].name)
      return invalid("the corpus has " + repositories[at].owner + "/" + repositories[at].name +
                     " twice: remove one file");
  return repositories;
}

}  // namespace cloudfolio::simulator
