#pragma once

#include "core/async/manual_timers.h"
#include "core/async/task_scope.h"
#include "core/download/download.h"
#include "core/grid/permuted_ring.h"
#include "core/storage/faulty_server.h"
#include "core/storage/memory_server.h"
#include "tests/download/make_shares.h"

#include <QAbstractEventDispatcher>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tarn::download::testing {

/// Counts what reaches it, and keeps the bytes.
class RecordingSink final : public Sink {
public:
    Result<void> write(ByteView plaintext) override {
        ++calls;
        if (failWith) {
            return failure(*failWith);
        }
        bytes.insert(bytes.end(), plaintext.begin(), plaintext.end());
        return {};
    }
    Result<void> commit() override {
        ++calls;
        committed = true;
        return {};
    }

    ByteCount held() const override { return ByteCount(left.size()); }
    Result<void> readHeld(ByteOffset offset, MutableByteView out) override {
        std::copy_n(left.begin() + static_cast<std::ptrdiff_t>(offset.value()), out.size(), out.begin());
        return {};
    }
    Result<void> keepHeld(ByteCount good) override {
        bytes.assign(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(good.value()));
        kept = good;
        left.clear();
        return {};
    }

    Bytes left;  ///< by an earlier attempt
    std::optional<ByteCount> kept;
    Bytes bytes;
    bool committed = false;
    int calls = 0;
    std::optional<Error> failWith;
};

/// Servers in memory, the simulation's time, and a download that runs on them.
class DownloadRun {
public:
    std::shared_ptr<async::Pools> pools = std::make_shared<async::Pools>();
    std::shared_ptr<async::ManualTimers> timers = std::make_shared<async::ManualTimers>();
    std::vector<std::shared_ptr<storage::MemoryServer>> servers;
    /// What stands between the download and a server, if anything.
    std::function<std::shared_ptr<storage::StorageServer>(std::size_t, std::shared_ptr<storage::StorageServer>)> wrap;
    std::shared_ptr<RecordingSink> sink = std::make_shared<RecordingSink>();
    std::vector<Progress> progress;
    std::stop_source stop;
    std::optional<Result<void>> outcome;

    explicit DownloadRun(std::size_t serverCount = 5) {
        static const std::vector<std::string> names = {"alpha", "beta", "gamma", "delta", "epsilon"};
        for (std::size_t i = 0; i < serverCount; ++i) {
            const auto name = i < names.size() ? names[i] : "server " + std::to_string(i);
            servers.push_back(std::make_shared<storage::MemoryServer>(
                storage::ServerDescription{ServerId("v0-" + name), name, Bytes(8, static_cast<Byte>(i)), {}}));
        }
    }

    /// From now on `servers` stand in the order in which a download asks them.
    void orderFor(const caps::Chk& capability) {
        const storage::ServerList order =
            grid::permuted(storage::ServerList(servers.begin(), servers.end()), capability.storageIndex());
        std::ranges::transform(order, servers.begin(), [](const auto& server) {
            return std::dynamic_pointer_cast<storage::MemoryServer>(server);
        });
    }

    /// From now on small shares come along with the servers' lists.
    void sendSharesAlong() {
        for (const auto& server : servers) {
            server->wholeShares = true;
        }
    }

    /// Share i goes to server i modulo their number.
    void spread(const MadeFile& file) {
        for (const auto& [number, bytes] : file.shares) {
            servers[number.value() % servers.size()]->shares[file.capability.storageIndex()][number] = bytes;
        }
    }

    Bytes& share(const MadeFile& file, std::size_t server, unsigned number) {
        return servers[server]->shares[file.capability.storageIndex()].at(ShareNum(static_cast<std::uint16_t>(number)));
    }

    [[nodiscard]] std::size_t adviceCount() const {
        std::size_t count = 0;
        for (const auto& server : servers) {
            count += server->advice.size();
        }
        return count;
    }

    void start(const caps::Chk& capability, std::optional<Range> range = {}) {
        storage::ServerList list;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            list.push_back(wrap ? wrap(i, servers[i]) : servers[i]);
        }
        const auto environment = std::make_shared<const Environment>(Environment{pools, timers, timers});
        m_scope.spawn(download(
                          capability, range, list, sink, environment,
                          [this](const Progress& now) { progress.push_back(now); }, stop.get_token()),
                      [this](Result<void> result) { outcome = std::move(result); });
    }

    /// Lets everything happen that can happen without time passing.
    void settle() {
        do {
            pools->cpu.waitForDone();
            pools->disk.waitForDone();
        } while (QAbstractEventDispatcher::instance()->processEvents(QEventLoop::AllEvents));
    }

    /// Until the end, or until nothing more can happen: that would be a hang.
    void finish() {
        settle();
        while (!outcome && timers->fireNext()) {
            settle();
        }
    }

    Result<void> run(const caps::Chk& capability, std::optional<Range> range = {}) {
        start(capability, range);
        finish();
        return outcome ? *outcome : Result<void>(failure(ErrorCode::Internal, "the download hangs"));
    }

private:
    async::TaskScope m_scope;
};

inline std::string said(const Result<void>& result) {
    return result ? std::string("success") : std::string(errorName(result.error().code)) + ": " + result.error().detail;
}

}  // namespace tarn::download::testing
