// Writes a small store with one entry of every kind: make_store FOLDER
//
// Run once by each release, from its own sources; what it wrote is kept in tests/fixtures and
// opened by every later one (previous_release_test.cc).

#include <cstdio>
#include <filesystem>

#include "cache/cache.h"
#include "storage/embedded/embedded.h"
#include "telemetry/metrics.h"

namespace {

using namespace cloudfolio;
using namespace cloudfolio::cache;

const Context kCtx;

RepositoryEntry entry_of(std::uint64_t generation) {
  RepositoryEntry entry;
  entry.name = "hello";
  entry.metadata.id = 1001;
  entry.metadata.name = "hello";
  entry.metadata.pushed_at = "2025-10-06T15:30:00Z";
  entry.metadata.default_branch = "main";
  entry.readme = "# Hello of generation " + std::to_string(generation) + "\nGrüße\n";
  entry.fingerprint = "4a33519461f1d68f630106eeb114df05";
  return entry;
}

Status refresh(const TenantCache& cache) {
  PublishRequest request;
  if (const auto info = cache.publication_info(kCtx)) request.base_generation = info->generation;
  CF_TRY(request.generation, cache.reserve_generation(kCtx));
  request.content = std::string(64, 'c');
  const RepositoryEntry entry = entry_of(request.generation);
  CF_CHECK(cache.stage(kCtx, request.generation, entry));
  CF_CHECK(cache.stage_note(kCtx, request.generation, "plan", "{\"batches\":1}"));
  CF_CHECK(cache.publish(kCtx, request, Bundle{{entry}}));
  return Done{};
}

Status index(const TenantCache& cache, const std::string& model) {
  CF_TRY(const PublicationInfo info, cache.publication_info(kCtx));
  CF_TRY(std::string key, cache.write_index(kCtx, info.generation, "vectors by " + model));
  CF_CHECK(cache.swap_index(kCtx, info.etag, {std::move(key), model, "1/1"}));
  return Done{};
}

Status write_all(const TenantCache& cache) {
  const std::string model(64, 'a');
  CF_CHECK(refresh(cache));
  CF_CHECK(index(cache, "base"));
  CF_CHECK(refresh(cache));
  CF_CHECK(index(cache, "base"));
  CF_CHECK(cache.write_model(kCtx, model, std::string(70'000, 'z')));  // As a file.
  ModelRecord record;
  record.fingerprint = model;
  record.published = true;
  record.repo_names = {"hello"};
  CF_CHECK(cache.write_model_record(kCtx, record));
  CF_CHECK(index(cache, model));
  CF_CHECK(cache.write_sync_state(kCtx, "{\"etag\":\"W/1\"}"));
  CF_CHECK(cache.write_sync_report(kCtx, "{\"seen\":1}"));
  return Done{};
}

Status run(const std::filesystem::path& folder) {
  SystemClock clock;
  CF_TRY(const auto storage, storage::embedded::open({.directory = folder}, clock));
  CF_TRY(storage::BlobStore* const blobs, storage->blobs(kContainer));
  telemetry::MetricRegistry metrics;
  CF_CHECK(write_all(Cache(*blobs, clock, metrics).open(TenantId("octocat"))));
  CF_TRY(storage::Queue* const queue, storage->queue("jobs"));
  CF_CHECK(queue->send(kCtx, "{\"login\":\"octocat\"}", {}));
  CF_TRY(storage::Table* const table, storage->table("usage"));
  storage::Entity entity;
  entity.key = {"octocat", "2026-01-01"};
  entity.values["bytes"] = std::int64_t(4711);
  CF_CHECK(table->insert(kCtx, entity));
  return Done{};
}

}  // namespace

int main(int argc, char** argv) {
  const Status done = argc == 2 ? run(argv[1]) : Error(Code::invalid_argument, "make_store FOLDER");
  if (!done) std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return done.ok() ? 0 : 1;
}
