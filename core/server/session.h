#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/clock.h"

#include <QByteArray>

#include <algorithm>

namespace tarn::server {

/// The bytes of a connection, as a session sees them. Nothing arrives and nothing is sent once it has ended.
class Wire {
public:
    virtual ~Wire() = default;
    /// Lets so much wait to be read. At first it is little, what a stranger gets; several times as much is what it may
    /// take of memory, some of it until the connection ends.
    virtual void setReadAhead(qint64 bytes) = 0;
    /// All the bytes that are there, until the next call of `took`.
    [[nodiscard]] virtual ByteView arrived() const = 0;
    /// Drops the first of them.
    virtual void took(std::size_t bytes) = 0;
    /// Up to `most` of the bytes that are there.
    [[nodiscard]] qint64 read(char* out, qint64 most) {
        const ByteView bytes = arrived();
        const std::size_t size = std::min(bytes.size(), static_cast<std::size_t>(most));
        std::copy_n(bytes.begin(), size, reinterpret_cast<Byte*>(out));
        took(size);
        return static_cast<qint64>(size);
    }
    virtual void write(const QByteArray& bytes) = 0;
    /// Written, but not yet with the system.
    [[nodiscard]] virtual qint64 unsent() const = 0;
    /// Hangs up once everything that was written is with the system.
    virtual void close() = 0;
    virtual void abort() = 0;
};

/// What speaks one version of HTTP on a connection. Thread: the server's.
class Session {
public:
    virtual ~Session() = default;
    /// There are bytes to read.
    virtual void onBytes() = 0;
    /// Some of what was unsent is with the system now.
    virtual void onSent() = 0;
    /// Ends what waited too long for its client.
    virtual void checkDeadline(SteadyTime now) = 0;
    /// Takes no new request, and closes the wire after the replies to those under way.
    virtual void stop() = 0;
    /// The wire has ended, and the session goes soon: the store is given what came of shares.
    virtual void onGone() = 0;
};

}  // namespace tarn::server
