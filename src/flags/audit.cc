#include "flags/audit.h"

#include <algorithm>

#include "base/time_text.h"
#include "crypto/hash.h"
#include "flags/rows.h"
#include "json/json.h"

namespace cloudfolio::flags {

namespace {

bool is_as_written(const std::string& text, const std::string& hash) {
  return text == kRemovedText || crypto::sha256_hex(text) == hash;
}

}  // namespace

void seal(AuditEntry& entry) {
  entry.tenant_hash = crypto::sha256_hex(entry.tenant);
  entry.reason_hash = crypto::sha256_hex(entry.reason);
  entry.hash = hash_of(entry);
}

void redact(AuditEntry& entry) {
  entry.tenant = entry.reason = kRemovedText;
}

std::string hash_of(const AuditEntry& entry) {
  const json::Array fields{entry.version,     to_text(entry.at), entry.flag,    entry.action,
                           entry.tenant_hash, entry.before,      entry.after,   entry.actor,
                           entry.reason_hash, entry.evidence,    entry.previous};
  return crypto::sha256_hex(json::write(json::Value(fields)));
}

storage::Entity to_entity(const AuditEntry& entry) {
  storage::Entity entity;
  entity.key = {kPartition, audit_row(entry.version)};
  entity.values["Version"] = static_cast<std::int64_t>(entry.version);
  entity.values["At"] = entry.at;
  entity.values["Flag"] = entry.flag;
  entity.values["Action"] = entry.action;
  entity.values["Tenant"] = entry.tenant;
  entity.values["Before"] = entry.before;
  entity.values["After"] = entry.after;
  entity.values["Actor"] = entry.actor;
  entity.values["Reason"] = entry.reason;
  entity.values["Evidence"] = entry.evidence;
  entity.values["TenantHash"] = entry.tenant_hash;
  entity.values["ReasonHash"] = entry.reason_hash;
  entity.values["Previous"] = entry.previous;
  entity.values["Hash"] = entry.hash;
  return entity;
}

Result<AuditEntry> audit_entry_from(const storage::Entity& entity) {
  AuditEntry entry;
  RowReader row(entity);
  entry.version = row.number("Version");
  entry.at = row.time("At");
  entry.flag = row.text("Flag");
  entry.action = row.text("Action");
  entry.tenant = row.text("Tenant");
  entry.before = row.text("Before");
  entry.after = row.text("After");
  entry.actor = row.text("Actor");
  entry.reason = row.text("Reason");
  entry.evidence = row.text("Evidence");
  entry.tenant_hash = row.text("TenantHash");
  entry.reason_hash = row.text("ReasonHash");
  entry.previous = row.text("Previous");
  entry.hash = row.text("Hash");
  CF_CHECK(row.status());
  return entry;
}

Status check_chain(const std::vector<AuditEntry>& entries, std::uint64_t head_version,
                   std::string_view head_hash) {
  const auto broken = [](std::uint64_t version, std::string_view what) {
    return Error(Code::corrupt, "the audit of the flags is broken at version " +
                                    std::to_string(version) + ": " + std::string(what));
  };
  std::string previous;
  std::uint64_t version = 0;
  for (const AuditEntry& entry : entries) {
    ++version;
    if (entry.version != version) return broken(version, "the entry is missing");
    if (entry.previous != previous || entry.hash != hash_of(entry) ||
        !is_as_written(entry.tenant, entry.tenant_hash) ||
        !is_as_written(entry.reason, entry.reason_hash))
      return broken(version, "the entry is not as it was written");
    previous = entry.hash;
  }
  if (version != head_version) return broken(version + 1, "the entry is missing");
  if (previous != head_hash) return broken(version, "the newest entry is not the head's");
  return Done{};
}

}  // namespace cloudfolio::flags
