#include "encoder/testing/fixtures.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/ensure.h"
#include "base/random.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace cloudfolio::encoder::testing {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path source_folder() {
  return environment("CLOUDFOLIO_SOURCE_DIR");
}

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const auto mantissa = static_cast<float>(half & 1023);
  const float value =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024.0F, exponent - 25);
  return (half & 0x8000) != 0 ? -value : value;
}

}  // namespace

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

void write_bytes(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

json::Value read_fixture(std::string_view name) {
  const fs::path path = source_folder() / "tests" / "fixtures" / "encoder" / name;
  auto value = json::parse(read_bytes(path));
  CF_ENSURE(value.ok(), path.string(), "CLOUDFOLIO_SOURCE_DIR must name the checkout");
  return *std::move(value);
}

std::optional<fs::path> base_model_folder() {
  fs::path folder = environment("CLOUDFOLIO_BASE_MODEL");
  if (folder.empty()) {
    fs::path cache = environment("XDG_CACHE_HOME");
    if (cache.empty()) cache = fs::path(environment("HOME")) / ".cache";
    folder = cache / "cloudfolio" / "models" / "all-MiniLM-L6-v2";
  }
  if (!fs::exists(folder / "model.safetensors")) return std::nullopt;
  return folder;
}

std::optional<fs::path> corpus_folder() {
  fs::path folder = environment("CLOUDFOLIO_CORPUS");
  if (folder.empty()) folder = source_folder().parent_path() / "shared" / "corpus";
  if (!fs::exists(folder / "index.json")) return std::nullopt;
  return folder;
}

const Model& base_model() {
  static const Model model = [] {
    auto loaded = Model::load(*base_model_folder());
    CF_ENSURE(loaded.ok(), loaded.ok() ? "" : loaded.error().message());
    return *loaded;
  }();
  return model;
}

std::string Corpus::text(std::string_view path, std::string_view key) {
  if (path_ != path) {
    repository_ = json::parse(read_bytes(folder_ / path)).value_or(json::Value());
    path_ = path;
  }
  const json::Value* files = json::find(repository_, "files");
  const json::Value* file = files == nullptr ? nullptr : json::find(*files, key);
  return std::string(file == nullptr ? "" : json::find_string(*file, "text").value_or(""));
}

std::string Corpus::passage(std::string_view text, std::size_t part) {
  std::size_t begin = 0;
  for (; part > 0; --part) begin = text.find("\n\n", begin) + 2;
  return std::string(text.substr(begin, text.find("\n\n", begin) - begin));
}

std::string ids_hash(const TokenIds& ids, std::size_t digits) {
  return crypto::sha256_hex(
             {reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(TokenId)})
      .substr(0, digits);
}

std::vector<float> half_floats(std::string_view base64) {
  const std::string bytes = crypto::from_base64(base64).value_or("");
  std::vector<float> values;
  for (std::size_t at = 0; at + 2 <= bytes.size(); at += 2) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + at, sizeof(half));
    values.push_back(half_to_float(half));
  }
  return values;
}

TokenIds to_ids(const json::Value& list) {
  TokenIds ids;
  for (const json::Value& id : list.as_array()) {
    ids.push_back(static_cast<TokenId>(json::as_int(id).value_or(-1)));
  }
  return ids;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

namespace {
constexpr std::size_t kTinyWords = 90;
}

Model tiny_model(std::uint64_t seed) {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (std::size_t i = 5; i < kTinyWords; ++i) vocabulary += "w" + std::to_string(i) + "\n";
  Architecture architecture;
  architecture.layer_count = 2;
  architecture.hidden = 64;
  architecture.head_count = 2;
  architecture.intermediate = 128;
  architecture.position_count = 96;
  architecture.token_count_max = 96;
  auto model = Model::make_untrained(architecture, *Tokenizer::parse_vocabulary(vocabulary), seed);
  CF_ENSURE(model.ok(), model.ok() ? "" : model.error().message());
  return *model;
}

TokenIds tiny_sequence(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  TokenIds ids{2};
  while (ids.size() + 1 < count)
    ids.push_back(static_cast<TokenId>(5 + random.below(kTinyWords - 5)));
  ids.push_back(3);
  return ids;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "cloudfolio-encoder-XXXXXX").string();
  CF_ENSURE(::mkdtemp(name.data()) != nullptr, name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace cloudfolio::encoder::testing
