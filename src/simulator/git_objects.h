#pragma once
// Git's object ids, computed as git does: SHA-1 over "<type> <length>\0" and the content
// (git-scm.com/book, "Git Internals - Git Objects").

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloudfolio::simulator {

enum class ObjectType : std::uint8_t { blob, tree, commit };
std::string_view to_string(ObjectType type);
// By git's file mode: 040000 a tree, 0160000 a commit (submodule), all others a blob.
ObjectType type_of_mode(std::uint32_t mode);

struct TreeItem {
  std::string name;
  std::uint32_t mode = 0;
  std::string oid;
  std::int64_t size_bytes = 0;  // 0 for folders and submodules.
};

std::string blob_oid(std::string_view bytes);
// Sorts the items in git's order (a folder's name counts as if it ended in '/'), then hashes them.
std::string tree_oid(std::vector<TreeItem>& items);
std::string commit_oid(std::string_view tree, std::string_view parent, std::string_view author,
                       std::int64_t unix_seconds, std::string_view message);

// Whether `text` is 40 lower-case hex digits.
bool is_oid(std::string_view text);

}  // namespace cloudfolio::simulator
