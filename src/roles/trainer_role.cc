#include "roles/trainer_role.h"

#include <cstdio>

#include "training/train_model.h"

namespace cloudfolio::roles {
namespace {

std::string progress_json(const training::TrainingProgress& progress) {
  char text[160];
  std::snprintf(text, sizeof text,
                R"({"phase":"training","done":%zu,"total":%zu,"loss":%.4f,"seconds_left":%.0f})",
                progress.step, progress.step_count, progress.loss, progress.seconds_left);
  return text;
}

// Private text trains while its tenant says so, and a right to it lives; asked at each run, because
// both may have changed since the run was asked for.
Status check_may_train(const Context& ctx, Platform& platform, const cache::Place& place) {
  if (place.scope.is_public()) return Done{};
  CF_TRY(const auto allowed, platform.tenancy().settings().include_private(ctx, place.tenant));
  if (allowed == tenancy::Allowed::no)
    return Error(Code::permission_denied, "'" + place.tenant.str() +
                                              "' does not train on private text (" +
                                              std::string(tenancy::kIncludePrivate) + ")");
  CF_TRY(const auto live, platform.rights().find_live(ctx, place.tenant));
  if (live && *live == place) return Done{};
  return Error(Code::permission_denied, "no right to the private text lives");
}

// A content is trained on once, so its fingerprint names the operation. A run that goes on after a
// crash was admitted and counted before.
Status charge_training(const Context& ctx, Platform& platform, const cache::Place& place,
                       const std::string& fingerprint) {
  TenancyDesk& desk = platform.tenancy();
  const TenantId& tenant = place.tenant;
  CF_CHECK(check_may_train(ctx, platform, place));
  const std::string operation = "train:" + fingerprint;
  CF_TRY(const bool counted,
         desk.ledger().was_counted(ctx, tenant, tenancy::Meter::trainings, operation));
  if (counted) return Done{};
  CF_CHECK(
      desk.gate().check(ctx, tenant, tenancy::Work::training, [&](const tenancy::Reading& reading) {
        platform.log().warn(ctx, "quota.warning", {{"warning", tenancy::describe(reading)}});
      }));
  CF_CHECK(desk.ledger().count(ctx, tenant, tenancy::Meter::trainings, operation));
  return Done{};
}

}  // namespace

void register_trainer(durable::Registry& registry, const Config& config, Platform& platform,
                      BaseModel& base, ProgressBoard& progress, CostRecorder& costs,
                      training::Cores cores, std::function<void(const InstanceId&)> on_step) {
  training::Recipe recipe;
  recipe.seed = static_cast<std::uint64_t>(config.training_seed);
  if (config.training_precision == "fp32") recipe.precision = encoder::Precision::fp32;
  recipe.token_count_max = static_cast<std::size_t>(config.training_tokens_max);
  recipe.checkpoint_step_count = static_cast<std::size_t>(config.training_checkpoint_steps);
  if (config.training_steps_max > 0) {
    recipe.step_count_max = static_cast<std::size_t>(config.training_steps_max);
  }
  training::TrainingServices services{
      .load_base = [&base] { return base.load(); },
      .log = platform.log(),
      .metrics = platform.metrics(),
      .clock = platform.clock(),
      .on_progress =
          [&progress, on_step = std::move(on_step)](const Context& ctx,
                                                    const training::TrainingProgress& step) {
            on_step(ctx.instance());
            progress.report(ctx, progress_json(step));
          },
      .before_training =
          [&platform](const Context& ctx, const cache::Place& place,
                      const std::string& fingerprint) {
            return charge_training(ctx, platform, place, fingerprint);
          },
      .on_used =
          [&costs](const Context& ctx, const training::TrainingUsage& usage) {
            return costs.record_training(ctx, usage);
          },
      .flags = &platform.flags(),
      .cores = cores,
  };
  training::register_training(registry, platform.cache(), std::move(services), recipe);
}

}  // namespace cloudfolio::roles
