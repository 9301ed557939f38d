#include "sync/file_types.h"

#include <map>
#include <unordered_map>

#include "sync/file_type_table.h"

namespace cloudfolio::sync {

namespace {

using Table = std::unordered_map<std::string_view, FileCategory>;

void add(Table& table, std::string_view list, FileCategory category) {
  while (!list.empty()) {
    const std::size_t space = list.find(' ');
    table.emplace(list.substr(0, space), category);
    list.remove_prefix(space == std::string_view::npos ? list.size() : space + 1);
  }
}

Table make_table() {
  Table table;
  add(table, kProgrammingExtensions, FileCategory::programming);
  add(table, kDataExtensions, FileCategory::data);
  add(table, kMarkupExtensions, FileCategory::markup);
  add(table, kProseExtensions, FileCategory::prose);
  return table;
}

std::int64_t& count_of(cache::CategorizedTypes& types, FileCategory category) {
  switch (category) {
    case FileCategory::programming:
      return types.programming;
    case FileCategory::data:
      return types.data;
    case FileCategory::markup:
      return types.markup;
    case FileCategory::prose:
      return types.prose;
    case FileCategory::nil:
      break;
  }
  return types.nil;
}

}  // namespace

std::string extension_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const std::size_t letter = name.find_first_not_of('.');
  if (letter == std::string_view::npos) return "";
  name.remove_prefix(letter);  // Leading dots begin no extension.
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return "";
  std::string extension(name.substr(dot));
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return extension;
}

FileCategory category_of(std::string_view extension) {
  static const Table table = make_table();
  const auto found = table.find(extension);
  return found == table.end() ? FileCategory::nil : found->second;
}

FileTypes count_file_types(const std::vector<std::string>& paths) {
  std::map<std::string, std::int64_t> counts;
  for (const std::string& path : paths)
    if (std::string extension = extension_of(path); !extension.empty())
      ++counts[std::move(extension)];
  FileTypes types;
  for (const auto& [extension, count] : counts) {
    count_of(types.categories, category_of(extension)) += count;
    types.counts.emplace_back(extension, count);
  }
  return types;
}

}  // namespace cloudfolio::sync
