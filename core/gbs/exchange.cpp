#include "core/gbs/exchange.h"

#include "core/gbs/reply_errors.h"

#include <QAbstractEventDispatcher>

#include <algorithm>
#include <string_view>

namespace tarn::gbs {

namespace {

/// The body of an error is read and dropped, so that the connection can go on; but not for ever.
constexpr std::size_t mostErrorBody = 64 * 1024;

std::string lowerCase(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

std::string_view trimmed(std::string_view text) {
    constexpr const char* blanks = " \t";
    const std::size_t begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// The media type alone, without parameters, in lower case.
std::string mediaType(std::string_view header) {
    return lowerCase(trimmed(header.substr(0, header.find(';'))));
}

}  // namespace

Exchange::Exchange(Request request, std::string server, std::stop_token stop,
                   std::function<void(const std::shared_ptr<Exchange>&)> ended)
    : m_request(std::move(request)), m_server(std::move(server)), m_stop(std::move(stop)), m_ended(std::move(ended)) {
    m_watch.setSingleShot(true);
    QObject::connect(&m_watch, &QTimer::timeout, &m_watch, [this] { onSilence(); });
}

Exchange::~Exchange() = default;

void Exchange::watchStop() {
    m_onStop.emplace(m_stop, [weak = weak_from_this()] {
        if (const auto strong = weak.lock()) {
            strong->fail({ErrorCode::Cancelled, {}, false});
        }
    });
}

void Exchange::begin(std::chrono::milliseconds silenceTimeout) {
    m_silenceTimeout = silenceTimeout;
    onLife();
    m_watch.start(silenceTimeout);
}

void Exchange::onLife() {
    m_lastLife = std::chrono::steady_clock::now();
}

void Exchange::onSilence() {
    // Life is only noted when it shows; the timer is set anew when it runs out.
    const auto silent =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - m_lastLife);
    if (silent < m_silenceTimeout) {
        m_watch.start(m_silenceTimeout - silent + std::chrono::milliseconds(1));
        return;
    }
    fail({ErrorCode::TimedOut, m_server + " fell silent", true});
}

bool Exchange::keepsBody() const {
    return m_accepted && m_request.answerType != nullptr;
}

void Exchange::onHead(const AnswerHead& head) {
    if (over()) {
        return;
    }
    onLife();
    m_answer.status = head.status;
    m_accepted = std::ranges::find(m_request.accepted, head.status) != m_request.accepted.end();
    m_answer.fromTarn = head.server.starts_with("tarn/");
    if (!keepsBody() || head.status == 204) {
        return;
    }
    // Nothing was asked to be compressed: a body that says it is would otherwise be taken for the share's bytes.
    const std::string encoding = lowerCase(trimmed(head.contentEncoding));
    if (!encoding.empty() && encoding != "identity") {
        fail(violation(m_server, "answered in an encoding that was not asked for"));
        return;
    }
    if (mediaType(head.contentType) != m_request.answerType) {
        fail(violation(m_server, "answered with a body of another type than the protocol says"));
        return;
    }
    m_answer.contentRange = formats::gbs::parseContentRange(head.contentRange);
    if (head.contentLength) {
        if (*head.contentLength > m_request.mostAnswer) {
            fail(violation(m_server, "announces a longer body than was asked for"));
            return;
        }
        m_answer.body.reserve(static_cast<std::size_t>(*head.contentLength));
    }
}

void Exchange::onBody(ByteView bytes) {
    if (over()) {
        return;
    }
    onLife();
    if (!keepsBody()) {
        m_dropped += bytes.size();
        if (m_dropped > mostErrorBody) {
            onEnd();
        }
        return;
    }
    if (bytes.size() > m_request.mostAnswer - m_answer.body.size()) {
        fail(violation(m_server, "sent a longer body than was asked for"));
        return;
    }
    m_answer.body.insert(m_answer.body.end(), bytes.begin(), bytes.end());
}

void Exchange::onEnd() {
    if (over()) {
        return;
    }
    const int status = m_answer.status;
    if (m_accepted) {
        end(std::move(m_answer));
    } else if (status == 405 && m_request.notAllowedMeansConflict) {
        fail({ErrorCode::Conflict, m_server + " holds the share complete", false});
    } else {
        fail(statusError(m_server, status));
    }
}

void Exchange::fail(Error error) {
    end(failure(std::move(error)));
}

bool Exchange::setAside() {
    if (over() || hasHead() || m_repeated || !m_request.mayRepeat) {
        return false;
    }
    m_repeated = true;
    m_watch.stop();
    return true;
}

void Exchange::end(Result<Answer> outcome) {
    if (over()) {
        return;
    }
    const auto self = shared_from_this();
    m_outcome = std::move(outcome);
    m_watch.stop();
    m_ended(self);
    // The event also keeps the exchange, and with it the stop callback that may be running right now.
    QMetaObject::invokeMethod(
        QAbstractEventDispatcher::instance(),
        [self] {
            self->m_onStop.reset();
            if (self->m_waiting) {
                std::exchange(self->m_waiting, {}).resume();
            }
        },
        Qt::QueuedConnection);
}

}  // namespace tarn::gbs
