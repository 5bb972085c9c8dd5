#pragma once

#include "core/async/manual_timers.h"
#include "core/async/task_scope.h"
#include "core/storage/faulty_server.h"
#include "core/storage/memory_server.h"
#include "core/upload/upload.h"

#include <QAbstractEventDispatcher>
#include <QCoreApplication>
#include <QEvent>
#include <QObject>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace tarn::test {

/// Counts the results that come back from the pools' threads, so that a test knows when nothing is under way any more.
class ReturnCounter final : public QObject {
public:
    ReturnCounter() { QAbstractEventDispatcher::instance()->installEventFilter(this); }
    ~ReturnCounter() override { QAbstractEventDispatcher::instance()->removeEventFilter(this); }
    bool eventFilter(QObject*, QEvent* event) override {
        m_count += event->type() == QEvent::MetaCall ? 1 : 0;
        return false;
    }
    [[nodiscard]] int take() { return std::exchange(m_count, 0); }

private:
    int m_count = 0;
};

/// Bytes that repeat, so that a failing test can be run again.
class CountedRandom final : public Random {
public:
    void fill(MutableByteView out) override {
        for (Byte& byte : out) {
            ++m_next;
            byte = static_cast<Byte>(m_next * 37U + (m_next >> 8U));
        }
    }

private:
    unsigned m_next = 1;
};

/// Which call of which server is being made: `number` counts all calls to all servers from 0.
struct CallInfo {
    std::size_t number;
    std::size_t server;
    storage::Call call;
};
using ChooseFault = std::function<storage::Fault(const CallInfo&)>;

/// Servers in memory behind faulty lines, and a time that passes only when nothing else can happen.
class SimulatedGrid {
public:
    explicit SimulatedGrid(std::size_t servers, ByteCount capacity = ByteCount(std::uint64_t{1} << 40U)) {
        environment->pools = std::make_shared<async::Pools>();
        environment->timers = timers;
        environment->clock = timers;
        environment->random = std::make_shared<CountedRandom>();
        for (std::size_t i = 0; i < servers; ++i) {
            const std::string name = "server-" + std::to_string(i);
            storage::ServerDescription description{ServerId(name), name, Bytes{Byte(i), 7, 9}, LeaseSeed()};
            memory.push_back(std::make_shared<storage::MemoryServer>(description, capacity));
            lines.push_back(
                std::make_shared<storage::FaultyServer>(memory.back(), timers, [this, i](storage::Call call) {
                    calls.push_back({calls.size(), i, call});
                    return choose ? choose(calls.back()) : storage::Fault{};
                }));
        }
    }

    /// Runs an upload to its end.
    Result<upload::Outcome> put(std::shared_ptr<upload::Source> source, const formats::EncodingParameters& parameters,
                                std::stop_token stop = {}) {
        return put(std::move(source), parameters, {lines.begin(), lines.end()}, std::move(stop));
    }

    Result<upload::Outcome> put(std::shared_ptr<upload::Source> source, const formats::EncodingParameters& parameters,
                                const storage::ServerList& servers, std::stop_token stop = {}) {
        std::optional<Result<upload::Outcome>> result;
        progress.clear();
        async::TaskScope scope;
        scope.spawn(upload::upload(
                        std::move(source), parameters, secrets, servers, environment,
                        [this](const upload::Progress& now) { progress.push_back(now); }, std::move(stop)),
                    [&result](Result<upload::Outcome> outcome) { result.emplace(std::move(outcome)); });
        runUntil([&result] { return result.has_value(); });
        return std::move(*result);
    }

    /// Lets everything happen, and time pass only when nothing else can.
    void runUntil(const std::function<bool()>& over) {
        ReturnCounter returned;
        while (!over()) {
            do {
                environment->pools->cpu.waitForDone();
                environment->pools->disk.waitForDone();
                QCoreApplication::processEvents();
            } while (returned.take() > 0);
            if (!over() && !timers->fireNext()) {
                throw std::runtime_error("a transfer waits for something that never comes");
            }
        }
    }

    /// Lets every server take whole shares along with the question for their room.
    void takeWholeShares() {
        for (const auto& server : memory) {
            server->wholeShares = true;
        }
    }

    [[nodiscard]] std::size_t incoming() const {
        std::size_t count = 0;
        for (const auto& server : memory) {
            count += server->incomingCount();
        }
        return count;
    }
    [[nodiscard]] std::size_t completeShares() const {
        std::size_t count = 0;
        for (const auto& server : memory) {
            for (const auto& [index, shares] : server->shares) {
                count += shares.size();
            }
        }
        return count;
    }
    [[nodiscard]] std::size_t callsOf(storage::Call kind) const {
        std::size_t count = 0;
        for (const CallInfo& call : calls) {
            count += call.call == kind ? 1 : 0;
        }
        return count;
    }

    std::shared_ptr<async::ManualTimers> timers = std::make_shared<async::ManualTimers>();
    std::shared_ptr<upload::Environment> environment = std::make_shared<upload::Environment>();
    std::shared_ptr<const upload::Secrets> secrets = std::make_shared<upload::Secrets>(
        upload::Secrets{crypto::ConvergenceSecret(Bytes(16, 5)), crypto::LeaseMaster()});
    std::vector<std::shared_ptr<storage::MemoryServer>> memory;
    std::vector<std::shared_ptr<storage::StorageServer>> lines;
    std::vector<upload::Progress> progress;
    std::vector<CallInfo> calls;
    ChooseFault choose;
};

inline Bytes someBytes(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<Byte>((i * i + 7 * i + 3) % 251);
    }
    return bytes;
}

inline formats::EncodingParameters encoding(unsigned required, unsigned happy, unsigned total,
                                            std::uint64_t segmentSize = 1024 * 1024) {
    return {required, happy, total, ByteCount(segmentSize)};
}

/// All shares of a file, as an upload without any trouble makes them.
inline std::map<ShareNum, Bytes> sharesOf(const Bytes& file, const formats::EncodingParameters& parameters) {
    SimulatedGrid grid(1);
    auto untroubled = parameters;
    untroubled.happy = 1;
    if (auto outcome = grid.put(upload::sourceOf(file), untroubled); !outcome || grid.memory[0]->shares.empty()) {
        throw std::runtime_error("an upload without trouble failed");
    }
    return grid.memory[0]->shares.begin()->second;
}

}  // namespace tarn::test
