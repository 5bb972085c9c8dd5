#pragma once

#include "core/gbs/exchange.h"

#include <QByteArray>

#include <memory>
#include <vector>

namespace tarn::gbs {

/// The bytes of a connection, as a session sees them. Nothing arrives and nothing is sent once it was given up.
class Wire {
public:
    virtual ~Wire() = default;
    /// All the bytes that are there, until the next call of `took`.
    [[nodiscard]] virtual ByteView arrived() const = 0;
    /// Drops the first of them.
    virtual void took(std::size_t bytes) = 0;
    virtual void write(const QByteArray& bytes) = 0;
    /// Written, but not yet with the system.
    [[nodiscard]] virtual qint64 unsent() const = 0;
    /// Takes back an exchange that the server has not looked at, to be sent on another connection.
    virtual void giveBack(const std::shared_ptr<Exchange>& exchange) = 0;
    /// Ends the connection, and with `error` what is under way on it and may not be sent again.
    virtual void giveUp(Error error) = 0;
};

/// What speaks one version of HTTP on a connection, from the handshake on. Thread: that of the access.
class Session {
public:
    virtual ~Session() = default;
    /// Whether `request` may go out at once, beside those under way.
    [[nodiscard]] virtual bool hasRoom(const Request& request) const = 0;
    /// Whether there will be room again; else the connection ends with what is under way on it.
    [[nodiscard]] virtual bool goesOn() const = 0;
    virtual void send(std::shared_ptr<Exchange> exchange) = 0;
    /// Lets go of an exchange that is over before its answer is whole. False where it has none such.
    virtual bool drop(const Exchange& exchange) = 0;
    /// There are bytes to read.
    virtual void onBytes() = 0;
    /// Some of what was unsent is with the system now.
    virtual void onSent() = 0;
    /// The server has hung up: an answer that is whole by that is ended.
    virtual void onHungUp() = 0;
    /// Everything that is under way, given back.
    [[nodiscard]] virtual std::vector<std::shared_ptr<Exchange>> takeRunning() = 0;
};

}  // namespace tarn::gbs
