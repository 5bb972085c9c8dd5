#pragma once

#include "core/server/exchange.h"
#include "core/server/session.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

struct nghttp2_session;

namespace tarn::server {

/// HTTP/2 on one connection: many requests at once, each a stream. The protocol's grammar is libnghttp2's: see
/// core/doc/adr/0011-http2-by-nghttp2.md, also for what is done against clients that mean harm.
///
/// What a client can make it hold is bounded by the connection's window in one direction, which grows beyond HTTP/2's
/// least only for who has shown the swissnum and only while memory is to be had; and by two pieces a stream in the
/// other, which its claims cover. Thread: the server's.
class Http2Session final : public Session, private Carrier {
public:
    /// All must outlive it.
    Http2Session(Shared& shared, std::shared_ptr<Client> client, Metrics::Visit& visit, Wire& wire);
    ~Http2Session() override;

    void onBytes() override;
    void onSent() override;
    void checkDeadline(SteadyTime now) override;
    void stop() override;
    void onGone() override;

private:
    struct Stream;
    struct Callbacks;

    [[nodiscard]] BodyPieces bodyPieces(Exchange& exchange) override;
    [[nodiscard]] std::size_t replyPiece(Exchange& exchange, std::uint64_t length) override;
    void onTaken(Exchange& exchange, std::size_t bytes) override;
    void onReply(Exchange& exchange, ReplyHead head, QByteArray piece) override;
    void onPiece(Exchange& exchange, QByteArray piece) override;

    // What the library calls for what it read.
    void onHeadBegun(std::int32_t id);
    void onHeader(Stream& stream, std::string_view name, std::string_view value);
    void onHead(Stream& stream, bool bodyEnded);
    void onBody(std::int32_t id, const std::uint8_t* data, std::size_t size);
    void onReplySent(std::int32_t id);
    void onStreamClosed(std::int32_t id);
    /// How much of `most` bytes the stream's reply has to give; see nghttp2_data_source_read_callback.
    [[nodiscard]] std::ptrdiff_t nextData(Stream& stream, std::size_t most, std::uint32_t& flags);
    void writeData(Stream& stream, const std::uint8_t* frameHead, std::size_t size);

    [[nodiscard]] Stream* find(std::int32_t id);
    /// Counts a frame that brings nothing.
    void countIdleFrame();
    void reply(Stream& stream, const ReplyHead& head, std::optional<Endpoint> endpoint);
    void readAhead(Stream& stream);
    /// Gives bytes of the stream's body back to the windows, or to the connection's alone once the stream is closed.
    void giveBack(Stream& stream, std::uint64_t bytes, bool closed);
    void dropOrphans();
    /// Has the store take half-full pieces where the window would be full of them.
    void relieve();
    /// Takes credit for a larger window, once there is someone to have it for.
    void extendWindow();
    [[nodiscard]] bool isFull() const;
    void send();
    void handOver();
    /// Ends the connection of a client that breaks the protocol, is too slow, or wears us out.
    void shutOut(bool worn);

    Shared& m_shared;
    const std::shared_ptr<Client> m_client;
    Metrics::Visit& m_visit;
    Wire& m_wire;
    nghttp2_session* m_session = nullptr;
    std::map<std::int32_t, std::unique_ptr<Stream>> m_streams;
    /// Streams that are closed while the store still has bytes of theirs.
    std::vector<std::unique_ptr<Stream>> m_orphans;

    QByteArray m_out;        ///< what is to be written as one
    bool m_feeding = false;  ///< the library is reading: it must not be asked to write
    bool m_sending = false;
    bool m_over = false;  ///< closed or aborted
    bool m_stopping = false;
    int m_idleFrames = 0;  ///< since the client last did anything useful
    SteadyTime m_idleFramesSince;
    std::uint64_t m_held = 0;  ///< bytes of bodies that came and were not given back to the window
    std::uint64_t m_window = 0;
    std::shared_ptr<MemoryBudget::Claim> m_credit;  ///< of what the window is larger than HTTP/2's least

    std::optional<SteadyTime> m_idleDeadline;   ///< while no stream is open
    std::optional<SteadyTime> m_writeDeadline;  ///< while something is unsent
};

}  // namespace tarn::server
