#include "training/checkpoints.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "json/json.h"

namespace cloudfolio::training {
namespace {

constexpr std::size_t kPieceBytes = 16 * kMiB;
constexpr std::uint64_t kManifest = 0;

// The numbers of a state's pieces.
std::uint64_t piece_of(std::uint64_t turn, std::uint64_t i) {
  return 1 + turn + 2 * i;
}

}  // namespace

Status Checkpoints::save(const Context& ctx, std::size_t step,
                         const std::function<Status(const encoder::CheckpointSink&)>& write) {
  std::string piece;
  std::uint64_t count = 0;
  const auto keep = [&]() -> Status {
    return tenant_.write_checkpoint(ctx, fingerprint_, piece_of(turn_, count++),
                                    std::exchange(piece, {}));
  };
  const encoder::CheckpointSink sink = [&](std::string_view bytes) -> Status {
    while (!bytes.empty()) {
      if (piece.empty()) piece.reserve(kPieceBytes);
      const std::size_t taken = std::min(bytes.size(), kPieceBytes - piece.size());
      piece += bytes.substr(0, taken);
      bytes.remove_prefix(taken);
      if (piece.size() == kPieceBytes) {
        CF_CHECK(keep());
      }
    }
    return Done{};
  };
  CF_CHECK(write(sink));
  if (!piece.empty()) {
    CF_CHECK(keep());
  }
  const json::Object manifest{{"v", 1}, {"turn", turn_}, {"pieces", count}, {"step", step}};
  CF_CHECK(tenant_.write_checkpoint(ctx, fingerprint_, kManifest, json::write(manifest)));
  turn_ = 1 - turn_;
  return Done{};
}

Result<std::string> Checkpoints::load(
    const Context& ctx,
    const std::function<Result<std::string>(const encoder::CheckpointSource&)>& read) {
  CF_TRY(const std::string text, tenant_.read_checkpoint(ctx, fingerprint_, kManifest));
  const auto manifest = json::parse_object(text);
  const auto turn = manifest ? json::find_int(*manifest, "turn") : std::nullopt;
  const auto count = manifest ? json::find_int(*manifest, "pieces") : std::nullopt;
  if (!turn || *turn < 0 || *turn > 1 || !count || *count < 1) {
    return Error(Code::corrupt, "the checkpoint's manifest is not one of this release");
  }
  const auto current = static_cast<std::uint64_t>(*turn);
  turn_ = 1 - current;
  std::uint64_t next = 0;
  const encoder::CheckpointSource source = [&]() -> Result<std::string> {
    if (next == static_cast<std::uint64_t>(*count)) return std::string();
    return tenant_.read_checkpoint(ctx, fingerprint_, piece_of(current, next++));
  };
  auto state = read(source);
  // A piece that is gone is a state that is damaged.
  if (!state && state.error().code() == Code::not_found) {
    return Error(Code::corrupt, "a piece of the checkpoint is missing");
  }
  return state;
}

Status Checkpoints::clear(const Context& ctx) {
  turn_ = 0;
  return tenant_.remove_checkpoint(ctx, fingerprint_);
}

}  // namespace cloudfolio::training
