#pragma once

#include "core/foundation/clock.h"
#include "core/foundation/result.h"
#include "core/server/server.h"

#include <QByteArray>
#include <QObject>
#include <QTcpServer>

#include <functional>
#include <memory>

namespace tarn::server {

class DiskWork;

/// Whether an address is one that only this computer reaches. An address, not a name.
[[nodiscard]] bool isLoopback(const std::string& address);

/// Answers `GET /metrics` over plain HTTP on this computer alone, one request a connection.
///
/// What it takes from a peer is bounded: a few connections, a small head, a few seconds for all of it.
/// Thread: the one it was made on.
class MetricsPort final : public QObject {
    Q_OBJECT

public:
    /// `makePage` runs as `disk` work; `disk` must outlive it.
    MetricsPort(std::function<QByteArray()> makePage, DiskWork& disk);
    ~MetricsPort() override;

    /// The port that is listened on; 0 takes a free one. Fails: InvalidArgument (not a loopback address), Unreachable.
    [[nodiscard]] Result<std::uint16_t> listen(const HostPort& address);

private:
    class Visitor;
    void take();

    const std::function<QByteArray()> m_makePage;
    DiskWork& m_disk;
    QTcpServer m_door;
    int m_visitors = 0;
};

}  // namespace tarn::server
