#pragma once
// Snapshot: the files of one commit, findable by path and by object id. A value, never changed.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "simulator/corpus.h"
#include "simulator/git_objects.h"

namespace cloudfolio::simulator {

struct FoundObject {
  ObjectType type = ObjectType::blob;
  std::string oid;
  std::int64_t size_bytes = 0;  // Blobs.
};

struct PathItem {
  std::string path;
  TreeItem item;
};

class Snapshot {
 public:
  // Folders that only a file's path names are made; empty oids are computed (of blobs from `texts`,
  // else from path and size). `root_oid` empty: computed too.
  static std::shared_ptr<const Snapshot> make(const std::vector<CorpusEntry>& entries,
                                              const std::vector<CorpusText>& texts,
                                              std::string root_oid);
  // With these files written (text) or removed (nothing), and every folder above them hashed anew.
  std::shared_ptr<const Snapshot> with(
      const std::map<std::string, std::optional<std::string>>& files) const;

  const std::string& root_oid() const { return root_oid_; }
  bool empty() const;
  // Path "" is the root. Nothing if there is no such path.
  std::optional<FoundObject> find_path(std::string_view path) const;
  std::optional<FoundObject> find_oid(std::string_view oid) const;
  const TreeItem* find_item(std::string_view path) const;
  // In git's order. Null if `folder` is no folder.
  const std::vector<TreeItem>* items_of(std::string_view folder) const;
  // The folder whose tree has that id; of several, the one that the corpus lists most of (a cut
  // listing may know one of two equal folders only).
  std::optional<std::string> folder_of(std::string_view tree_oid) const;
  // Everything below the folder, paths relative to it, depth first in git's order.
  std::vector<PathItem> walk(std::string_view folder) const;
  std::int64_t size_bytes() const;

 private:
  void settle(const std::string& folder);
  void index();

  std::map<std::string, std::vector<TreeItem>, std::less<>> folders_;  // By path, root "".
  std::map<std::string, std::string, std::less<>> kept_tree_oids_;     // By path, as given.
  std::string root_oid_;
  std::unordered_map<std::string, FoundObject> by_oid_;
  std::unordered_map<std::string, std::string> folder_by_oid_;
};

}  // namespace cloudfolio::simulator
