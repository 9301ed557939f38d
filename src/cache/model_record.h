#pragma once
// ModelRecord: what became of training on one content, published or not, so that nothing trains
// twice.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudfolio::cache {

// Written as plain JSON beside the archive; the original's keys (storage_type, container,
// blob_name, fingerprint, training_timestamp, training_repos_count, repo_names) come first.
struct ModelRecord {
  std::string fingerprint;  // the content fingerprint that was trained on
  std::string training_timestamp;
  std::vector<std::string> repo_names;
  bool published =
      false;  // it passed the quality gate, and the archive `model_{fingerprint}.zip` exists
  std::string reason;  // "" where published; else stable: "too_little_evidence", "not_better", …
  std::string report = "{}";  // what `train --json` prints: one JSON object, kept as it is
};

std::string to_json(const ModelRecord& record);
Result<ModelRecord> model_record_from_json(std::string_view text);

}  // namespace cloudfolio::cache
