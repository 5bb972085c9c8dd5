#pragma once

#include "core/foundation/result.h"

#include <string_view>
#include <vector>

namespace tarn::cli {

// What a service manager such as systemd and a service tell each other, without a library: the environment says where.
// Thread: the main one. Source: sd_notify(3), sd_listen_fds(3).

/// Tells the manager a state, such as "READY=1"; lines are parted by '\n'. Nothing where none asked to be told.
void notifyServiceManager(std::string_view state);

/// The sockets that the manager opened for this process, now closed for programs that this one starts. Empty where
/// there are none, or they are meant for another process. Fails: InvalidArgument (the environment is damaged).
[[nodiscard]] Result<std::vector<int>> socketsFromServiceManager();

}  // namespace tarn::cli
