#pragma once
// Report: what one refresh saw and did; the object that `sync --json` prints.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/bundle.h"
#include "sync/plan.h"

namespace cloudfolio::sync {

struct RepositoryProblem {
  std::string repository;
  cache::Problem problem;
  bool operator==(const RepositoryProblem&) const = default;
};
// A report fits into an orchestration's output, whatever the owner has: longer lists are cut when
// it is written, and counted whole.
inline constexpr std::size_t kReportedProblemsMax = 200;
inline constexpr std::size_t kReportedNamesMax = 2'000;

// seen = mirrored + skipped_count, always.
struct Report {
  std::string login;
  std::uint64_t generation = 0;  // that is published now
  bool changed = false;          // this refresh published it
  bool forced = false;
  std::size_t seen = 0;
  std::size_t mirrored = 0;
  std::vector<Skipped> skipped;
  std::size_t skipped_count = 0;
  std::size_t fetched = 0;    // mirrored from what was read just now
  std::size_t unchanged = 0;  // mirrored as they were
  std::vector<std::string> gone;
  std::vector<Rename> renamed;
  std::vector<RepositoryProblem> problems;  // the first kReportedProblemsMax
  std::size_t problems_count = 0;
  std::int64_t github_requests = 0;
  std::int64_t github_points = 0;
  double seconds = 0;
  std::string fingerprint;          // the original's, of the bundle
  std::string content_fingerprint;  // ours
  std::string
      resumes_at;  // "" or: GitHub's limit ended the refresh early, and it goes on at this time
  bool operator==(const Report&) const = default;
};

// One object; `resumes_at` is left out where it is empty.
std::string to_json(const Report& report);
Result<Report> report_from_json(std::string_view text);

}  // namespace cloudfolio::sync
