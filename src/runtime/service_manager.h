#pragma once
// What a service manager (systemd, or whoever speaks its protocol) and a service tell each other:
// sockets that listen already, and when the service is ready.
//
// Protocols: sd_listen_fds(3), sd_notify(3).

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/descriptor.h"

namespace cloudfolio::runtime {

// The environment; nullopt: not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string&)>;

// The listening socket that this process was started with; none without LISTEN_FDS and LISTEN_PID
// for this process. Call once, before anything opens descriptors. Errors: invalid_argument: more
// than one, or LISTEN_FDS is no number.
Result<Descriptor> inherited_listener(const EnvironmentLookup& environment);

// Tells the manager at `socket` (NOTIFY_SOCKET; empty: there is none) lines such as "READY=1".
// Errors: unavailable: nobody listens there.
Status tell_service_manager(const std::string& socket, std::string_view lines);

// Replaces this process by the same program with the same arguments, which inherits `listener`
// (may be none). Returns only where that failed. Every other descriptor must close by itself.
Error start_anew(const Descriptor& listener);

}  // namespace cloudfolio::runtime
