#include "simulator/world.h"

#include <algorithm>

#include "base/time_text.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace cloudfolio::simulator {
namespace {

constexpr std::size_t kCommitsKeptMax = 32;

// A 31-bit id (GraphQL's Int) and an opaque one from the same digest.
std::int64_t number_of(const crypto::Sha256Digest& digest) {
  const std::int64_t number =
      (std::int64_t(digest[0] & 0x7f) << 24) | (digest[1] << 16) | (digest[2] << 8) | digest[3];
  return number + 1;
}
std::string node_of(std::string_view prefix, const crypto::Sha256Digest& digest) {
  return std::string(prefix) + crypto::to_base64url(crypto::as_view(digest).substr(4, 9));
}

void give_identity(RepositoryState& repository, const std::string& seed) {
  const auto digest = crypto::sha256(folded(seed));
  repository.database_id = number_of(digest);
  repository.node_id = node_of("R_kgDO", digest);
}

void sort_languages(RepositoryState& repository) {
  std::stable_sort(repository.languages.begin(), repository.languages.end(),
                   [](const auto& one, const auto& other) { return one.second > other.second; });
}

std::int64_t kib_of(const Snapshot& files) {
  return (files.size_bytes() + 1023) / 1024;
}

}  // namespace

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return out;
}

std::optional<FoundObject> RepositoryState::find_object(std::string_view oid) const {
  for (auto commit = commits.rbegin(); commit != commits.rend(); ++commit) {
    if (commit->oid == oid) return FoundObject{ObjectType::commit, commit->oid, 0};
    if (auto found = commit->files->find_oid(oid)) return found;
  }
  return std::nullopt;
}

const CommitState* RepositoryState::commit_with_tree(std::string_view oid) const {
  for (auto commit = commits.rbegin(); commit != commits.rend(); ++commit)
    if (commit->files->folder_of(oid)) return &*commit;
  return nullptr;
}

const CommitState* RepositoryState::find_commit(std::string_view revision) const {
  if (commits.empty()) return nullptr;
  if (revision == "HEAD" || revision == default_branch || revision == "heads/" + default_branch ||
      revision == "refs/heads/" + default_branch)
    return &commits.back();
  if (revision.size() < 7) return nullptr;
  for (auto commit = commits.rbegin(); commit != commits.rend(); ++commit)
    if (commit->oid.starts_with(revision)) return &*commit;
  return nullptr;
}

std::optional<FoundObject> RepositoryState::find_expression(std::string_view expression) const {
  const auto colon = expression.find(':');
  const std::string_view revision = expression.substr(0, colon);
  const CommitState* commit = find_commit(revision);
  if (colon == std::string_view::npos) {
    if (commit) return FoundObject{ObjectType::commit, commit->oid, 0};
    return find_object(revision);
  }
  const std::string_view path = expression.substr(colon + 1);
  if (commit) return commit->files->find_path(path);
  const CommitState* with_tree = commit_with_tree(revision);
  if (!with_tree) return std::nullopt;
  const std::string folder = *with_tree->files->folder_of(revision);
  return with_tree->files->find_path(folder.empty() ? std::string(path)
                                                    : folder + "/" + std::string(path));
}

AccountState& World::account(const std::string& login) {
  auto [at, made] = accounts_.try_emplace(folded(login));
  if (made) {
    const auto uses = account_uses_[folded(login)]++;
    const auto digest =
        crypto::sha256("account:" + folded(login) + (uses == 0 ? "" : "#" + std::to_string(uses)));
    at->second.login = login;
    at->second.node_id = node_of("U_kgDO", digest);
    at->second.database_id = number_of(digest);
  }
  return at->second;
}

void World::keep_text(const std::string& oid, std::string bytes, std::int64_t size_bytes) {
  // A text that the corpus cut is filled up with newlines, so that its size stays true.
  if (std::int64_t(bytes.size()) < size_bytes) bytes.resize(std::size_t(size_bytes), '\n');
  texts_[oid] = {std::move(bytes)};
}

void World::add(const CorpusRepository& corpus) {
  auto repository = std::make_unique<RepositoryState>();
  repository->owner = corpus.owner;
  repository->name = corpus.name;
  give_identity(*repository, corpus.owner + "/" + corpus.name);
  repository->default_branch = corpus.default_branch;
  repository->description = corpus.description;
  repository->homepage = corpus.homepage;
  repository->license = corpus.license;
  for (const std::string& topic : corpus.topics)
    if (repository->topics.size() < 20) repository->topics.push_back(folded(topic));
  repository->languages = corpus.languages;
  sort_languages(*repository);
  repository->created_at = std::min(corpus.created_at, corpus.pushed_at);
  repository->updated_at = repository->pushed_at = corpus.pushed_at;
  repository->is_fork = corpus.is_fork;
  repository->is_archived = corpus.is_archived;
  repository->is_private = corpus.is_private;
  repository->is_template = corpus.is_template;
  CommitState head;
  head.files = Snapshot::make(corpus.tree, corpus.texts, corpus.head_tree_oid);
  head.committed_at = corpus.pushed_at;
  head.message = "State of the corpus";
  const auto seconds = time_from(corpus.pushed_at);
  head.oid = corpus.head_oid.empty()
                 ? commit_oid(head.files->root_oid(), "", corpus.owner,
                              seconds ? to_unix_ms(*seconds) / 1000 : 0, head.message)
                 : corpus.head_oid;
  repository->size_kib = kib_of(*head.files);
  if (!head.files->empty()) repository->commits.push_back(std::move(head));
  for (const CorpusText& file : corpus.texts) {
    const std::string oid = file.oid.empty() ? blob_oid(file.text) : file.oid;
    keep_text(oid, file.text, file.size_bytes.value_or(0));
  }
  AccountState& owner = account(corpus.owner);
  if (owner.created_at.empty() || repository->created_at < owner.created_at)
    owner.created_at = repository->created_at;
  owner.updated_at = std::max(owner.updated_at, repository->updated_at);
  latest_ = std::max(latest_, repository->updated_at);
  repositories_.push_back(std::move(repository));
}

const AccountState* World::find_account(std::string_view login) const {
  const auto found = accounts_.find(folded(login));
  return found == accounts_.end() ? nullptr : &found->second;
}

const AccountState* World::find_account_node(std::string_view node_id) const {
  for (const auto& [login, account] : accounts_)
    if (account.node_id == node_id) return &account;
  return nullptr;
}

RepositoryState* World::find(std::string_view owner, std::string_view name) {
  for (const auto& repository : repositories_)
    if (!repository->is_deleted && folded(repository->owner) == folded(owner) &&
        folded(repository->name) == folded(name))
      return repository.get();
  return nullptr;
}

RepositoryState* World::find_node(std::string_view node_id) {
  for (const auto& repository : repositories_)
    if (!repository->is_deleted && repository->node_id == node_id) return repository.get();
  return nullptr;
}

RepositoryState* World::find_id(std::int64_t database_id) {
  for (const auto& repository : repositories_)
    if (!repository->is_deleted && repository->database_id == database_id) return repository.get();
  return nullptr;
}

RepositoryState* World::find_renamed(std::string_view owner, std::string_view name) {
  const auto found = former_names_.find(folded(owner) + "/" + folded(name));
  return found == former_names_.end() ? nullptr : find_node(found->second);
}

std::vector<RepositoryState*> World::repositories_of(std::string_view login) {
  std::vector<RepositoryState*> out;
  for (const auto& repository : repositories_)
    if (!repository->is_deleted && folded(repository->owner) == folded(login))
      out.push_back(repository.get());
  return out;
}

std::vector<RepositoryState*> World::all() {
  std::vector<RepositoryState*> out;
  for (const auto& repository : repositories_)
    if (!repository->is_deleted) out.push_back(repository.get());
  return out;
}

std::string World::blob_bytes(const FoundObject& blob) const {
  const auto found = texts_.find(blob.oid);
  if (found != texts_.end()) return found->second.bytes;
  const std::string line = "placeholder for blob " + blob.oid + "\n";
  std::string bytes;
  while (std::int64_t(bytes.size()) < blob.size_bytes) bytes += line;
  bytes.resize(std::size_t(std::max<std::int64_t>(blob.size_bytes, 0)));
  return bytes;
}

std::string World::now_text() const {
  // Whole seconds, as GitHub writes times.
  return to_text(std::chrono::floor<std::chrono::seconds>(clock_.wall_time()));
}

void World::touch(RepositoryState& repository) {
  // Every change is later than all before it, whatever the clock says: a corpus may be from its
  // future, and two changes in one second still have an order.
  const std::string now = now_text();
  const auto last = time_from(latest_);
  latest_ = latest_ < now || !last ? now : to_text(*last + std::chrono::seconds(1));
  repository.updated_at = latest_;
}

void World::push(RepositoryState& repository, const PushedFiles& pushed) {
  const CommitState* head = repository.head();
  CommitState next;
  next.files = (head ? head->files : Snapshot::make({}, {}, ""))->with(pushed.files);
  for (const auto& [path, text] : pushed.files)
    if (text) keep_text(blob_oid(*text), *text, 0);
  touch(repository);
  repository.pushed_at = next.committed_at = repository.updated_at;
  next.parent_oid = head ? head->oid : "";
  next.message = pushed.message;
  const auto seconds = time_from(next.committed_at);
  next.oid = commit_oid(next.files->root_oid(), next.parent_oid, repository.owner,
                        seconds ? to_unix_ms(*seconds) / 1000 : 0, next.message);
  repository.size_kib = kib_of(*next.files);
  repository.commits.push_back(std::move(next));
  if (repository.commits.size() > kCommitsKeptMax)
    repository.commits.erase(repository.commits.begin());
}

Status World::rename(RepositoryState& repository, const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos)
    return Error(Code::invalid_argument, "not a repository name: '" + name + "'");
  if (find(repository.owner, name))
    return Error(Code::conflict, repository.owner + "/" + name + " already exists");
  former_names_[folded(repository.owner) + "/" + folded(repository.name)] = repository.node_id;
  former_names_.erase(folded(repository.owner) + "/" + folded(name));
  repository.name = name;
  touch(repository);
  return Done{};
}

Status World::rename_account(const std::string& login, const std::string& new_login) {
  const auto found = accounts_.find(folded(login));
  if (found == accounts_.end()) return Error(Code::not_found, "no account '" + login + "'");
  if (new_login.empty() || accounts_.contains(folded(new_login)))
    return Error(Code::conflict, "'" + new_login + "' is taken");
  AccountState renamed = found->second;
  accounts_.erase(found);
  renamed.login = new_login;
  accounts_[folded(new_login)] = std::move(renamed);
  for (const auto& repository : repositories_) {
    if (folded(repository->owner) != folded(login)) continue;
    former_names_[folded(login) + "/" + folded(repository->name)] = repository->node_id;
    repository->owner = new_login;
  }
  return Done{};
}

Result<RepositoryState*> World::create(const std::string& owner, const std::string& name) {
  if (find(owner, name)) return Error(Code::conflict, owner + "/" + name + " already exists");
  auto made = std::make_unique<RepositoryState>();
  made->owner = account(owner).login;
  made->name = name;
  give_identity(*made, owner + "/" + name + "#" + std::to_string(++changes_count_));
  made->default_branch = "main";
  touch(*made);
  made->created_at = made->pushed_at = made->updated_at;
  AccountState& account_state = account(owner);
  if (account_state.created_at.empty())
    account_state.created_at = account_state.updated_at = made->created_at;
  former_names_.erase(folded(owner) + "/" + folded(name));
  repositories_.push_back(std::move(made));
  return repositories_.back().get();
}

RepositoryState& World::recreate(RepositoryState& repository) {
  const std::string owner = repository.owner;
  const std::string name = repository.name;
  repository.is_deleted = true;
  RepositoryState& made = **create(owner, name);
  PushedFiles first;
  first.files["README.md"] = "# " + name + "\n\nMade again under its old name.\n";
  first.message = "Begin again";
  push(made, first);
  return made;
}

void World::set_organization(const std::string& login) {
  account(login).is_organization = true;
}

}  // namespace cloudfolio::simulator
