// query_latency MODEL CORPUS OWNER OUT_FOLDER
//
// Queries over one portfolio as the program answers them (publication looked up, query embedded,
// words and vectors ranked, passages cut), beside SQLite's FTS5 with bm25() over the same passages.
// Writes the figures, and the passages and queries for peers in other languages, to OUT_FOLDER.

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cache/cache.h"
#include "cache/testing/corpus_bundle.h"
#include "encoder/model.h"
#include "json/json.h"
#include "search/index_portfolio.h"
#include "search/portfolio_search.h"
#include "storage/storage.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::bench {
namespace {

constexpr std::size_t kRoundCount = 5;  // Each query is asked this often, first round not counted.
constexpr std::size_t kQueryCountMax = 120;

struct Timings {
  double p50_ms = 0;
  double p99_ms = 0;
};

template <class Ask>
Timings timed(const std::vector<std::string>& queries, const Ask& ask) {
  std::vector<double> milliseconds;
  for (std::size_t round = 0; round <= kRoundCount; ++round) {
    for (const std::string& query : queries) {
      const auto started = std::chrono::steady_clock::now();
      ask(query);
      const std::chrono::duration<double, std::milli> took =
          std::chrono::steady_clock::now() - started;
      if (round > 0) milliseconds.push_back(took.count());
    }
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto at = [&](double share) {
    return milliseconds[static_cast<std::size_t>(share *
                                                 static_cast<double>(milliseconds.size() - 1))];
  };
  return {at(0.5), at(0.99)};
}

// SQLite's full-text index over the passages, in memory.
class FullText {
 public:
  explicit FullText(const search::Portfolio& portfolio) {
    sqlite3* opened = nullptr;
    sqlite3_open(":memory:", &opened);
    database_.reset(opened);
    run("CREATE VIRTUAL TABLE passages USING fts5(repository, heading, body, tokenize='porter')");
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(opened, "INSERT INTO passages VALUES (?1, ?2, ?3)", -1, &insert, nullptr);
    run("BEGIN");
    for (const search::ChunkPlace place : portfolio.places()) {
      const search::Chunk& chunk = portfolio.chunk(place);
      bind(insert, 1, portfolio.bundle().repositories[place.repository].name);
      bind(insert, 2, chunk.heading_text());
      bind(insert, 3, chunk.text);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    run("COMMIT");
    sqlite3_finalize(insert);
    const char* ranked =
        "SELECT repository, heading, snippet(passages, 2, '', '', '...', 40) FROM passages "
        "WHERE passages MATCH ?1 ORDER BY bm25(passages, 1.5, 2.5, 1.0) LIMIT 10";
    sqlite3_stmt* query = nullptr;
    sqlite3_prepare_v2(opened, ranked, -1, &query, nullptr);
    query_.reset(query);
  }

  std::size_t ask(const std::string& text) {
    std::string match;
    std::string word;
    for (const char c : text + " ") {
      if (std::isalnum(static_cast<unsigned char>(c))) {
        word += c;
      } else if (!word.empty()) {
        match += (match.empty() ? "\"" : " OR \"") + word + "\"";
        word.clear();
      }
    }
    bind(query_.get(), 1, match);
    std::size_t count = 0;
    while (sqlite3_step(query_.get()) == SQLITE_ROW) {
      for (int column = 0; column < 3; ++column) (void)sqlite3_column_text(query_.get(), column);
      ++count;
    }
    sqlite3_reset(query_.get());
    return count;
  }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void run(const char* sql) { sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr); }
  static void bind(sqlite3_stmt* statement, int at, const std::string& text) {
    sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  std::unique_ptr<sqlite3, Close> database_;
  std::unique_ptr<sqlite3_stmt, Close> query_;
};

// The headings of the portfolio, evenly taken: what its owner calls things.
std::vector<std::string> queries_of(const search::Portfolio& portfolio) {
  std::vector<std::string> headings;
  for (const search::ChunkPlace place : portfolio.places()) {
    const auto& path = portfolio.chunk(place).heading_path;
    if (path.size() > 1 && path.back().size() > 8) headings.push_back(path.back());
  }
  std::vector<std::string> queries;
  const std::size_t stride = headings.size() / kQueryCountMax + 1;
  for (std::size_t i = 0; i < headings.size(); i += stride) queries.push_back(headings[i]);
  return queries;
}

struct World {
  explicit World(const std::string& owner)
      : storage(storage::open_memory(clock)),
        sink(telemetry::make_stderr_sink()),
        log(*sink, clock, telemetry::Level::warn),
        cache(**storage->blobs(cache::kContainer), clock, metrics),
        tenant(cache.open(TenantId(owner))) {}
  Context ctx;
  SystemClock clock;
  std::unique_ptr<storage::Storage> storage;
  std::unique_ptr<telemetry::LogSink> sink;
  telemetry::Log log;
  telemetry::MetricRegistry metrics;
  cache::Cache cache;
  cache::TenantCache tenant;
};

void write_for_peers(const search::Portfolio& portfolio, const std::vector<std::string>& queries,
                     const std::string& folder) {
  json::Array texts;
  for (const search::ChunkPlace place : portfolio.places()) {
    const auto& name = portfolio.bundle().repositories[place.repository].name;
    texts.push_back(json::Value(search::embedded_text(name, portfolio.chunk(place))));
  }
  json::Array asked;
  for (const std::string& query : queries) asked.push_back(json::Value(query));
  std::ofstream(folder + "/peer-input.json")
      << json::write(json::Object{{"passages", std::move(texts)}, {"queries", std::move(asked)}});
}

Status run(const std::string& model_folder, const std::string& corpus, const std::string& owner,
           const std::string& folder) {
  World world(owner);
  CF_TRY(const cache::Bundle bundle, cache::testing::read_corpus_bundle(corpus, owner));
  cache::PublishRequest request;
  CF_TRY(request.generation, world.tenant.reserve_generation(world.ctx));
  request.content = std::string(64, 'a');
  CF_CHECK(world.tenant.publish(world.ctx, request, bundle));
  auto embedders =
      search::make_encoder_embedders([&] { return encoder::Model::load(model_folder); }, {});
  const search::IndexServices services{*embedders, world.log, world.metrics, world.clock};
  CF_TRY(const auto report, search::build_index(world.ctx, world.tenant, {}, services, {}));
  search::PortfolioSearch searcher(*embedders, world.log, world.metrics, world.clock, {});

  const auto before = world.clock.now();
  CF_TRY(const auto portfolio, searcher.portfolio(world.ctx, world.tenant));
  const std::chrono::duration<double, std::milli> loaded = world.clock.now() - before;
  const std::vector<std::string> queries = queries_of(*portfolio);
  bool failed = false;
  const Timings ours = timed(queries, [&](const std::string& query) {
    failed = failed || !searcher.search(world.ctx, world.tenant, {.text = query}).ok();
  });
  if (failed) return Error(Code::internal, "a query failed");
  const Timings lexical = timed(queries, [&](const std::string& query) {
    search::ParsedQuery parsed;
    parsed.text = query;
    (void)search::rank(*portfolio, parsed, {}, {});
  });
  FullText full_text(*portfolio);
  const Timings peer = timed(queries, [&](const std::string& query) { full_text.ask(query); });

  write_for_peers(*portfolio, queries, folder);
  json::Object figures;
  figures["repositories_count"] = portfolio->repository_count();
  figures["passages_count"] = report.chunk_count;
  figures["queries_count"] = queries.size();
  figures["index_seconds"] = report.seconds;
  figures["load_ms"] = loaded.count();
  figures["memory_mb"] = static_cast<double>(portfolio->memory_bytes()) / (1 << 20);
  figures["query_p50_ms"] = ours.p50_ms;
  figures["query_p99_ms"] = ours.p99_ms;
  figures["words_only_p50_ms"] = lexical.p50_ms;
  figures["words_only_p99_ms"] = lexical.p99_ms;
  figures["peer_fts5_p50_ms"] = peer.p50_ms;
  figures["peer_fts5_p99_ms"] = peer.p99_ms;
  std::ofstream(folder + "/search-figures.json") << json::write(figures);
  return Done();
}

}  // namespace
}  // namespace cloudfolio::bench

int main(int count, char** values) {
  if (count != 5) {
    std::fprintf(stderr, "usage: query_latency MODEL CORPUS OWNER OUT_FOLDER\n");
    return 2;
  }
  const auto done = cloudfolio::bench::run(values[1], values[2], values[3], values[4]);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return done ? 0 : 1;
}
