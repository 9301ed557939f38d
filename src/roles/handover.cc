#include "roles/handover.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "roles/handover_words.h"

namespace cloudfolio::roles {
namespace {

constexpr char kTake[] = "take 1";
constexpr char kListener[] = "listener";
constexpr char kNoListener[] = "no listener";
constexpr char kRelease[] = "release";
constexpr char kReleased[] = "released";
constexpr char kServing[] = "serving";

}  // namespace

struct HandoverOffer::State {
  HandoverAddress address;
  runtime::Descriptor socket;
  runtime::Descriptor wake;
  runtime::Descriptor listener;
  std::function<void()> asked;
  std::atomic<bool> was_asked{false};
  bool taken = false;
  runtime::Descriptor successor;  // The thread's until was_asked, then the owner's.
  std::thread thread;

  // False: this object ends. The wake-up ends any wait.
  bool wait_for(int descriptor) const {
    pollfd both[] = {{descriptor, POLLIN, 0}, {wake.get(), POLLIN, 0}};
    const int found = poll(both, 2, -1);
    return found > 0 && both[1].revents == 0;
  }

  // A successor that breaks off before "release" is forgotten.
  Status converse(int with) const {
    CF_CHECK(check_same_user(with));
    CF_CHECK(expect_word(with, kTake, kHandoverWordLongest));
    CF_CHECK(listener ? say_word(with, kListener, listener.get()) : say_word(with, kNoListener));
    if (!wait_for(with)) return Error(Code::cancelled, "handover: not now");
    CF_CHECK(expect_word(with, kRelease, kHandoverWordLongest));
    return Done{};
  }

  void offer() {
    while (wait_for(socket.get())) {
      runtime::Descriptor peer(accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer || !converse(peer.get())) continue;
      successor = std::move(peer);
      was_asked = true;
      asked();
      return;
    }
  }

  ~State() {
    if (thread.joinable()) {
      const std::uint64_t one = 1;
      // An eventfd that is below its maximum takes the write.
      [[maybe_unused]] const auto written = write(wake.get(), &one, sizeof one);
      thread.join();
    }
    // The successor has bound a socket of its own to the name.
    if (socket && !taken) unlinkat(address.folder.get(), address.file.c_str(), 0);
  }
};

HandoverOffer::HandoverOffer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HandoverOffer::~HandoverOffer() = default;

Result<std::unique_ptr<HandoverOffer>> HandoverOffer::open(const std::filesystem::path& data,
                                                           StoreLock::Of what,
                                                           runtime::Descriptor listener,
                                                           std::function<void()> asked) {
  auto state = std::make_unique<State>();
  CF_TRY(state->address, HandoverAddress::of(data, what));
  CF_TRY(auto socket, make_handover_socket());
  CF_CHECK(bind_handover_socket(socket.get(), state->address));
  state->socket = std::move(socket);
  state->wake = runtime::Descriptor(eventfd(0, EFD_CLOEXEC));
  if (!state->wake) return Error(Code::unavailable, "handover: no event descriptor");
  state->listener = std::move(listener);
  state->asked = std::move(asked);
  state->thread = std::thread([state = state.get()] { state->offer(); });
  return std::unique_ptr<HandoverOffer>(new HandoverOffer(std::move(state)));
}

bool HandoverOffer::was_asked() const {
  return state_->was_asked;
}

HandoverOffer::End HandoverOffer::finish() {
  const int with = state_->successor.get();
  if (!say_word(with, kReleased)) return End::left_alone;
  if (!expect_word(with, kServing, kHandoverWordLongest)) return End::left_alone;
  state_->taken = true;
  return End::taken;
}

const runtime::Descriptor& HandoverOffer::listener() const {
  return state_->listener;
}

Result<std::optional<Takeover>> Takeover::ask(const std::filesystem::path& data,
                                              StoreLock::Of what) {
  auto address = HandoverAddress::of(data, what);
  if (!address) return std::optional<Takeover>();  // No folder, so nobody serves it.
  Takeover takeover;
  CF_TRY(takeover.socket_, make_handover_socket());
  const int with = takeover.socket_.get();
  const Status connected = connect_handover_socket(with, *address);
  if (!connected) {
    if (connected.error().code() == Code::not_found) return std::optional<Takeover>();
    return connected.error();
  }
  CF_CHECK(check_same_user(with));
  CF_CHECK(say_word(with, kTake));
  auto heard = hear_word(with, kHandoverWordLongest);
  if (!heard) return std::move(heard).error();
  const std::string_view text = heard->text;
  const bool with_listener = text == kListener && heard->descriptor;
  if (!with_listener && text != kNoListener)
    return Error(Code::unavailable, "handover: the process that serves answered '" + heard->text +
                                        "'; stop it and start this one");
  takeover.listener_ = std::move(heard->descriptor);
  return std::optional(std::move(takeover));
}

Status Takeover::release() {
  CF_CHECK(say_word(socket_.get(), kRelease));
  CF_CHECK(expect_word(socket_.get(), kReleased, kHandoverWordLongest));
  return Done{};
}

Status Takeover::say_serving() {
  return say_word(socket_.get(), kServing);
}

}  // namespace cloudfolio::roles
