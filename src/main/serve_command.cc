#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "json/json.h"
#include "main/commands.h"
#include "roles/gateway_role.h"
#include "roles/handover.h"
#include "roles/housekeeping.h"
#include "roles/system.h"
#include "runtime/periodic_task.h"
#include "runtime/service_manager.h"
#include "runtime/shutdown.h"

namespace cloudfolio::main {
namespace {

using roles::StoreLock;

constexpr std::chrono::seconds kDrainLongest{20};
// How long clients of a socket that somebody else goes on serving are asked to leave by themselves.
constexpr std::chrono::milliseconds kDrainPatience{500};
constexpr std::chrono::minutes kMaintainEvery{1};

StoreLock::Of owned_by(const roles::RoleSet& roles) {
  return roles.has(roles::Role::orchestrator) ? StoreLock::Of::orchestrations
                                              : StoreLock::Of::gateway;
}

// Only these own something that two processes may not.
bool can_be_handed_over(const roles::RoleSet& roles) {
  return roles.has(roles::Role::orchestrator) || roles.has(roles::Role::gateway);
}

// One process of `serve`, from its socket to its end.
class Serving {
 public:
  Serving(const Invocation& invocation, const ServeCommand& command, roles::ServeAs as,
          runtime::Shutdown& shutdown)
      : invocation_(invocation),
        command_(command),
        as_(std::move(as)),
        wanted_(as_.roles),
        shutdown_(shutdown) {}

  Status run() {
    CF_TRY(listener_, runtime::inherited_listener(invocation_.environment));
    if (command_.take_over) CF_CHECK(ask_predecessor());
    // A gateway alone answers beside its predecessor; whoever owns the orchestrations waits.
    if (wanted_.has(roles::Role::orchestrator)) CF_CHECK(release());
    CF_CHECK(open());
    if (!wanted_.has(roles::Role::orchestrator)) CF_CHECK(release());
    if (gateway_) CF_CHECK(system_->announce(gateway_->origin()));
    CF_CHECK(offer());
    if (predecessor_) CF_CHECK(predecessor_->say_serving());
    predecessor_.reset();
    wait();
    if (!offer_ || !offer_->was_asked()) return Done{};
    if (offer_->finish() == roles::HandoverOffer::End::taken) return Done{};
    std::fprintf(stderr, "cloudfolio: the successor did not come up; serving on\n");
    return runtime::start_anew(offer_->listener());
  }

 private:
  Status ask_predecessor() {
    if (!can_be_handed_over(wanted_))
      return Error(Code::invalid_argument, "--take-over is for a gateway or an orchestrator; of " +
                                               wanted_.text() +
                                               " start one more, then stop the old one");
    CF_TRY(predecessor_, roles::Takeover::ask(invocation_.config.data, owned_by(wanted_)));
    if (!predecessor_) return Done{};
    // What would fail, fails here, while the predecessor still serves.
    CF_TRY(const auto rehearsal,
           roles::System::open(invocation_.config, invocation_.clock,
                               roles::System::Work::read_only, roles::ServeAs{.roles = wanted_}));
    if (predecessor_->listener()) {
      CF_CHECK(roles::GatewayRole::check_successor(invocation_.config, listen(),
                                                   predecessor_->listener().get()));
      listener_ = std::move(predecessor_->listener());
    }
    return Done{};
  }

  Status release() { return predecessor_ ? predecessor_->release() : Status(Done{}); }

  const std::string& listen() const {
    return command_.listen.empty() ? invocation_.config.server_listen : command_.listen;
  }

  Status open() {
    const roles::Config& config = invocation_.config;
    CF_TRY(system_, roles::System::open(config, invocation_.clock,
                                        roles::System::Work::orchestrations, as_));
    if (!wanted_.has(roles::Role::gateway)) return Done{};
    shared_socket_ = bool(listener_);
    CF_TRY(gateway_, roles::GatewayRole::open(config, *system_, listen(), std::move(listener_)));
    return Done{};
  }

  Status offer() {
    if (!can_be_handed_over(wanted_)) return Done{};
    runtime::Descriptor listener;
    if (gateway_) {
      CF_TRY(listener, gateway_->share_listener());
    }
    auto offered =
        roles::HandoverOffer::open(invocation_.config.data, owned_by(wanted_), std::move(listener),
                                   [this] { shutdown_.request("handover"); });
    if (offered)
      offer_ = *std::move(offered);
    else  // A file system without sockets; the rest works.
      system_->platform().log().warn(Context(), "serve.no_handover", {{"error", offered.error()}});
    return Done{};
  }

  void tell_manager(const std::string& lines) {
    const Status told =
        runtime::tell_service_manager(invocation_.environment("NOTIFY_SOCKET").value_or(""), lines);
    if (!told)
      system_->platform().log().warn(Context(), "serve.manager_not_told",
                                     {{"error", told.error()}});
  }

  enum class Successor { waits, none };
  // Whoever shares the socket is ready soon; where nobody does, load balancers are told first.
  Status drain(Successor successor) {
    auto patience = std::chrono::milliseconds(0);
    if (successor == Successor::none) {
      gateway_->say_not_ready();
      patience = std::chrono::seconds(invocation_.config.server_drain_seconds);
    }
    if (successor == Successor::waits || shared_socket_)
      patience = std::max(patience, kDrainPatience);
    return gateway_->drain(kDrainLongest, patience);
  }

  // Until told to end; then nothing of the store is open any more.
  void wait() {
    roles::Housekeeping housekeeping(system_->platform());
    auto maintenance = std::make_unique<runtime::PeriodicTask>(
        runtime::PeriodicTask::Options{.name = "maintain", .every = kMaintainEvery},
        invocation_.clock, [&](std::stop_token stop) {
          const Context ctx = Context().with_stop(std::move(stop));
          if (wanted_.has(roles::Role::orchestrator)) housekeeping.run(ctx);
          system_->sweep(ctx);
        });
    const std::string what = gateway_ ? gateway_->origin() : wanted_.text();
    std::printf("cloudfolio serves %s (data in %s; Ctrl-C ends it)\n", what.c_str(),
                invocation_.config.data.c_str());
    std::fflush(stdout);
    tell_manager("READY=1\nMAINPID=" + std::to_string(getpid()));
    const std::string reason = shutdown_.wait();
    system_->platform().log().info(Context(), "serve.draining", {{"reason", reason}});
    const bool handed_over = offer_ && offer_->was_asked();
    if (!handed_over) tell_manager("STOPPING=1");
    const Status drained =
        gateway_ ? drain(handed_over ? Successor::waits : Successor::none) : Status(Done{});
    if (!drained)
      system_->platform().log().warn(Context(), "serve.drain_cut", {{"error", drained.error()}});
    maintenance.reset();
    gateway_.reset();
    system_.reset();
  }

  const Invocation& invocation_;
  const ServeCommand& command_;
  const roles::ServeAs as_;
  const roles::RoleSet wanted_;
  runtime::Shutdown& shutdown_;
  runtime::Descriptor listener_;
  bool shared_socket_ = false;  // It was not made here, so somebody else may hold it too.
  std::optional<roles::Takeover> predecessor_;
  std::unique_ptr<roles::System> system_;
  std::unique_ptr<roles::GatewayRole> gateway_;
  std::unique_ptr<roles::HandoverOffer> offer_;
};

// Without --role everything is served by this process but trainings: for each a worker comes and
// goes (capacity.kind).
Result<roles::ServeAs> serve_as(const Invocation& invocation, const ServeCommand& command,
                                runtime::Shutdown& shutdown) {
  roles::ServeAs as;
  as.program = invocation.worker_program;
  as.generation = invocation.worker_generation;
  as.on_seat_lost = [&shutdown](const std::string& why) { shutdown.request(why); };
  if (command.roles.empty()) {
    as.roles = roles::RoleSet::all().without(roles::Role::trainer);
  } else {
    CF_TRY(as.roles, roles::RoleSet::parse(command.roles));
    as.named = roles::Named::roles;
  }
  if (!command.once) return as;
  if (as.roles.text() != "trainer")
    return Error(Code::invalid_argument, "--once goes with --role trainer");
  as.trainings = roles::ServeAs::Trainings::one;
  return as;
}

// What serve would refuse before it opens a store is refused here in the same words.
Status check_config(const Invocation& invocation, const ServeCommand& command,
                    const roles::ServeAs& as) {
  const roles::Config& config = invocation.config;
  const bool answers = as.roles.has(roles::Role::gateway);
  const std::string listen = command.listen.empty() ? config.server_listen : command.listen;
  if (answers) CF_CHECK(roles::GatewayRole::check(config, listen));
  const std::string capacity(to_string(roles::capacity_kind(config.capacity, as.roles, as.named)));
  if (invocation.output == Output::json) {
    json::Object told{{"roles", as.roles.text()},
                      {"storage", config.storage_backend},
                      {"durable", config.durable_backend},
                      {"capacity", capacity}};
    if (answers) told["listen"] = listen;
    std::printf("%s\n", json::write(told).c_str());
    return Done{};
  }
  std::printf("the configuration is good: %s; storage %s, durable %s, capacity %s%s%s\n",
              as.roles.text().c_str(), config.storage_backend.c_str(),
              config.durable_backend.c_str(), capacity.c_str(), answers ? ", listens on " : "",
              answers ? listen.c_str() : "");
  return Done{};
}

}  // namespace

Status run_command(const Invocation& invocation, const ServeCommand& command) {
  CF_TRY(const auto shutdown, runtime::Shutdown::open());
  CF_TRY(auto as, serve_as(invocation, command, *shutdown));
  if (command.check_config) return check_config(invocation, command, as);
  if (!command.once) return Serving(invocation, command, std::move(as), *shutdown).run();
  CF_TRY(const auto system,
         roles::System::open(invocation.config, invocation.clock,
                             roles::System::Work::orchestrations, std::move(as)));
  return system->run_one_training(Context().with_stop(shutdown->token()));
}

}  // namespace cloudfolio::main
