#pragma once

#include "core/gbs/request_head.h"
#include "core/gbs/session.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

struct nghttp2_session;

namespace tarn::gbs {

/// HTTP/2 on one connection: many exchanges at once, each a stream. The protocol's grammar is libnghttp2's: see
/// core/doc/adr/0006-an-http-client-of-our-own.md.
///
/// A server can make it hold no more than the answers that were asked for: their bytes are handed on as they come, so
/// the windows are wide. Bodies wait for the server's windows and for the line.
class Http2Session final : public Session {
public:
    /// `caller` and `wire` must outlive it; `server` names the server for people.
    Http2Session(const Caller& caller, std::string server, std::chrono::milliseconds silenceTimeout, Wire& wire);
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;
    ~Http2Session() override;

    [[nodiscard]] bool hasRoom(const Request& request) const override;
    [[nodiscard]] bool goesOn() const override;
    void send(std::shared_ptr<Exchange> exchange) override;
    bool drop(const Exchange& exchange) override;
    void onBytes() override;
    void onSent() override;
    void onHungUp() override {}
    [[nodiscard]] std::vector<std::shared_ptr<Exchange>> takeRunning() override;

private:
    struct Stream;
    struct Callbacks;

    // What the library calls for what it read.
    void onHeader(Stream& stream, std::string_view name, std::string_view value);
    void onHead(Stream& stream);
    void onAnswered(Stream& stream);
    void onStreamClosed(std::int32_t id, std::uint32_t reason);
    void onGoAway();
    void writeData(Stream& stream, const std::uint8_t* frameHead, std::size_t size);
    /// Enough is handed to TLS for now.
    [[nodiscard]] bool isFull() const;

    [[nodiscard]] Stream* find(std::int32_t id);
    /// Parts an exchange from its stream, which makes room for another though the stream has yet to end.
    [[nodiscard]] std::shared_ptr<Exchange> release(Stream& stream);
    /// Counts a frame that brings nothing.
    void countIdleFrame();
    void flush();
    void giveUp(const std::string& what);

    const Caller& m_caller;
    std::string m_server;
    std::chrono::milliseconds m_silenceTimeout;
    Wire& m_wire;
    nghttp2_session* m_session = nullptr;
    std::map<std::int32_t, std::unique_ptr<Stream>> m_streams;
    std::size_t m_running = 0;  ///< streams that have an exchange
    std::size_t m_bodies = 0;   ///< bytes of their bodies

    QByteArray m_out;        ///< what is to be written as one
    bool m_feeding = false;  ///< the library is reading: it must not be asked to write
    bool m_flushing = false;
    bool m_over = false;
    bool m_leaving = false;                         ///< the server takes no further stream
    std::chrono::steady_clock::time_point m_heard;  ///< when bytes came last
    int m_idleFrames = 0;                           ///< since the server last did anything useful
};

}  // namespace tarn::gbs
