#pragma once
// A tenant with a published portfolio over a store in memory, and small portfolios to publish.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cache/cache.h"
#include "search/testing/word_embedder.h"
#include "storage/storage.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::search::testing {

inline cache::RepositoryEntry repository(std::string name, std::string readme,
                                         std::vector<std::string> topics = {},
                                         std::string language = "Rust") {
  cache::RepositoryEntry entry;
  entry.name = name;
  entry.metadata.id = static_cast<std::int64_t>(std::hash<std::string>()(name) % 100'000) + 1;
  entry.metadata.name = name;
  entry.metadata.owner.login = "octocat";
  entry.metadata.topics = std::move(topics);
  entry.metadata.language = language;
  entry.metadata.file_paths = {"README.md", "src/" + name + ".rs"};
  entry.languages = {{language, 1000}};
  entry.categorized_types.programming = 3;
  entry.readme = std::move(readme);
  entry.head_oid = std::string(40, 'a');
  if (!entry.readme.empty()) {
    entry.documents.push_back({cache::DocumentKind::readme, "README.md", std::string(40, 'b'),
                               entry.readme.size(), false});
  }
  return entry;
}

class PublishedPortfolio {
 public:
  explicit PublishedPortfolio(std::string login = "octocat")
      : storage(storage::open_memory(clock)),
        log(sink, clock),
        cache(**storage->blobs(cache::kContainer), clock, metrics),
        tenant(cache.open(TenantId(std::move(login)))),
        base(std::make_shared<WordEmbedder>("base:1")),
        tuned(std::make_shared<WordEmbedder>(std::string(64, 'f'))) {
    embedders.add("base", base);
    embedders.add(std::string(64, 'f'), tuned);
  }

  cache::PublicationInfo publish(std::vector<cache::RepositoryEntry> repositories) {
    cache::Bundle bundle;
    bundle.repositories = std::move(repositories);
    cache::sort_by_name(bundle);
    const auto before = tenant.publication_info(ctx);
    cache::PublishRequest request;
    const auto generation = tenant.reserve_generation(ctx);
    EXPECT_TRUE(generation.ok());
    request.generation = *generation;
    if (before) {
      request.base_generation = before->generation;
      request.base_etag = before->etag;
    }
    request.content = std::string(64, static_cast<char>('0' + *generation % 10));
    const auto published = tenant.publish(ctx, request, bundle);
    EXPECT_TRUE(published.ok()) << (published ? "" : published.error().message());
    return *published;
  }

  Context ctx;
  ManualClock clock;
  std::unique_ptr<storage::Storage> storage;
  telemetry::MemoryLogSink sink;
  telemetry::Log log;
  telemetry::MetricRegistry metrics;
  cache::Cache cache;
  cache::TenantCache tenant;
  std::shared_ptr<WordEmbedder> base;
  std::shared_ptr<WordEmbedder> tuned;
  WordEmbedders embedders;
};

}  // namespace cloudfolio::search::testing
