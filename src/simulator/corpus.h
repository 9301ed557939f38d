#pragma once
// Corpus: a folder of repositories as files, one JSON text a repository, read into memory.
//
// The folder holds either one folder an owner (`<owner>/<repository>.json`, and perhaps an
// `index.json` that lists them as [{"path": "owner/repository.json"}…]), or the files of one owner.
// The fields of a file are described in README.md; what a file leaves out is derived in world.h.
//
// Errors: invalid_argument, naming the file and what is wrong in it; not_found for a missing folder
// or a file that the index names; both say what to do.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cloudfolio::simulator {

// One file, folder or submodule of a tree.
struct CorpusEntry {
  std::string path;
  std::uint32_t mode = 0;
  std::string oid;  // Empty: to be derived.
  std::optional<std::int64_t> size_bytes;
};

struct CorpusText {
  std::string path;
  std::string oid;  // Empty: to be derived.
  std::optional<std::int64_t> size_bytes;
  std::string text;
};

struct CorpusRepository {
  std::string owner;
  std::string name;
  std::string default_branch;
  std::string head_oid;       // Empty: to be derived.
  std::string head_tree_oid;  // Empty: to be derived.
  std::string pushed_at;
  std::string created_at;
  std::optional<std::string> description;
  std::optional<std::string> homepage;
  std::optional<std::string> license;
  std::vector<std::string> topics;
  std::vector<std::pair<std::string, std::int64_t>> languages;
  std::vector<CorpusEntry> tree;
  std::vector<CorpusText> texts;
  bool is_fork = false;
  bool is_archived = false;
  bool is_private = false;
  bool is_template = false;
};

inline constexpr std::size_t kCorpusFileBytesMax = 64u << 20;
inline constexpr std::size_t kCorpusRepositoriesMax = 20'000;

// Sorted by owner and name.
Result<std::vector<CorpusRepository>> read_corpus(const std::filesystem::path& folder);
// One file's text.
Result<CorpusRepository> parse_corpus_repository(std::string_view text);

}  // namespace cloudfolio::simulator
