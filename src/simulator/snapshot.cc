#include "simulator/snapshot.h"

#include <algorithm>

namespace cloudfolio::simulator {
namespace {

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

TreeItem* find_in(std::vector<TreeItem>& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const TreeItem& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

std::shared_ptr<const Snapshot> Snapshot::make(const std::vector<CorpusEntry>& entries,
                                               const std::vector<CorpusText>& texts,
                                               std::string root_oid) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->folders_[""];
  const auto ensure_folder = [&](const std::string& path, const auto& self) -> void {
    if (path.empty() || snapshot->folders_.contains(path)) return;
    const auto [parent, name] = split(path);
    self(parent, self);
    snapshot->folders_[path];
    auto& items = snapshot->folders_[parent];
    if (!find_in(items, name)) items.push_back({name, 040000, "", 0});
  };
  const auto put = [&](const std::string& path, TreeItem item) {
    const auto [parent, name] = split(path);
    ensure_folder(parent, ensure_folder);
    item.name = name;
    auto& items = snapshot->folders_[parent];
    if (TreeItem* there = find_in(items, name))
      *there = std::move(item);
    else
      items.push_back(std::move(item));
  };
  for (const CorpusEntry& entry : entries) {
    if (type_of_mode(entry.mode) == ObjectType::tree) {
      ensure_folder(entry.path, ensure_folder);
      if (!entry.oid.empty()) snapshot->kept_tree_oids_[entry.path] = entry.oid;
      continue;
    }
    const std::int64_t size = entry.size_bytes.value_or(0);
    const std::string oid =
        entry.oid.empty() ? blob_oid(entry.path + "\n" + std::to_string(size)) : entry.oid;
    put(entry.path, {"", entry.mode, oid, size});
  }
  for (const CorpusText& file : texts) {
    const TreeItem* there = snapshot->find_item(file.path);
    const std::uint32_t mode = there ? there->mode : 0100644;
    const std::string oid = file.oid.empty() ? blob_oid(file.text) : file.oid;
    put(file.path, {"", mode, oid, file.size_bytes.value_or(std::int64_t(file.text.size()))});
  }
  if (!root_oid.empty()) snapshot->kept_tree_oids_[""] = std::move(root_oid);
  snapshot->settle("");
  snapshot->index();
  return snapshot;
}

std::shared_ptr<const Snapshot> Snapshot::with(
    const std::map<std::string, std::optional<std::string>>& files) const {
  auto next = std::make_shared<Snapshot>();
  next->folders_ = folders_;
  next->kept_tree_oids_ = kept_tree_oids_;
  for (const auto& [path, text] : files) {
    auto [parent, name] = split(path);
    for (std::string folder = parent;;) {
      next->kept_tree_oids_.erase(folder);
      next->folders_[folder];
      if (folder.empty()) break;
      const auto [up, own_name] = split(folder);
      auto& above = next->folders_[up];
      if (!find_in(above, own_name)) above.push_back({own_name, 040000, "", 0});
      folder = up;
    }
    auto& items = next->folders_[parent];
    TreeItem* there = find_in(items, name);
    if (!text) {
      if (there) items.erase(items.begin() + (there - items.data()));
      continue;
    }
    const std::uint32_t mode =
        there && type_of_mode(there->mode) == ObjectType::blob ? there->mode : 0100644;
    TreeItem item{name, mode, blob_oid(*text), std::int64_t(text->size())};
    if (there)
      *there = std::move(item);
    else
      items.push_back(std::move(item));
  }
  next->settle("");
  next->index();
  return next;
}

void Snapshot::settle(const std::string& folder) {
  auto& items = folders_[folder];
  std::vector<TreeItem> kept;
  for (TreeItem& item : items) {
    if (type_of_mode(item.mode) == ObjectType::tree) {
      const std::string path = folder.empty() ? item.name : folder + "/" + item.name;
      settle(path);
      if (folders_[path].empty() && !kept_tree_oids_.contains(path)) {
        folders_.erase(path);  // Git keeps no empty folders.
        continue;
      }
      const auto given = kept_tree_oids_.find(path);
      item.oid = given != kept_tree_oids_.end() ? given->second : tree_oid(folders_[path]);
      kept_tree_oids_[path] = item.oid;
    }
    kept.push_back(std::move(item));
  }
  items = std::move(kept);
  const std::string computed = tree_oid(items);  // Sorts, too.
  if (!folder.empty()) return;
  const auto given = kept_tree_oids_.find("");
  root_oid_ = given != kept_tree_oids_.end() ? given->second : computed;
  kept_tree_oids_[""] = root_oid_;
}

void Snapshot::index() {
  by_oid_[root_oid_] = {ObjectType::tree, root_oid_, 0};
  folder_by_oid_[root_oid_] = "";
  for (const auto& [folder, items] : folders_)
    for (const TreeItem& item : items) {
      const ObjectType type = type_of_mode(item.mode);
      if (type == ObjectType::commit) continue;  // A submodule's commit is another repository's.
      by_oid_[item.oid] = {type, item.oid, item.size_bytes};
      if (type != ObjectType::tree) continue;
      const std::string path = folder.empty() ? item.name : folder + "/" + item.name;
      std::string& known = folder_by_oid_.try_emplace(item.oid, path).first->second;
      if (folders_.at(path).size() > folders_.at(known).size()) known = path;
    }
}

bool Snapshot::empty() const {
  const auto* items = items_of("");
  return !items || items->empty();
}

const TreeItem* Snapshot::find_item(std::string_view path) const {
  const auto [parent, name] = split(std::string(path));
  const auto* items = items_of(parent);
  if (!items) return nullptr;
  for (const TreeItem& item : *items)
    if (item.name == name) return &item;
  return nullptr;
}

std::optional<FoundObject> Snapshot::find_path(std::string_view path) const {
  if (path.empty()) return FoundObject{ObjectType::tree, root_oid_, 0};
  const TreeItem* item = find_item(path);
  if (!item) return std::nullopt;
  return FoundObject{type_of_mode(item->mode), item->oid, item->size_bytes};
}

std::optional<FoundObject> Snapshot::find_oid(std::string_view oid) const {
  const auto found = by_oid_.find(std::string(oid));
  if (found == by_oid_.end()) return std::nullopt;
  return found->second;
}

const std::vector<TreeItem>* Snapshot::items_of(std::string_view folder) const {
  const auto found = folders_.find(folder);
  return found == folders_.end() ? nullptr : &found->second;
}

std::optional<std::string> Snapshot::folder_of(std::string_view tree) const {
  const auto found = folder_by_oid_.find(std::string(tree));
  if (found == folder_by_oid_.end()) return std::nullopt;
  return found->second;
}

std::vector<PathItem> Snapshot::walk(std::string_view folder) const {
  std::vector<PathItem> out;
  const auto visit = [&](std::string_view from, const std::string& above,
                         const auto& self) -> void {
    const auto* items = items_of(from);
    if (!items) return;
    for (const TreeItem& item : *items) {
      const std::string path = above.empty() ? item.name : above + "/" + item.name;
      out.push_back({path, item});
      if (type_of_mode(item.mode) == ObjectType::tree)
        self(folder_by_oid_.at(item.oid), path, self);
    }
  };
  visit(folder, "", visit);
  return out;
}

std::int64_t Snapshot::size_bytes() const {
  std::int64_t total = 0;
  for (const auto& [folder, items] : folders_)
    for (const TreeItem& item : items) total += item.size_bytes;
  return total;
}

}  // namespace cloudfolio::simulator
