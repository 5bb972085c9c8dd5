#pragma once

#include "core/engine/engine_core.h"

#include <filesystem>
#include <functional>
#include <memory>

namespace tarn::engine {

/// The engine's thread, with an `EngineCore` on it.
///
/// Thread: any for `post`. The destructor closes the core and waits for it, for at most `patience`; a core that has not
/// come to rest by then is left behind, to end with the process. `listener` is called on the engine's thread.
class EngineThread {
public:
    static constexpr std::chrono::milliseconds patience{10'000};

    EngineThread(std::filesystem::path profile, std::unique_ptr<EngineListener> listener);
    EngineThread(const EngineThread&) = delete;
    EngineThread& operator=(const EngineThread&) = delete;
    ~EngineThread();

    /// Runs `work` on the engine's thread, after all that was posted before. Never waits.
    void post(std::function<void(EngineCore&)> work);

private:
    class Runner;
    std::unique_ptr<Runner> m_runner;
};

}  // namespace tarn::engine
