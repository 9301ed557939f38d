#pragma once
// A portfolio read straight from a corpus folder (docs of the format: samples/README.md), without
// GitHub: for benchmarks of search and training alone.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "cache/bundle.h"

namespace cloudfolio::cache::testing {

// The owners in a corpus folder, by name.
std::vector<std::string> corpus_owners(const std::filesystem::path& corpus);
Result<Bundle> read_corpus_bundle(const std::filesystem::path& corpus, const std::string& owner);

}  // namespace cloudfolio::cache::testing
