#pragma once
// TenantDirectory: whose data lies under which login, and in which state.
//
// A tenant is an account of GitHub, by its id. Logins change hands: an account may be renamed, and
// its old login taken by somebody else. So the directory keeps, for every login, the account that
// it was when its data were read, and for every account the login under which its data lie.
//
// Table `tenants`. Partition "login-HASH", row "r": login, owner (GitHub's node id), state, epoch,
// and, of a deleted one, only state, epoch and the receipt. Partition "owner-HASH", row "r": login.
// HASH is of SHA-256, so that a row that stays after a deletion names nobody.
//
// The epoch grows with every deletion and every move. A writer that began under another one is
// refused (EntryGuard).
//
// Threads: thread-safe; any number of processes; rows change by compare-and-set.
// Errors:  conflict (somebody changed the record meanwhile: do it again), and the store's.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/table.h"
#include "tenancy/entry_guard.h"

namespace cloudfolio::tenancy {

inline constexpr char kTenantsTable[] = "tenants";

enum class TenantState : std::uint8_t {
  live,
  moving,    // its data are on their way from or to another login
  deleting,  // nothing may be written; a deletion is under way or was interrupted
  deleted,   // nothing is left; a refresh that somebody asks for begins anew
};
std::string_view to_string(TenantState state);

struct TenantRecord {
  std::string owner;  // GitHub's node id; "": not known yet
  TenantState state = TenantState::live;
  Epoch epoch = 0;
  std::string etag = {};  // "": there is no record
  // A deletion's receipt so far, as JSON; "" otherwise.
  std::string receipt = {};
};

// What must happen before the account `owner` is mirrored under a login.
struct Settlement {
  // The login's data are this other account's: they go to that place first.
  std::string parked_owner;
  std::optional<TenantId> park_at;
  // The account's data lie here: they come to the login then.
  std::optional<TenantId> come_from;
  bool nothing() const { return !park_at && !come_from; }
};

class TenantDirectory {
 public:
  // `table` outlives it.
  explicit TenantDirectory(storage::Table& table) : table_(table) {}

  // A record that was never written is live, of nobody, epoch 0.
  Result<TenantRecord> find(const Context& ctx, const TenantId& login) const;
  // By compare-and-set on record.etag.
  Status write(const Context& ctx, const TenantId& login, const TenantRecord& record);

  // What GitHub says of a login against what is known. Writes nothing.
  Result<Settlement> compare(const Context& ctx, const TenantId& login,
                             const std::string& owner) const;
  // Before data move between two places: writers at both are refused from now on.
  Status begin_move(const Context& ctx, const TenantId& from, const TenantId& to);
  // After all of them moved: the account's data lie at `to`, and `from` is nobody's.
  Status end_move(const Context& ctx, const std::string& owner, const TenantId& from,
                  const TenantId& to);
  // The login's data are `owner`'s.
  Status claim(const Context& ctx, const TenantId& login, const std::string& owner);

  // Where an account is, if any data of it are kept.
  Result<std::optional<TenantId>> login_of(const Context& ctx, const std::string& owner) const;
  Status forget_owner(const Context& ctx, const std::string& owner);

 private:
  Status set_owner(const Context& ctx, const std::string& owner, const TenantId& login);

  storage::Table& table_;
};

// A name that no login has, for data of an account whose login somebody else took.
TenantId parked_tenant(const std::string& owner);
// Whether it is one.
bool is_parked(const TenantId& tenant);

}  // namespace cloudfolio::tenancy
