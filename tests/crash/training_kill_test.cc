// kill -9 of a trainer in the middle of a run: the next one goes on from the last checkpoint, and
// the run ends as one that nobody disturbed.

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

#include "expectations.h"
#include "fleet.h"
#include "shallow_model.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::system_test {
namespace {

constexpr std::chrono::seconds kLongest{300};

// What is started meanwhile runs on the first core that this thread may use.
class OneCore {
 public:
  OneCore() {
    sched_getaffinity(0, sizeof before_, &before_);
    std::size_t core = 0;
    while (!CPU_ISSET(core, &before_)) ++core;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCore() { sched_setaffinity(0, sizeof before_, &before_); }
  OneCore(const OneCore&) = delete;
  OneCore& operator=(const OneCore&) = delete;

 private:
  cpu_set_t before_{};
};

class TrainingKill : public testing::Test {
 protected:
  static void settings_of(Installation& installation) {
    installation.environment["CLOUDFOLIO_BASE_MODEL"] = shallow_model();
    installation.environment["CLOUDFOLIO_DURABLE_CLAIM_SECONDS"] = "2";
    installation.environment["CLOUDFOLIO_TRAINING_MAX_STEPS"] = "8";
    installation.environment["CLOUDFOLIO_TRAINING_CHECKPOINT_STEPS"] = "2";
  }

  // What `look` finds in the cache, as soon as it finds something.
  template <class Look>
  auto found(const std::filesystem::path& data, Look look) {
    storage::embedded::Options options;
    options.directory = data;
    const auto store = storage::embedded::open(options, clock);
    if (!store) throw std::runtime_error(store.error().message());
    storage::BlobStore& blobs = **(*store)->blobs("github-cache");
    for (const auto end = clock.now() + kLongest; clock.now() < end;) {
      if (auto seen = look(blobs)) return *seen;
      std::this_thread::yield();
    }
    throw std::runtime_error("it did not come");
  }

  static std::optional<json::Value> read(storage::BlobStore& blobs, const std::string& prefix,
                                         std::string_view ending) {
    storage::ListOptions list;
    list.prefix = prefix;
    const auto page = blobs.list(Context(), list);
    if (!page) throw std::runtime_error(page.error().message());
    for (const storage::BlobEntry& entry : page->entries) {
      if (!entry.key.str().ends_with(ending)) continue;
      const auto blob = blobs.get(Context(), entry.key);
      if (blob) return *json::parse(blob->bytes);
    }
    return std::nullopt;
  }

  // The record of the only training.
  json::Value record(const std::filesystem::path& data) {
    return found(data,
                 [](storage::BlobStore& blobs) { return read(blobs, "model_metadata_", ".json"); });
  }

  const SystemClock clock;
};

TEST_F(TrainingKill, in_the_middle_costs_no_step_before_the_checkpoint_and_changes_no_weight) {
  NEEDS_BASE_MODEL();
  Simulator github(sample_portfolio());
  Installation undisturbed(github.url());
  settings_of(undisturbed);
  undisturbed.ask({"sync", kSampleLogin});
  {
    const OneCore one;  // The weights do not depend on the number of threads either.
    undisturbed.ask({"train", kSampleLogin});
  }

  Installation installation(github.url());
  settings_of(installation);
  Fleet fleet(installation, github.url());
  installation.ask({"sync", kSampleLogin});
  found(installation.data(), [](storage::BlobStore& blobs) -> std::optional<bool> {
    const auto manifest = read(blobs, "gen/sample-dev/checkpoint/", "/0");
    if (!manifest || integer(*manifest, "step") < 4) return std::nullopt;
    return true;
  });
  fleet.kill("trainer");
  fleet.start("trainer");
  const json::Value disturbed = record(installation.data());
  EXPECT_NE(fleet.log("trainer").find("training.resumed"), std::string::npos);

  const json::Value expected = record(undisturbed.data());
  EXPECT_EQ(array(disturbed, "report.losses").size(), 8u);
  EXPECT_EQ(json::write(array(disturbed, "report.losses")),
            json::write(array(expected, "report.losses")));
  EXPECT_EQ(text(disturbed, "report.weights").size(), 16u);
  EXPECT_EQ(text(disturbed, "report.weights"), text(expected, "report.weights"));
  for (const char* score : {"report.base_score", "report.tuned_score"}) {
    EXPECT_EQ(number(disturbed, score), number(expected, score)) << score;
  }
}

}  // namespace
}  // namespace cloudfolio::system_test
