#include "training/train_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "cache/cache.h"
#include "durable/registry.h"
#include "durable/testing/turns.h"
#include "encoder/encoder.h"
#include "encoder/parameter_layout.h"
#include "storage/storage.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "training/checkpoints.h"
#include "training/fine_tuning.h"

namespace cloudfolio::training {
namespace {

using durable::testing::Turns;

const std::string kContent(64, 'c');

// A model of two narrow layers over a small vocabulary: learns nothing, takes milliseconds.
Result<encoder::Model> tiny_model() {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (char c = 'a'; c <= 'z'; ++c) {
    vocabulary += std::string(1, c) + "\n##" + std::string(1, c) + "\n";
  }
  for (char c = '0'; c <= '9'; ++c) {
    vocabulary += std::string(1, c) + "\n##" + std::string(1, c) + "\n";
  }
  CF_TRY(auto tokenizer, encoder::Tokenizer::parse_vocabulary(vocabulary));
  encoder::Architecture architecture;
  architecture.layer_count = 2;
  architecture.hidden = 64;
  architecture.head_count = 2;
  architecture.intermediate = 128;
  architecture.position_count = 256;
  architecture.token_count_max = 64;
  return encoder::Model::make_untrained(architecture, tokenizer, 7);
}

// Goes on a second whenever somebody looks.
class HurriedClock final : public Clock {
 public:
  Instant now() const override {
    passed_ += std::chrono::seconds(1);
    return Instant() + passed_;
  }
  WallTime wall_time() const override { return {}; }

 private:
  mutable std::chrono::seconds passed_{0};
};

class Training : public ::testing::Test {
 protected:
  Training()
      : storage(storage::open_memory(clock)),
        log(sink, clock),
        cache(**storage->blobs(cache::kContainer), clock, metrics),
        tenant(cache.open(TenantId("octocat"))),
        services{tiny_model, log, metrics, clock, {}} {
    recipe.step_count_max = 3;
    recipe.checkpoint_step_count = 1;
  }

  void publish(int repositories, int sections) { publish(tenant, repositories, sections); }
  void publish(const cache::TenantCache& place, int repositories, int sections,
               const std::vector<std::string>& more_readmes = {}) {
    cache::Bundle bundle;
    for (const std::string& readme : more_readmes) {
      cache::RepositoryEntry entry;
      entry.name = "odd" + std::to_string(bundle.repositories.size());
      entry.metadata.name = entry.name;
      entry.metadata.id = 1000 + static_cast<std::int64_t>(bundle.repositories.size());
      entry.readme = readme;
      bundle.repositories.push_back(std::move(entry));
    }
    for (int r = 0; r < repositories; ++r) {
      cache::RepositoryEntry entry;
      entry.name = "repo" + std::to_string(r);
      entry.metadata.name = entry.name;
      entry.metadata.id = r + 1;
      entry.readme = "# " + entry.name + "\nAn introduction of more than forty characters here.\n";
      for (int s = 0; s < sections; ++s) {
        entry.readme += "## Part " + std::to_string(r * 100 + s) + "\nThis is about number " +
                        std::to_string(r * 100 + s) + ".\n";
      }
      bundle.repositories.push_back(std::move(entry));
    }
    cache::PublishRequest request;
    request.generation = *place.reserve_generation(ctx);
    request.content = kContent;
    ASSERT_TRUE(place.publish(ctx, request, bundle).ok());
  }

  Context ctx;
  SystemClock clock;
  std::unique_ptr<storage::Storage> storage;
  telemetry::MemoryLogSink sink;
  telemetry::Log log;
  telemetry::MetricRegistry metrics;
  cache::Cache cache;
  cache::TenantCache tenant;
  TrainingServices services;
  Recipe recipe;
};

TEST_F(Training, an_interrupted_run_goes_on_from_its_checkpoint_to_the_same_weights) {
  publish(3, 25);
  recipe.step_count_max = 9;
  recipe.checkpoint_step_count = 2;
  const TrainingSet set = make_training_set(*tenant.read_publication(ctx)->bundle, {});
  const auto base = tiny_model();
  ASSERT_TRUE(base.ok());
  const auto undisturbed = fine_tune(ctx, *base, set, recipe, clock, {});
  ASSERT_TRUE(undisturbed.ok());
  std::set<std::string> texts;
  std::size_t read_count = 0;
  for (const TextPair& pair : set.pairs) {
    texts.insert({pair.query, pair.positive});
    texts.insert(pair.phrasings.begin(), pair.phrasings.end());
    read_count += 2 + pair.phrasings.size();
  }
  EXPECT_EQ(undisturbed->tokenized_text_count, texts.size());
  EXPECT_LT(texts.size(), read_count) << "no text is in two pairs: it cannot be seen";

  Checkpoints checkpoints(tenant, kContent);
  // Stops after so many steps; the clock goes on a second a look, so every step is told.
  const auto run_until = [&](std::size_t step) {
    std::stop_source stop;
    const HurriedClock hurried;
    return fine_tune(
        ctx.with_stop(stop.get_token()), *base, set, recipe, hurried,
        [&](const Context&, const TrainingProgress& progress) {
          if (progress.step == step) stop.request_stop();
        },
        &checkpoints);
  };
  EXPECT_EQ(run_until(5).error().code(), Code::cancelled);
  EXPECT_EQ(run_until(7).error().code(), Code::cancelled);
  const auto resumed = run_until(9);
  ASSERT_TRUE(resumed.ok()) << resumed.error().message();
  EXPECT_EQ(resumed->resumed_step_count, 6U);
  EXPECT_EQ(resumed->checkpoint_problem, "");
  EXPECT_EQ(resumed->losses, undisturbed->losses);
  EXPECT_TRUE(std::ranges::equal(resumed->model.weights(), undisturbed->model.weights()));
}

TEST_F(Training, a_checkpoint_of_another_schedule_or_a_damaged_one_is_left_and_said) {
  publish(3, 25);
  recipe.step_count_max = 4;
  recipe.checkpoint_step_count = 3;
  const TrainingSet set = make_training_set(*tenant.read_publication(ctx)->bundle, {});
  const auto base = tiny_model();
  ASSERT_TRUE(base.ok());
  Checkpoints checkpoints(tenant, kContent);
  ASSERT_TRUE(fine_tune(ctx, *base, set, recipe, clock, {}, &checkpoints).ok());
  recipe.seed = 43;
  const auto other = fine_tune(ctx, *base, set, recipe, clock, {}, &checkpoints);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->resumed_step_count, 0U);
  EXPECT_NE(other->checkpoint_problem, "");
  for (std::uint64_t number = 1; number <= 2; ++number) {
    ASSERT_TRUE(tenant.write_checkpoint(ctx, kContent, number, "damaged").ok());
  }
  const auto damaged = fine_tune(ctx, *base, set, recipe, clock, {}, &checkpoints);
  ASSERT_TRUE(damaged.ok());
  EXPECT_EQ(damaged->resumed_step_count, 0U);
  EXPECT_NE(damaged->checkpoint_problem, "");
  EXPECT_EQ(damaged->losses, other->losses);
}

TEST_F(Training, a_run_is_judged_and_its_record_keeps_the_reason) {
  publish(3, 25);
  std::size_t told = 0;
  services.on_progress = [&](const Context&, const TrainingProgress& progress) {
    told = progress.step;
    EXPECT_EQ(progress.step_count, 3U);
  };
  const auto prepared = prepare_training(ctx, tenant, kContent, recipe);
  ASSERT_TRUE(prepared.ok());
  EXPECT_FALSE(prepared->has_value());
  const auto report = run_training(ctx, tenant, kContent, recipe, services);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->steps, 3U);
  EXPECT_EQ(report->cut, "max_steps");
  EXPECT_EQ(report->losses.size(), 3U);
  EXPECT_GT(report->tokens, 0U);
  EXPECT_GE(report->queries, 16U);
  EXPECT_EQ(told, 3U);
  EXPECT_EQ(report->published, report->reason.empty());
  EXPECT_GE(report->lexical_weight, 0.1);
  EXPECT_LE(report->lexical_weight, 0.5);
  EXPECT_LE(report->tuned_low, report->tuned_score);
  EXPECT_GE(report->tuned_high, report->tuned_score);
  EXPECT_EQ(report->recipe, kRecipeVersion);
  ASSERT_TRUE(publish_model(ctx, tenant, *report, services).ok());
  const auto record = tenant.find_model_record(ctx, kContent);
  ASSERT_TRUE(record.ok() && record->has_value());
  EXPECT_EQ((*record)->reason, report->reason);
  EXPECT_EQ((*record)->published, report->published);
  EXPECT_EQ(tenant.read_model(ctx, kContent).ok(), report->published);
  EXPECT_EQ(tenant.read_checkpoint(ctx, kContent, 0).error().code(), Code::not_found);
}

TEST_F(Training, the_same_content_is_never_trained_on_twice) {
  publish(3, 25);
  const auto report = run_training(ctx, tenant, kContent, recipe, services);
  ASSERT_TRUE(report.ok());
  ASSERT_TRUE(publish_model(ctx, tenant, *report, services).ok());
  const auto again = prepare_training(ctx, tenant, kContent, recipe);
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->steps, report->steps);
  EXPECT_EQ((*again)->base_score, report->base_score);
}

TEST_F(Training, a_run_that_comes_late_changes_nothing_of_what_another_published) {
  publish(3, 25);
  // While this run is at its second step, another one does it all and is published.
  services.on_progress = [&, once = false](const Context&, const TrainingProgress&) mutable {
    if (std::exchange(once, true)) return;
    TrainingServices fresh{tiny_model, log, metrics, clock, {}};
    auto report = run_training(ctx, tenant, kContent, recipe, fresh);
    ASSERT_TRUE(report.ok()) << report.error().message();
    report->published = true;  // Whatever this small model's verdict.
    report->reason.clear();
    ASSERT_TRUE(tenant.write_model(ctx, kContent, "the other's").ok());
    ASSERT_TRUE(publish_model(ctx, tenant, *report, fresh).ok());
  };
  const auto late = run_training(ctx, tenant, kContent, recipe, services);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Code::conflict);
  EXPECT_EQ(*tenant.read_model(ctx, kContent), "the other's");
  EXPECT_TRUE((*tenant.find_model_record(ctx, kContent))->published);
}

TEST_F(Training, too_little_text_is_not_trained_on_and_the_reason_is_kept) {
  publish(2, 25);
  const auto report = prepare_training(ctx, tenant, kContent, recipe);
  ASSERT_TRUE(report.ok() && report->has_value());
  EXPECT_EQ((*report)->reason, "too_few_repositories");
  ASSERT_TRUE(publish_model(ctx, tenant, **report, services).ok());
  EXPECT_EQ((*tenant.find_model_record(ctx, kContent))->reason, "too_few_repositories");
}

TEST_F(Training, takes_texts_that_are_empty_damaged_or_endless) {
  std::string million = "# Endless\n\n## All of it\n";
  for (int i = 0; i < 100'000; ++i) million += "a b c d e f g h i j\n";
  publish(tenant, 3, 25,
          {"", "\n", "#", "x", "## Lone\n\xff\n",
           "# Damaged \xc3\n\n## Torn \xed\xa0\x80\n\xf0\x9f words here\n", "## One word\nx\n",
           million});
  const auto report = run_training(ctx, tenant, kContent, recipe, services);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->steps, 3U);
  EXPECT_TRUE(report->measured());
  EXPECT_TRUE(std::ranges::all_of(report->losses, [](double loss) { return std::isfinite(loss); }));
}

TEST_F(Training, of_a_model_whose_loss_is_not_finite_keeps_the_reason_and_no_model) {
  publish(3, 25);
  services.load_base = []() -> Result<encoder::Model> {
    CF_TRY(const encoder::Model model, tiny_model());
    std::vector<float> weights(model.weights().begin(), model.weights().end());
    const auto& layer = model.layout().layers()[0];
    for (const std::size_t from : {layer.ffn1_weight, layer.ffn2_weight}) {
      std::fill_n(weights.begin() + static_cast<std::ptrdiff_t>(from), 64 * 128, 1e30F);
    }
    return model.with_weights(weights);
  };
  const auto report = run_training(ctx, tenant, kContent, recipe, services);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->reason, "not_finite");
  EXPECT_FALSE(report->published);
  EXPECT_FALSE(report->measured());
  ASSERT_TRUE(publish_model(ctx, tenant, *report, services).ok());
  EXPECT_FALSE((*tenant.find_model_record(ctx, kContent))->published);
  EXPECT_EQ(tenant.read_model(ctx, kContent).error().code(), Code::not_found);
}

TEST_F(Training, content_that_was_overtaken_makes_no_record) {
  publish(3, 25);
  const std::string other(64, 'd');
  const auto report = prepare_training(ctx, tenant, other, recipe);
  ASSERT_TRUE(report.ok() && report->has_value());
  EXPECT_EQ((*report)->reason, "superseded");
  ASSERT_TRUE(publish_model(ctx, tenant, **report, services).ok());
  EXPECT_FALSE(tenant.find_model_record(ctx, other)->has_value());
}

TEST_F(Training, a_missing_base_model_is_said_and_makes_no_record) {
  publish(3, 25);
  services.load_base = []() -> Result<encoder::Model> {
    return Error(Code::not_found, "no weights: run ./dev demo");
  };
  const auto report = run_training(ctx, tenant, kContent, recipe, services);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), Code::not_found);
  EXPECT_FALSE(tenant.find_model_record(ctx, kContent)->has_value());
}

TEST_F(Training, a_stopped_run_ends_between_two_steps) {
  publish(3, 25);
  std::stop_source stop;
  stop.request_stop();
  const Context stopped = ctx.with_stop(stop.get_token());
  const auto report = run_training(stopped, tenant, kContent, recipe, services);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), Code::cancelled);
}

TEST_F(Training, a_report_survives_its_json) {
  TrainingReport report;
  report.login = "octocat";
  report.steps = 7;
  report.base_score = 0.25;
  report.reason = "not_better";
  report.losses = {1.5, 0.5};
  report.names = {"a", "b"};
  const auto back = training_report_from_json(to_json(report));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(to_json(*back), to_json(report));
  EXPECT_FALSE(training_report_from_json("[]").ok());
}

TEST_F(Training, the_orchestration_trains_publishes_and_asks_for_the_new_index) {
  durable::Registry registry;
  register_training(registry, cache, services, recipe);
  Turns turns(registry, kTrainModel, train_input(tenant.tenant(), kContent, {}));
  EXPECT_NE(turns.run().find("prepare_training"), std::string::npos);
  turns.complete(1, "");
  EXPECT_NE(turns.run().find("run_training"), std::string::npos);
  TrainingReport report;
  report.login = "octocat";
  report.fingerprint = kContent;
  report.published = true;
  turns.complete(2, to_json(report));
  EXPECT_NE(turns.run().find("publish_model"), std::string::npos);
  turns.complete(3);
  EXPECT_NE(turns.run().find("start_orchestration"), std::string::npos);
  turns.complete(4);
  EXPECT_NE(turns.run().find("\"published\":true"), std::string::npos);
}

TEST_F(Training, a_model_that_lost_changes_no_index) {
  durable::Registry registry;
  register_training(registry, cache, services, recipe);
  Turns turns(registry, kTrainModel, train_input(tenant.tenant(), kContent, {}));
  (void)turns.run();
  TrainingReport report;
  report.login = "octocat";
  report.reason = "not_better";
  turns.complete(1, to_json(report));
  EXPECT_NE(turns.run().find("publish_model"), std::string::npos);
  turns.complete(2);
  EXPECT_NE(turns.run().find("not_better"), std::string::npos);
}

TEST_F(Training, what_private_text_made_stays_in_its_private_place) {
  const cache::Place place(tenant.tenant(), cache::Scope::of("https://api", 7));
  const cache::TenantCache hidden = cache.open(place);
  const std::string input = R"({"login":"octocat","scope":")" + place.scope.text() +
                            R"(","fingerprint":")" + kContent + R"("})";
  std::vector<cache::Place> asked;
  services.before_training = [&](const Context&, const cache::Place& where,
                                 const std::string&) -> Status {
    asked.push_back(where);
    return Done();
  };
  durable::Registry registry;
  register_training(registry, cache, services, recipe);
  publish(4, 8);  // The public one has the text of that content; the private one has none yet.
  EXPECT_EQ(registry.find_activity(kRunTraining)->run(ctx, {}, input).error().code(),
            Code::not_found);
  publish(hidden, 4, 8);
  const auto report = registry.find_activity(kRunTraining)->run(ctx, {}, input);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_NE(report->find(place.scope.text()), std::string::npos) << *report;
  EXPECT_EQ(asked, (std::vector<cache::Place>{place, place}));
  ASSERT_TRUE(registry.find_activity(kPublishModel)->run(ctx, {}, *report).ok());
  EXPECT_TRUE(hidden.find_model_record(ctx, kContent)->has_value());
  EXPECT_FALSE(tenant.find_model_record(ctx, kContent)->has_value());

  Turns turns(registry, kTrainModel, input);
  (void)turns.run();
  auto won = training_report_from_json(*report);
  won->published = true;
  turns.complete(1, to_json(*won));
  (void)turns.run();
  turns.complete(2);
  (void)turns.run();
  const auto* next = std::get_if<durable::TaskScheduled>(&turns.history.back().body);
  ASSERT_NE(next, nullptr);
  EXPECT_NE(next->input.find("private:index:octocat"), std::string::npos) << next->input;
  EXPECT_NE(next->input.find(place.scope.text()), std::string::npos) << next->input;
}

TEST_F(Training, activities_say_what_their_input_lacks) {
  durable::Registry registry;
  register_training(registry, cache, services, recipe);
  for (const char* name : {kPrepareTraining, kRunTraining}) {
    const auto* activity = registry.find_activity(name);
    ASSERT_NE(activity, nullptr);
    EXPECT_EQ(activity->run(ctx, {}, "{}").error().code(), Code::invalid_argument);
  }
}

}  // namespace
}  // namespace cloudfolio::training
