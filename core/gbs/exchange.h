#pragma once

#include "core/formats/gbs_messages.h"
#include "core/foundation/bytes.h"
#include "core/foundation/result.h"

#include <QNetworkReply>
#include <QTimer>

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace tarn::gbs {

/// One HTTP request, and what may be answered to it.
struct Request {
    enum class Verb : std::uint8_t { Get, Post, Put, Patch };

    Verb verb = Verb::Get;
    std::string path;                          ///< from the root, ASCII, needing no escapes
    std::vector<std::string> secrets;          ///< values for `X-Tahoe-Authorization`
    std::optional<formats::gbs::Range> range;  ///< what to read (GET), or where the body stands (PATCH)
    SharedBytes body;                          ///< none for a request without a body
    const char* bodyType = nullptr;            ///< media type of `body`
    std::vector<int> accepted;                 ///< statuses that are answers; every other one is an error
    bool notAllowedMeansConflict = false;      ///< whether 405 says that the share is complete
    const char* answerType = nullptr;          ///< media type that a body must have; none: bodies are dropped
    std::size_t mostAnswer = 0;                ///< of the body, in bytes
};

/// What came back, with one of the accepted statuses.
struct Answer {
    int status = 0;
    std::optional<formats::gbs::Range> contentRange;
    bool fromTarn = false;  ///< the server calls itself one of ours
    Bytes body;
};

/// One request on its way: waiting for its turn, running, or over. Ends once, with an answer or an error, and resumes
/// the coroutine that waits for it from the event loop, never from inside a signal: whoever is resumed may destroy
/// anything.
///
/// Thread: that of the access it runs on. Cancel: ends with Cancelled at once, and drops the connection it was using.
class Exchange : public std::enable_shared_from_this<Exchange> {
public:
    /// `server` names the server for people; `ended` is called when the exchange is over, from wherever it ended.
    Exchange(Request request, std::string server, std::stop_token stop,
             std::function<void(const std::shared_ptr<Exchange>&)> ended);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    /// Whether the answer came over HTTP/2; none while no head of one has come.
    [[nodiscard]] std::optional<bool> http2() const noexcept { return m_http2; }
    [[nodiscard]] const Request& request() const noexcept { return m_request; }

    /// Ends it as soon as its stop token says so; to be called once it is kept by whoever runs it.
    void watchStop();

    /// Follows `reply` to its end. Takes over its deletion.
    void follow(QNetworkReply* reply, std::chrono::milliseconds connectTimeout,
                std::chrono::milliseconds silenceTimeout);
    void fail(Error error);
    /// The context for further connections to the reply; they end with the exchange.
    [[nodiscard]] const QObject* context() const noexcept { return &m_watch; }

    // What makes it awaitable, through an `Exchanged`.
    [[nodiscard]] bool over() const noexcept { return m_outcome.has_value(); }
    void setWaiting(std::coroutine_handle<> waiting) noexcept { m_waiting = waiting; }
    [[nodiscard]] Result<Answer> takeOutcome() { return std::move(*m_outcome); }

private:
    void onHead();
    void onBytes();
    void onFinished();
    void onSilence();
    void onLife();
    void end(Result<Answer> outcome);

    Request m_request;
    std::string m_server;
    std::stop_token m_stop;
    std::function<void(const std::shared_ptr<Exchange>&)> m_ended;
    std::optional<std::stop_callback<std::function<void()>>> m_onStop;
    std::optional<Result<Answer>> m_outcome;
    std::coroutine_handle<> m_waiting;

    QNetworkReply* m_reply = nullptr;
    QTimer m_watch;  // also the context of every connection from the reply
    std::chrono::milliseconds m_silenceTimeout{0};
    bool m_sent = false;
    bool m_accepted = false;
    std::optional<bool> m_http2;
    std::size_t m_dropped = 0;
    Answer m_answer;
};

/// Waits until an exchange is over.
struct Exchanged {
    std::shared_ptr<Exchange> exchange;
    [[nodiscard]] bool await_ready() const noexcept { return exchange->over(); }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { exchange->setWaiting(waiting); }
    [[nodiscard]] Result<Answer> await_resume() const { return exchange->takeOutcome(); }
};

}  // namespace tarn::gbs
