#pragma once

#include "core/gbs/request_head.h"
#include "core/gbs/session.h"

#include <string>

namespace tarn::gbs {

/// HTTP/1.1 on one connection: one exchange after the other. The grammar of answers is Boost.Beast's: see
/// core/doc/adr/0006-an-http-client-of-our-own.md.
class Http1Session final : public Session {
public:
    /// `caller` and `wire` must outlive it; `server` names the server for people.
    Http1Session(const Caller& caller, std::string server, std::chrono::milliseconds silenceTimeout, Wire& wire);
    ~Http1Session() override;

    [[nodiscard]] bool hasRoom(const Request& request) const override;
    [[nodiscard]] bool goesOn() const override;
    void send(std::shared_ptr<Exchange> exchange) override;
    bool drop(const Exchange& exchange) override;
    void onBytes() override;
    void onSent() override;
    void onHungUp() override;
    [[nodiscard]] std::vector<std::shared_ptr<Exchange>> takeRunning() override;

private:
    class AnswerParser;

    void sendMore();
    void parse();
    void finish();

    const Caller& m_caller;
    std::string m_server;
    std::chrono::milliseconds m_silenceTimeout;
    Wire& m_wire;
    std::shared_ptr<Exchange> m_exchange;
    std::unique_ptr<AnswerParser> m_parser;
    std::size_t m_sent = 0;  ///< of the request's body
    QByteArray m_input;      ///< of the answer, what the parser has not taken
    bool m_over = false;
};

}  // namespace tarn::gbs
