#pragma once

#include "core/foundation/result.h"
#include "core/gbs/request.h"

#include <QTimer>

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace tarn::gbs {

/// One request on its way: waiting for its turn, on a connection, or over. Ends once, with an answer or an error, and
/// resumes the coroutine that waits for it from the event loop, never from inside a signal: whoever is resumed may
/// destroy anything.
///
/// Thread: that of the access it runs on. Cancel: ends with Cancelled at once, and its connection is told.
class Exchange : public std::enable_shared_from_this<Exchange> {
public:
    /// `server` names the server for people; `ended` is called when the exchange is over, from wherever it ended.
    Exchange(Request request, std::string server, std::stop_token stop,
             std::function<void(const std::shared_ptr<Exchange>&)> ended);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    [[nodiscard]] const Request& request() const noexcept { return m_request; }

    /// Ends it as soon as its stop token says so; to be called once it is kept by whoever runs it.
    void watchStop();

    /// It is on a connection: from now on silence ends it.
    void begin(std::chrono::milliseconds silenceTimeout);
    /// A byte of it moved, in either direction.
    void onLife();
    [[nodiscard]] std::chrono::steady_clock::time_point lastLife() const noexcept { return m_lastLife; }
    /// The head of the answer. Ends the exchange if its body is not one that was asked for.
    void onHead(const AnswerHead& head);
    /// More of the answer's body.
    void onBody(ByteView bytes);
    /// The answer is whole.
    void onEnd();
    void fail(Error error);

    /// Takes it off a connection that broke before an answer came, to be sent once more on another. False where it may
    /// not be, or was already.
    [[nodiscard]] bool setAside();
    [[nodiscard]] bool hasHead() const noexcept { return m_answer.status != 0; }

    // What makes it awaitable, through an `Exchanged`.
    [[nodiscard]] bool over() const noexcept { return m_outcome.has_value(); }
    void setWaiting(std::coroutine_handle<> waiting) noexcept { m_waiting = waiting; }
    [[nodiscard]] Result<Answer> takeOutcome() { return std::move(*m_outcome); }

private:
    [[nodiscard]] bool keepsBody() const;
    void onSilence();
    void end(Result<Answer> outcome);

    Request m_request;
    std::string m_server;
    std::stop_token m_stop;
    std::function<void(const std::shared_ptr<Exchange>&)> m_ended;
    std::optional<std::stop_callback<std::function<void()>>> m_onStop;
    std::optional<Result<Answer>> m_outcome;
    std::coroutine_handle<> m_waiting;

    QTimer m_watch;
    std::chrono::milliseconds m_silenceTimeout{0};
    std::chrono::steady_clock::time_point m_lastLife;
    bool m_repeated = false;
    bool m_accepted = false;
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
