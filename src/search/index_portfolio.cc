#include "search/index_portfolio.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "cache/cache.h"
#include "durable/orchestration.h"
#include "durable/registry.h"
#include "json/json.h"
#include "search/index.h"
#include "search/metrics.h"
#include "telemetry/log.h"

namespace cloudfolio::search {
namespace {

// How often a newer publication may overtake a build before it gives up for its retry.
constexpr int kAttemptsMax = 8;
// As training names its instances.
constexpr std::size_t kTrainInstanceDigits = 40;

// One publication's chunks and what is known of their vectors.
class Build {
 public:
  Build(cache::Publication publication, std::string model,
        std::shared_ptr<const TextEmbedder> embedder)
      : publication_(std::move(publication)),
        model_(std::move(model)),
        embedder_(std::move(embedder)),
        vectors_(embedder_->fingerprint(), embedder_->dimension()) {
    for (const cache::RepositoryEntry& entry : publication_.bundle->repositories) {
      chunks_.push_back(chunks_of(entry));
      chunk_count_ += chunks_.back().size();
    }
  }

  const cache::PublicationInfo& info() const { return publication_.info; }
  std::size_t chunk_count() const { return chunk_count_; }
  std::size_t repository_count() const { return chunks_.size(); }
  const VectorIndex& vectors() const { return vectors_; }

  // Takes over the vectors of this publication's chunks, where the model is the same.
  void take_over(const VectorIndex& other) {
    if (other.model() != vectors_.model() || other.dimension() != vectors_.dimension()) return;
    for (const auto& chunks : chunks_) {
      for (const Chunk& chunk : chunks) {
        if (const auto vector = other.find(chunk.hash); !vector.empty()) {
          vectors_.add(chunk.hash, vector);
        }
      }
    }
  }

  std::string coverage() const {
    std::size_t covered = 0;
    for (const auto& chunks : chunks_) {
      bool whole = true;
      for (const Chunk& chunk : chunks) whole = whole && vectors_.contains(chunk.hash);
      covered += whole ? 1 : 0;
    }
    return std::to_string(covered) + "/" + std::to_string(chunks_.size());
  }

  // Embeds whole repositories until at least `chunk_count` chunks are done; how many were. 0: all
  // have their vectors.
  Result<std::size_t> embed_slice(std::size_t chunk_count) {
    std::vector<std::string> texts;
    std::vector<ChunkHash> hashes;
    while (next_ < chunks_.size() && texts.size() < chunk_count) {
      const std::string& name = publication_.bundle->repositories[next_].name;
      for (const Chunk& chunk : chunks_[next_]) {
        if (vectors_.contains(chunk.hash)) continue;
        texts.push_back(embedded_text(name, chunk));
        hashes.push_back(chunk.hash);
      }
      ++next_;
    }
    if (texts.empty()) return std::size_t{0};
    CF_TRY(const auto embedded, embedder_->embed_texts(texts));
    for (std::size_t i = 0; i < hashes.size(); ++i) vectors_.add(hashes[i], embedded[i]);
    return texts.size();
  }

  // Makes what there is answer. conflict: the publication moved on.
  Status publish(const Context& ctx, const cache::TenantCache& tenant) {
    CF_TRY(std::string key,
           tenant.write_index(ctx, publication_.info.generation, vectors_.to_bytes()));
    cache::IndexPointer pointer;
    pointer.key = std::move(key);
    pointer.model = model_;
    pointer.coverage = coverage();
    CF_TRY(publication_.info, tenant.swap_index(ctx, publication_.info.etag, pointer));
    return Done();
  }

 private:
  cache::Publication publication_;
  std::string model_;
  std::shared_ptr<const TextEmbedder> embedder_;
  VectorIndex vectors_;
  std::vector<std::vector<Chunk>> chunks_;
  std::size_t chunk_count_ = 0;
  std::size_t next_ = 0;  // The first repository that was not looked at.
};

// What is stored under `key`; nothing where it is lost or damaged: then it is made again.
Result<std::optional<VectorIndex>> read_vectors(const Context& ctx,
                                                const cache::TenantCache& tenant,
                                                const std::string& key,
                                                const IndexServices& services) {
  if (key.empty()) return std::optional<VectorIndex>();
  const auto bytes = tenant.read_index(ctx, key);
  auto index = bytes ? VectorIndex::from_bytes(*bytes) : Result<VectorIndex>(bytes.error());
  if (index) return std::optional<VectorIndex>(*std::move(index));
  const Code code = index.error().code();
  if (code != Code::not_found && code != Code::corrupt) return std::move(index).error();
  services.log.warn(ctx, "search.index_rebuilding", {{"reason", index.error()}});
  return std::optional<VectorIndex>();
}

// Embeds what is missing. True: all is published; false: a newer publication came first, and what
// was embedded is in `made`.
Result<bool> build_once(const Context& ctx, const cache::TenantCache& tenant,
                        const std::string& model, const IndexServices& services,
                        const IndexOptions& options, std::optional<VectorIndex>& made,
                        IndexReport& report) {
  CF_TRY(cache::Publication publication, tenant.read_publication(ctx));
  const cache::IndexPointer published = publication.info.index;
  const std::string stale = publication.info.stale_index;
  const std::string target = model.empty() ? published.model : model;
  CF_TRY(auto embedder, services.embedders.open(ctx, tenant, target));
  Build build(std::move(publication), target, std::move(embedder));
  CF_TRY(const auto current, read_vectors(ctx, tenant, published.key, services));
  CF_TRY(const auto before, read_vectors(ctx, tenant, stale, services));
  for (const std::optional<VectorIndex>* known : {&std::as_const(made), &current, &before}) {
    if (known->has_value()) build.take_over(**known);
  }
  // The one published says the same already: nothing is written.
  const bool complete = current && current->model() == build.vectors().model() &&
                        published.model == target && published.coverage == build.coverage() &&
                        current->vector_count() == build.vectors().vector_count();
  const bool grows = published.model == target;
  bool pending = !complete;
  for (;;) {
    if (ctx.stopped()) return Error(Code::cancelled, "the build was stopped");
    CF_TRY(const std::size_t embedded, build.embed_slice(options.slice_chunk_count));
    report.embedded_count += embedded;
    const bool last = embedded == 0;
    pending = pending || embedded > 0;
    if (pending && (last || grows)) {
      const Status done = build.publish(ctx, tenant);
      if (!done && done.error().code() == Code::conflict) {
        made = build.vectors();
        return false;
      }
      CF_CHECK(done);
      report.written = true;
      pending = false;
    }
    if (last) break;
  }
  report.generation = build.info().generation;
  report.model = target;
  report.content = build.info().content;
  report.repository_count = build.repository_count();
  report.chunk_count = build.chunk_count();
  report.coverage = build.coverage();
  return true;
}

Result<std::string> run_build(const Context& ctx, cache::Cache& cache, std::string_view input,
                              const IndexServices& services, const IndexOptions& options) {
  CF_TRY(const json::Object request, json::parse_object(input));
  const auto login = json::find_string(request, "login");
  if (!login || login->empty()) return Error(Code::invalid_argument, "input: 'login' is missing");
  const auto model = json::find_string(request, "model").value_or("");
  cache::Place place(TenantId(std::string{*login}));
  if (const auto scope = json::find_string(request, "scope")) {
    const auto known = cache::Scope::from(*scope);
    if (!known) return Error(Code::invalid_argument, "input: 'scope' is none");
    place.scope = *known;
  }
  CF_TRY(const IndexReport report,
         build_index(ctx, cache.open(place), std::string(model), services, options));
  return to_json(report);
}

// {"name","instance","input"} for the activity `start_orchestration`.
std::string start_training_request(const std::string& login, const std::string& content,
                                   const std::string& scope) {
  json::Object input;
  input["login"] = login;
  input["fingerprint"] = content;
  if (!scope.empty()) input["scope"] = scope;
  json::Object start;
  start["name"] = "train_model";
  start["instance"] = (scope.empty() ? "train:" : "private:train:") + login + ":" +
                      content.substr(0, kTrainInstanceDigits);
  start["input"] = std::move(input);
  return json::write(start);
}

durable::Orchestration<> index_portfolio(durable::OrchestrationContext& ctx, std::string input) {
  auto retry = durable::RetryPolicy().attempts(5).first_delay(std::chrono::seconds(2));
  auto built = co_await ctx.call(kBuildIndex, input, retry);
  if (!built) co_return std::move(built).error();
  CF_CO_TRY(auto report, json::parse_object(*built));
  if (json::find_bool(report, "needs_training").value_or(false)) {
    std::string login(json::find_string(report, "login").value_or(""));
    std::string content(json::find_string(report, "content").value_or(""));
    std::string scope(json::find_string(report, "scope").value_or(""));
    std::string request = start_training_request(login, content, scope);
    auto started = co_await ctx.call("start_orchestration", std::move(request), retry);
    if (!started) co_return std::move(started).error();
  }
  auto again = co_await ctx.external_event(kAgainEvent, std::chrono::milliseconds(0));
  if (again) co_return ctx.continue_as_new(again->empty() ? input : *again);
  co_return *built;
}

}  // namespace

std::string index_instance(const TenantId& tenant) {
  return "index:" + tenant.str();
}
std::string private_index_instance(const TenantId& tenant) {
  return "private:" + index_instance(tenant);
}

std::string index_input(const cache::Place& place, std::string_view model) {
  json::Object input;
  input["login"] = place.tenant.str();
  if (!place.scope.is_public()) input["scope"] = place.scope.text();
  if (!model.empty()) input["model"] = model;
  return json::write(input);
}

std::string to_json(const IndexReport& report) {
  json::Object object;
  object["login"] = report.login;
  if (!report.scope.empty()) object["scope"] = report.scope;
  object["generation"] = report.generation;
  object["model"] = report.model;
  object["content"] = report.content;
  object["repositories"] = report.repository_count;
  object["chunks"] = report.chunk_count;
  object["embedded"] = report.embedded_count;
  object["coverage"] = report.coverage;
  object["seconds"] = report.seconds;
  object["written"] = report.written;
  object["needs_training"] = report.needs_training;
  return json::write(object);
}

Result<IndexReport> build_index(const Context& ctx, const cache::TenantCache& tenant,
                                const std::string& model, const IndexServices& services,
                                const IndexOptions& options) {
  const auto started = services.clock.now();
  IndexMetrics metrics(services.metrics);
  IndexReport report;
  report.login = tenant.tenant().str();
  report.scope = tenant.scope().text();
  std::optional<VectorIndex> made;
  bool done = false;
  for (int attempt = 0; attempt < kAttemptsMax && !done; ++attempt) {
    CF_TRY(done, build_once(ctx, tenant, model, services, options, made, report));
  }
  if (!done) {
    return Error(Code::unavailable,
                 "index of " + report.login + ": newer publications kept coming first; try again");
  }
  bool may_train = options.training == Training::on;
  // What everybody reads trains on public text; a private place on its own, where its tenant says
  // so.
  if (may_train && !tenant.scope().is_public()) {
    may_train = false;
    if (options.trains_on_private) {
      CF_TRY(may_train, options.trains_on_private(ctx, tenant.tenant()));
    }
  }
  if (may_train && !report.content.empty() && report.repository_count > 0) {
    CF_TRY(const auto record, tenant.find_model_record(ctx, report.content));
    report.needs_training = !record.has_value();
  }
  report.seconds = std::chrono::duration<double>(services.clock.now() - started).count();
  metrics.seconds.observe(report.seconds);
  metrics.chunks.with({"embedded"}).add(report.embedded_count);
  metrics.chunks.with({"reused"})
      .add(report.chunk_count - std::min(report.chunk_count, report.embedded_count));
  services.log.info(ctx, "search.index_built",
                    {{"scope", cache::identity_scope(tenant.scope())},
                     {"generation", report.generation},
                     {"model", report.model},
                     {"chunks_count", report.chunk_count},
                     {"embedded_count", report.embedded_count},
                     {"coverage", report.coverage},
                     {"seconds", report.seconds}});
  return report;
}

void register_indexing(durable::Registry& registry, cache::Cache& cache, IndexServices services,
                       IndexOptions options) {
  registry.orchestration(kIndexPortfolio, index_portfolio);
  registry.activity(kBuildIndex,
                    [&cache, services, options](const Context& ctx, const durable::ActivityInfo&,
                                                std::string input) {
                      return run_build(ctx, cache, input, services, options);
                    });
}

}  // namespace cloudfolio::search
