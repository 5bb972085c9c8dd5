#pragma once

#include <functional>
#include <memory>

namespace tarn::engine {

/// What the system knows of the line to the world. Thread: the one that made it, which has an event loop.
class NetworkWatch {
public:
    virtual ~NetworkWatch() = default;
    /// Whether bytes cost money on it. False where nobody knows.
    [[nodiscard]] virtual bool metered() const = 0;
};

/// Asks the system (on Linux, NetworkManager), and calls `changed` when the line has become another one, until it goes.
/// Loads what that takes; where there is nothing to ask, the line counts as free and never changes.
[[nodiscard]] std::unique_ptr<NetworkWatch> systemNetworkWatch(std::function<void()> changed);

}  // namespace tarn::engine
