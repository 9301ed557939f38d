#pragma once
// What must hold of every history, whatever happened to the process that wrote it: for tests.

#include <gtest/gtest.h>

#include <map>

#include "durable/history.h"

namespace cloudfolio::durable::testing {

// Event ids rise strictly; no task has two results; where the instance has completed (and waited
// for all its tasks) each task has exactly one.
inline void check_history(const History& history, bool completed) {
  std::int32_t last_id = 0;
  std::map<std::int32_t, int> results;
  for (const HistoryEvent& event : history) {
    if (event.event_id >= 0) {
      EXPECT_GT(event.event_id, last_id) << describe(event);
      last_id = event.event_id;
    }
    if (std::holds_alternative<TaskScheduled>(event.body)) results[event.event_id] = 0;
    if (const auto* done = std::get_if<TaskCompleted>(&event.body)) {
      ++results[done->task_scheduled_id];
    }
    if (const auto* failed = std::get_if<TaskFailed>(&event.body)) {
      ++results[failed->task_scheduled_id];
    }
  }
  for (const auto& [id, count] : results) {
    EXPECT_LE(count, 1) << "task " << id << " has several results";
    if (completed) {
      EXPECT_EQ(count, 1) << "task " << id << " has no result";
    }
  }
}

}  // namespace cloudfolio::durable::testing
