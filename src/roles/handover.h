#pragma once
// Handover: one server process gives its listening socket to the next one of the same data folder,
// so that no connection is refused in between.
//
// They meet at DATA/handover.sock (a gateway that runs apart from the orchestrator: at
// DATA/gateway-handover.sock), which only the same user may open:
//
//   successor: "take 1"            what follows is version 1 of this conversation
//   server:    "listener"          with the listening socket as a descriptor; or "no listener"
//   successor: "release"           it has read its configuration and opened the store
//   server:    "released"          it has answered what it took, and owns nothing of the store now
//   successor: "serving"           the server ends
//
// Connections made meanwhile wait in the socket, and the successor answers them. A successor that
// goes away before "release" changes nothing; one that does so later leaves the server to take
// everything back (HandoverOffer::finish says so).

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "roles/store_lock.h"
#include "runtime/descriptor.h"

namespace cloudfolio::roles {

// How long either side waits for the other's next word.
inline constexpr std::chrono::seconds kHandoverWordLongest{60};

// The server's side. Threads: one of its own, which calls `asked` once, when a successor said
// "release". Lifetime: the destructor ends the conversation.
class HandoverOffer {
 public:
  // `listener` may be none. Errors: unavailable, where the socket cannot be made.
  static Result<std::unique_ptr<HandoverOffer>> open(const std::filesystem::path& data,
                                                     StoreLock::Of what,
                                                     runtime::Descriptor listener,
                                                     std::function<void()> asked);
  ~HandoverOffer();
  HandoverOffer(const HandoverOffer&) = delete;
  HandoverOffer& operator=(const HandoverOffer&) = delete;

  // Whether a successor asked for the release.
  bool was_asked() const;
  enum class End {
    taken,      // The successor serves.
    left_alone  // It went away or fell silent: whoever called this serves on, with listener().
  };
  // Says "released" and waits for "serving". After was_asked(), with nothing of the store open.
  End finish();
  // For the one who serves on.
  const runtime::Descriptor& listener() const;

 private:
  struct State;
  explicit HandoverOffer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The successor's side, in the order of its calls.
class Takeover {
 public:
  // nullopt where nobody offers. Errors: unavailable, with what went wrong between the two;
  // permission_denied where another user's process serves.
  static Result<std::optional<Takeover>> ask(const std::filesystem::path& data, StoreLock::Of what);

  // None where the server had no gateway.
  runtime::Descriptor& listener() { return listener_; }
  // Returns when the server owns nothing of the store any more. Errors: unavailable.
  Status release();
  // The server may end.
  Status say_serving();

 private:
  runtime::Descriptor socket_;
  runtime::Descriptor listener_;
};

}  // namespace cloudfolio::roles
