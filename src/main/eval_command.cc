// eval: rankings of a published portfolio, measured over a query set.

#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/limits.h"
#include "evaluation/evaluation.h"
#include "main/commands.h"
#include "roles/base_model.h"
#include "roles/platform.h"
#include "search/load.h"
#include "search/text_embedder.h"
#include "tenancy/login.h"

namespace cloudfolio::main {
namespace {

using evaluation::QuerySet;

Result<QuerySet> read_set(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(Code::not_found, "cannot read the query set '" + path + "'");
  std::ostringstream text;
  text << file.rdbuf();
  auto set = evaluation::query_set_from_json(text.str());
  if (!set) return std::move(set).error().while_doing(path);
  return set;
}

Status write_set(const QuerySet& set, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << evaluation::to_json(set);
  file.flush();
  if (!file) return Error(Code::unavailable, "cannot write '" + path + "'");
  return Done{};
}

void show_interval(const evaluation::Interval& interval) {
  std::printf("  %.3f (%.3f–%.3f)", interval.mean, interval.low, interval.high);
}

void show(const evaluation::EvaluationReport& report) {
  std::printf("%s: %zu questions over %zu %s\n", report.name.c_str(), report.question_count,
              report.candidate_count,
              report.level == evaluation::Level::repository ? "repositories" : "sections");
  std::printf("%-12s  %-20s  %-20s  %-20s  %-20s  %-20s\n", "", "nDCG@10", "MRR@10", "Recall@1",
              "Recall@3", "Recall@10");
  for (const auto& ranking : report.rankings) {
    std::printf("%-12s", ranking.name.c_str());
    show_interval(ranking.measures.ndcg10);
    show_interval(ranking.measures.mrr10);
    show_interval(ranking.measures.recall1);
    show_interval(ranking.measures.recall3);
    show_interval(ranking.measures.recall10);
    std::printf("\n");
  }
  if (!report.unanswerable.empty()) {
    std::printf("not asked, since the portfolio has nothing that answers: %zu\n",
                report.unanswerable.size());
  }
}

Result<cache::Publication> read_published(const cache::TenantCache& tenant) {
  auto publication = tenant.read_publication(Context());
  if (!publication && publication.error().code() == Code::not_found) {
    const std::string& login = tenant.tenant().str();
    return Error(Code::not_found, "nothing is published for " + login + "; run `cloudfolio sync " +
                                      login + "` first");
  }
  return publication;
}

}  // namespace

Status run_command(const Invocation& invocation, const EvalCommand& command) {
  CF_TRY(const TenantId login, tenancy::tenant_from_login(command.login));
  roles::Config config = invocation.config;
  if (config.log_level == "info" && config.log_file.empty()) config.log_level = "error";
  CF_TRY(const auto platform, roles::Platform::open(config, invocation.clock));
  const cache::TenantCache tenant = platform->cache().open(login);
  CF_TRY(const cache::Publication publication, read_published(tenant));
  QuerySet set;
  if (command.queries.empty()) {
    set = evaluation::held_out_questions(*publication.bundle, command.split_seed);
    set.login = login.str();
  } else {
    CF_TRY(set, read_set(command.queries));
  }
  if (!command.write.empty()) return write_set(set, command.write);

  roles::BaseModel base_model(config.encoder_model);
  const auto embedders = search::make_encoder_embedders([&] { return base_model.load(); }, {});
  const Context ctx;
  CF_TRY(const auto base, embedders->open(ctx, tenant, cache::kBaseModelName));
  std::shared_ptr<const search::TextEmbedder> tuned;
  if (publication.info.index.model != cache::kBaseModelName) {
    CF_TRY(tuned, embedders->open(ctx, tenant, publication.info.index.model));
  }
  evaluation::EvaluationOptions options;
  options.resampling.seed = command.seed;
  options.weights = search::weights_of_model(ctx, tenant, publication.info.index.model);
  CF_TRY(auto report, evaluation::evaluate(set, publication, {base.get(), tuned.get()}, options));
  report.login = login.str();
  if (invocation.output == Output::json) {
    std::printf("%s\n", evaluation::to_json(report).c_str());
  } else {
    show(report);
  }
  return Done{};
}

}  // namespace cloudfolio::main
