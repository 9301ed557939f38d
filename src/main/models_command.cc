// models: what was trained for a portfolio, and how well it does.

#include <cstdio>
#include <fstream>

#include "json/json.h"
#include "main/commands.h"
#include "roles/system.h"
#include "tenancy/login.h"
#include "training/curve_plot.h"

namespace cloudfolio::main {
namespace {

constexpr std::size_t kFingerprintShown = 12;

void show_model(const std::string& fingerprint, const json::Object& model,
                const training::TrainingReport& report) {
  const bool answers = json::find_bool(model, "answers").value_or(false);
  std::printf("%s  %s  %s%s\n", fingerprint.substr(0, kFingerprintShown).c_str(),
              std::string(json::find_string(model, "trained_at").value_or("")).c_str(),
              report.published ? "published" : ("not published: " + report.reason).c_str(),
              answers ? "; it answers" : "");
  std::printf("  %zu pairs of %zu repositories, %zu steps, %zu tokens, %.1f s (%.1f CPU s)",
              report.pairs, report.repositories, report.steps, report.tokens, report.seconds,
              report.cpu_seconds);
  if (!report.currency.empty()) {
    std::printf(", %.6f %s", static_cast<double>(report.cost_micros) / 1e6,
                report.currency.c_str());
  }
  std::printf("\n  %s: %zu epochs, batch %zu, rate %g, warm-up %g, seed %zu", report.recipe.c_str(),
              report.epochs, report.batch_pairs, report.learning_rate, report.warmup_share,
              report.seed);
  if (report.lexical_weight > 0) std::printf(", weight of words %g", report.lexical_weight);
  if (!report.cut.empty()) std::printf("; cut short by training.%s", report.cut.c_str());
  std::printf("\n");
  if (!report.losses.empty()) {
    std::printf("  loss %.3f at first, %.3f at the end  %s\n", report.losses.front(),
                report.losses.back(), training::curve_line(report.losses).c_str());
  }
  if (!report.weights.empty()) std::printf("  weights %s\n", report.weights.c_str());
  if (!report.measured()) return;
  std::printf(
      "  nDCG@10 of %zu held-out questions: base %.3f (%.3f–%.3f), tuned %.3f (%.3f–%.3f)\n",
      report.queries, report.base_score, report.base_low, report.base_high, report.tuned_score,
      report.tuned_low, report.tuned_high);
  // Of a record that an earlier version wrote this is not known.
  if (report.base_search == 0) return;
  std::printf(
      "  with words: base %.3f, tuned %.3f, gain %.3f to %.3f; guard set %.3f, tuned %.3f\n",
      report.base_search, report.tuned_search, report.gain_low, report.gain_high, report.base_guard,
      report.tuned_guard);
}

Status plot(const training::TrainingReport& report, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << training::curve_svg(report);
  file.flush();
  if (!file) return Error(Code::unavailable, "cannot write '" + path + "'");
  return Done{};
}

}  // namespace

Status run_command(const Invocation& invocation, const ModelsCommand& command) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(command.login));
  roles::Config config = invocation.config;
  if (config.log_level == "info" && config.log_file.empty()) config.log_level = "error";
  CF_TRY(const auto session,
         roles::open_session(config, invocation.clock, roles::System::Work::read_only));
  auto text = session->portfolios().models({}, tenant, gateway::Sight::with_private);
  if (!text && text.error().code() == Code::not_found) {
    return Error(Code::not_found,
                 text.error().message() + "; run `cloudfolio sync " + tenant.str() + "` first");
  }
  if (!text) return std::move(text).error();
  CF_TRY(const json::Object answer, json::parse_object(*text));
  const json::Array* models = json::find_array(answer, "models");
  if (invocation.output == Output::json) std::printf("%s\n", text->c_str());
  bool plotted = command.plot.empty();
  for (const json::Value& value : models ? *models : json::Array()) {
    const json::Object* model = value.if_object();
    const json::Object* kept = model ? json::find_object(*model, "report") : nullptr;
    if (kept == nullptr) continue;
    const std::string fingerprint(json::find_string(*model, "fingerprint").value_or(""));
    CF_TRY(const auto report, training::training_report_from_json(json::write(*kept)));
    if (invocation.output == Output::text) show_model(fingerprint, *model, report);
    if (!plotted && fingerprint.starts_with(command.model)) {
      CF_CHECK(plot(report, command.plot));
      plotted = true;
    }
  }
  if (!plotted) return Error(Code::not_found, "no training of '" + command.model + "' is kept");
  if (invocation.output == Output::text && (models == nullptr || models->empty())) {
    std::printf("nothing was trained yet; run `cloudfolio train %s`\n", tenant.str().c_str());
  }
  return Done{};
}

}  // namespace cloudfolio::main
