#pragma once
// World: the owners and repositories that the simulator serves, and what can happen to them.
//
// What the corpus does not say is derived, the same in every run: ids by a hash of the owner's and
// repository's first name (a rename keeps them, making it again changes them), `size` from the
// tree, `updated_at` from `pushed_at`, folders' and commits' ids as git computes them.
//
// Threads: one thread at a time (the simulator holds a lock).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "simulator/corpus.h"
#include "simulator/snapshot.h"

namespace cloudfolio::simulator {

struct AccountState {
  std::string login;
  std::string node_id;
  std::int64_t database_id = 0;
  bool is_organization = false;
  std::string created_at;
  std::string updated_at;
};

struct CommitState {
  std::string oid;
  std::string parent_oid;
  std::string committed_at;
  std::string message;
  std::shared_ptr<const Snapshot> files;
};

struct RepositoryState {
  std::string owner;
  std::string name;
  std::string node_id;
  std::int64_t database_id = 0;
  std::string default_branch;
  std::optional<std::string> description;
  std::optional<std::string> homepage;
  std::optional<std::string> license;  // As the corpus guesses it.
  std::vector<std::string> topics;
  std::vector<std::pair<std::string, std::int64_t>> languages;  // Largest first.
  std::string created_at;
  std::string updated_at;
  std::string pushed_at;
  std::int64_t size_kib = 0;
  bool is_fork = false;
  bool is_archived = false;
  bool is_private = false;
  bool is_template = false;
  bool is_disabled = false;
  bool is_taken_down = false;  // 451
  bool is_deleted = false;
  std::vector<CommitState> commits;  // Oldest first; empty: nothing was ever pushed.

  const CommitState* head() const { return commits.empty() ? nullptr : &commits.back(); }
  // A blob or tree of any commit kept, or a commit.
  std::optional<FoundObject> find_object(std::string_view oid) const;
  // The newest commit that has such a tree.
  const CommitState* commit_with_tree(std::string_view oid) const;
  // "HEAD", "main", "refs/heads/main", a commit's id, or the start of one (7 digits or more).
  const CommitState* find_commit(std::string_view revision) const;
  // "HEAD:README.md", "main:src", "<commit or tree id>:path", or a revision alone.
  std::optional<FoundObject> find_expression(std::string_view expression) const;
};

struct PushedFiles {
  // Text to write, or nothing to remove.
  std::map<std::string, std::optional<std::string>> files;
  std::string message = "Update";
};

class World {
 public:
  explicit World(const Clock& clock) : clock_(clock) {}
  void add(const CorpusRepository& corpus);

  // Logins and names compare without case, as GitHub's do.
  const AccountState* find_account(std::string_view login) const;
  // Deleted ones are not found.
  RepositoryState* find(std::string_view owner, std::string_view name);
  RepositoryState* find_node(std::string_view node_id);
  RepositoryState* find_id(std::int64_t database_id);
  // Where a former name leads.
  RepositoryState* find_renamed(std::string_view owner, std::string_view name);
  std::vector<RepositoryState*> repositories_of(std::string_view login);
  std::vector<RepositoryState*> all();
  const AccountState* find_account_node(std::string_view node_id) const;

  // The bytes of a blob: the corpus' text, or a placeholder of the right size that is the same in
  // every run.
  std::string blob_bytes(const FoundObject& blob) const;
  bool has_text(std::string_view oid) const { return texts_.contains(std::string(oid)); }

  void push(RepositoryState& repository, const PushedFiles& pushed);
  Status rename(RepositoryState& repository, const std::string& name);
  void remove(RepositoryState& repository) { repository.is_deleted = true; }
  // Gone, and there again under the same name with another identity and one commit.
  RepositoryState& recreate(RepositoryState& repository);
  Result<RepositoryState*> create(const std::string& owner, const std::string& name);
  void touch(RepositoryState& repository);
  void set_organization(const std::string& login);
  // The account keeps its ids and repositories; its login is free for somebody else, who is another
  // account.
  Status rename_account(const std::string& login, const std::string& new_login);

 private:
  struct KnownText {
    std::string bytes;
  };
  AccountState& account(const std::string& login);
  void keep_text(const std::string& oid, std::string bytes, std::int64_t size_bytes);
  std::string now_text() const;

  const Clock& clock_;
  std::map<std::string, AccountState> accounts_;  // By folded login.
  std::map<std::string, int> account_uses_;       // Accounts that ever had it, by folded login.
  std::vector<std::unique_ptr<RepositoryState>> repositories_;
  std::map<std::string, std::string> former_names_;  // Folded "owner/name" → node id.
  std::map<std::string, KnownText> texts_;           // By blob id.
  std::int64_t changes_count_ = 0;
  std::string latest_;  // The latest time that anything here bears.
};

std::string folded(std::string_view text);

}  // namespace cloudfolio::simulator
