#pragma once
// What kinds of files a repository holds, counted as the original counts them.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/bundle.h"

namespace cloudfolio::sync {

// The extension as Python's os.path.splitext gives it, in lower case: ".gz" of "a.tar.gz"; "" of
// "Makefile" and of ".gitignore".
std::string extension_of(std::string_view path);

enum class FileCategory : std::uint8_t { programming, data, markup, prose, nil };
// By linguist's list: the type of the first language, bytewise by name, that has the extension; nil
// where none has. `extension` is in lower case, with its dot.
FileCategory category_of(std::string_view extension);

struct FileTypes {
  std::vector<std::pair<std::string, std::int64_t>> counts;  // sorted by extension
  cache::CategorizedTypes categories;
};
// Files without extension are not counted.
FileTypes count_file_types(const std::vector<std::string>& paths);

}  // namespace cloudfolio::sync
