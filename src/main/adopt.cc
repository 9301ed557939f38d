#include "main/adopt.h"

#include <cstdio>

#include "cache/legacy/old_messages.h"
#include "cache/legacy/old_tables.h"
#include "json/json.h"
#include "roles/platform.h"
#include "tenancy/login.h"

namespace cloudfolio::main {

namespace {

struct Named {
  std::string username;
  std::string job_id;
  std::string repository;
};
Named named(const cache::OldMessage& message) {
  if (const auto* sync = std::get_if<cache::OldSyncMessage>(&message))
    return {sync->username, sync->job_id, sync->repo_name};
  if (const auto* merge = std::get_if<cache::OldMergeMessage>(&message))
    return {merge->username, merge->job_id, ""};
  const auto& training = std::get<cache::OldTrainingMessage>(message);
  return {training.username, training.job_id, ""};
}

bool is_of(const TenantId& tenant, const std::string& username) {
  const auto folded = tenancy::tenant_from_login(username);
  return folded && *folded == tenant;
}

// The first messages of each queue; looking leaves them as they are.
Result<json::Array> waiting_for(const Context& ctx, storage::Storage& store,
                                const TenantId& tenant) {
  json::Array waiting;
  for (const char* name : {cache::kOldSyncQueue, cache::kOldCacheQueue, cache::kOldMergeQueue,
                           cache::kOldTrainingQueue}) {
    CF_TRY(storage::Queue* const queue, store.queue(name));
    CF_TRY(const auto messages, queue->peek(ctx, storage::kReceiveCountMax));
    for (const storage::Message& message : messages) {
      const auto read = cache::read_old_message(name, message.body);
      if (!read) continue;  // Somebody else's: the names are common ones.
      const Named about = named(*read);
      if (!is_of(tenant, about.username)) continue;
      waiting.push_back(
          {{"queue", name}, {"job_id", about.job_id}, {"repository", about.repository}});
    }
  }
  return waiting;
}

Result<const char*> adopt(const Context& ctx, roles::Platform& platform, const TenantId& tenant,
                          const std::string& spelling) {
  const cache::TenantCache cache = platform.cache().open(tenant);
  const auto published = cache.publication_info(ctx);
  if (!published && published.error().code() != Code::not_found) return published.error();
  if (published) return "published already";
  CF_TRY(const bool by_spelling, cache.adopt_spelling(ctx, spelling));
  if (by_spelling) return "bundle";
  CF_TRY(const cache::Bundle bundle,
         cache::bundle_of_old_tables(ctx, platform.storage(), spelling));
  CF_TRY(const bool by_tables, cache.adopt_bundle(ctx, bundle));
  return by_tables ? "tables" : "nothing";
}

}  // namespace

Status adopt_old_data(const Context& ctx, roles::Platform& platform, const std::string& spelling,
                      Output output) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(spelling));
  CF_TRY(const char* const source, adopt(ctx, platform, tenant, spelling));
  CF_TRY(json::Array waiting, waiting_for(ctx, platform.storage(), tenant));
  CF_TRY(const auto sessions, cache::old_sessions(ctx, platform.storage(), spelling));
  json::Array unfinished;
  for (const cache::OldSession& session : sessions)
    if (session.status != "completed" && session.status != "failed")
      unfinished.push_back({{"job_id", session.job_id}, {"status", session.status}});
  if (output == Output::json) {
    const json::Value answer = {{"login", tenant.str()},
                                {"adopted", source},
                                {"waiting", std::move(waiting)},
                                {"unfinished", std::move(unfinished)}};
    std::printf("%s\n", json::write(answer).c_str());
    return Done{};
  }
  std::printf("%s: %s\n", tenant.str().c_str(), source);
  if (!waiting.empty() || !unfinished.empty())
    std::printf(
        "%zu messages wait in the old queues, %zu jobs are unfinished: `cloudfolio sync %s` does "
        "the same work\n",
        waiting.size(), unfinished.size(), tenant.str().c_str());
  return Done{};
}

}  // namespace cloudfolio::main
