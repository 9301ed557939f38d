#include "simulator/git_objects.h"

#include <algorithm>
#include <cstdio>

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace cloudfolio::simulator {
namespace {

std::string object_oid(std::string_view type, std::string_view content) {
  std::string bytes(type);
  bytes += ' ' + std::to_string(content.size());
  bytes.push_back('\0');
  bytes += content;
  return crypto::sha1_hex(bytes);
}

std::string sort_key(const TreeItem& item) {
  return type_of_mode(item.mode) == ObjectType::tree ? item.name + "/" : item.name;
}

}  // namespace

std::string_view to_string(ObjectType type) {
  switch (type) {
    case ObjectType::blob:
      return "blob";
    case ObjectType::tree:
      return "tree";
    case ObjectType::commit:
      return "commit";
  }
  return "";
}

ObjectType type_of_mode(std::uint32_t mode) {
  if (mode == 040000) return ObjectType::tree;
  if (mode == 0160000) return ObjectType::commit;
  return ObjectType::blob;
}

std::string blob_oid(std::string_view bytes) {
  return object_oid("blob", bytes);
}

std::string tree_oid(std::vector<TreeItem>& items) {
  std::sort(items.begin(), items.end(), [](const TreeItem& one, const TreeItem& other) {
    return sort_key(one) < sort_key(other);
  });
  std::string content;
  for (const TreeItem& item : items) {
    char mode[16];
    std::snprintf(mode, sizeof(mode), "%o", item.mode);
    content += mode;
    content += ' ' + item.name;
    content.push_back('\0');
    content += crypto::from_hex(item.oid).value_or("");
  }
  return object_oid("tree", content);
}

std::string commit_oid(std::string_view tree, std::string_view parent, std::string_view author,
                       std::int64_t unix_seconds, std::string_view message) {
  const std::string who = std::string(author) + " <" + std::string(author) +
                          "@users.noreply.github.com> " + std::to_string(unix_seconds) + " +0000\n";
  std::string content = "tree " + std::string(tree) + "\n";
  if (!parent.empty()) content += "parent " + std::string(parent) + "\n";
  content += "author " + who + "committer " + who + "\n" + std::string(message) + "\n";
  return object_oid("commit", content);
}

bool is_oid(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace cloudfolio::simulator
