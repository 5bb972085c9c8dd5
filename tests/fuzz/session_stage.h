#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/server/http1_session.h"
#include "core/server/http2_session.h"

#include <QTemporaryDir>

#include <algorithm>
#include <deque>
#include <memory>

namespace tarn::fuzz {

/// The server's session without its sockets and threads: a client is the bytes that it sends, the disk works when it is
/// told to, and the store is a small real one.
class SessionStage {
public:
    static constexpr std::string_view authorization = "Tahoe-LAFS c3dpc3NudW0=";
    static constexpr std::uint64_t budget = 8ULL * 1024 * 1024;

    SessionStage() : m_shared(limits()), m_client(std::make_shared<server::Client>(m_shared)) {
        m_shared.store = store();
        m_shared.clock = std::make_shared<SystemClock>();
        m_shared.metrics = std::make_shared<server::Metrics>(m_shared.clock, makeNoLog());
        m_shared.authorization = authorization;
        m_shared.disk = &m_disk;
        m_visit = m_shared.metrics->visit("fuzz");
    }

    /// Speaks `bytes` to a session in pieces of `piece` bytes, and hangs up.
    template <typename Session>
    void play(std::string_view bytes, std::size_t piece) {
        m_session = std::make_unique<Session>(m_shared, m_client, *m_visit, m_wire);
        for (std::size_t at = 0; at < bytes.size() && !m_wire.ended; at += piece) {
            m_wire.input += bytes.substr(at, piece);
            m_session->onBytes();
            m_disk.work();
            m_wire.sent += m_wire.held;
            m_wire.held = 0;
            m_session->onSent();
        }
        m_session->checkDeadline(m_shared.clock->steadyNow() + std::chrono::hours(1));
        m_disk.work();
        m_session.reset();
        m_disk.work();
    }

    [[nodiscard]] std::uint64_t memoryUsed() const { return m_shared.memory.used(); }
    [[nodiscard]] int exchanges() const { return m_client->exchanges; }

private:
    struct PlayedWire final : server::Wire {
        std::string input;
        qint64 held = 0;
        qint64 sent = 0;
        bool ended = false;

        [[nodiscard]] ByteView arrived() const override {
            return {reinterpret_cast<const Byte*>(input.data()), input.size()};
        }
        void took(std::size_t bytes) override { input.erase(0, bytes); }
        void setReadAhead(qint64 /*bytes*/) override {}
        void write(const QByteArray& bytes) override { held += bytes.size(); }
        [[nodiscard]] qint64 unsent() const override { return held; }
        void close() override { ended = true; }
        void abort() override { ended = true; }
    };

    struct PlayedDisk final : server::DiskWork {
        std::deque<std::pair<std::function<void()>, std::function<void()>>> queue;

        void start(std::function<void()> work, std::function<void()> then) override {
            queue.emplace_back(std::move(work), std::move(then));
        }
        void work() {
            while (!queue.empty()) {
                const auto [work, then] = std::move(queue.front());
                queue.pop_front();
                work();
                then();
            }
        }
    };

    static server::Limits limits() {
        server::Limits limits;
        limits.mostBodiesHeld = budget;
        return limits;
    }
    /// One for all inputs: to open one takes longer than what most of them do.
    static std::shared_ptr<bucketstore::BucketStore> store() {
        static const QTemporaryDir folder;
        static const std::shared_ptr<bucketstore::BucketStore> kept = [] {
            bucketstore::Options options;
            options.folder = folder.path().toStdString();
            options.maximumSize = ByteCount(budget);
            return std::shared_ptr(
                std::move(*bucketstore::BucketStore::open(options, std::make_shared<SystemClock>())));
        }();
        return kept;
    }

    PlayedWire m_wire;
    PlayedDisk m_disk;
    server::Shared m_shared;
    std::shared_ptr<server::Client> m_client;
    std::unique_ptr<server::Metrics::Visit> m_visit;
    std::unique_ptr<server::Session> m_session;
};

}  // namespace tarn::fuzz
