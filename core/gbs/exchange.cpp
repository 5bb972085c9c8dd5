#include "core/gbs/exchange.h"

#include "core/gbs/reply_errors.h"

#include <QAbstractEventDispatcher>

#include <algorithm>

namespace tarn::gbs {

namespace {

/// The body of an error is read and dropped, so that the connection can go on; but not for ever.
constexpr std::size_t mostErrorBody = 64 * 1024;

/// The media type alone, without parameters, in lower case.
QByteArray mediaType(const QByteArray& header) {
    return header.split(';').constFirst().trimmed().toLower();
}

}  // namespace

Exchange::Exchange(Request request, std::string server, std::stop_token stop,
                   std::function<void(const std::shared_ptr<Exchange>&)> ended)
    : m_request(std::move(request)), m_server(std::move(server)), m_stop(std::move(stop)), m_ended(std::move(ended)) {}

Exchange::~Exchange() = default;

void Exchange::watchStop() {
    m_onStop.emplace(m_stop, [weak = weak_from_this()] {
        if (const auto strong = weak.lock()) {
            strong->fail({ErrorCode::Cancelled, {}, false});
        }
    });
}

void Exchange::follow(QNetworkReply* reply, std::chrono::milliseconds connectTimeout,
                      std::chrono::milliseconds silenceTimeout) {
    m_reply = reply;
    m_silenceTimeout = silenceTimeout;
    m_watch.setSingleShot(true);
    QObject::connect(&m_watch, &QTimer::timeout, &m_watch, [this] { onSilence(); });
    QObject::connect(reply, &QNetworkReply::requestSent, &m_watch, [this] { onLife(); });
    QObject::connect(reply, &QNetworkReply::uploadProgress, &m_watch, [this](qint64 sent, qint64) {
        if (sent > 0) {
            onLife();
        }
    });
    QObject::connect(reply, &QNetworkReply::metaDataChanged, &m_watch, [this] { onHead(); });
    QObject::connect(reply, &QNetworkReply::readyRead, &m_watch, [this] { onBytes(); });
    QObject::connect(reply, &QNetworkReply::finished, &m_watch, [this] { onFinished(); });
    m_watch.start(connectTimeout);
}

void Exchange::fail(Error error) {
    end(failure(std::move(error)));
}

void Exchange::onLife() {
    m_sent = true;
    m_watch.start(m_silenceTimeout);
}

void Exchange::onSilence() {
    fail({ErrorCode::TimedOut, m_sent ? m_server + " fell silent" : m_server + " could not be connected to in time",
          true});
}

void Exchange::onHead() {
    onLife();
    const int status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    m_answer.status = status;
    m_http2 = m_reply->attribute(QNetworkRequest::Http2WasUsedAttribute).toBool();
    m_accepted = std::ranges::find(m_request.accepted, status) != m_request.accepted.end();
    m_answer.fromTarn = m_reply->rawHeader("Server").startsWith("tarn/");
    if (!m_accepted || m_request.answerType == nullptr || status == 204) {
        return;
    }
    // Nothing was asked to be compressed: a body that says it is would otherwise be taken for the share's bytes.
    const QByteArray encoding = m_reply->rawHeader("Content-Encoding").trimmed().toLower();
    if (!encoding.isEmpty() && encoding != "identity") {
        fail(violation(m_server, "answered in an encoding that was not asked for"));
        return;
    }
    if (mediaType(m_reply->rawHeader("Content-Type")) != m_request.answerType) {
        fail(violation(m_server, "answered with a body of another type than the protocol says"));
        return;
    }
    const QByteArray contentRange = m_reply->rawHeader("Content-Range");
    m_answer.contentRange = formats::gbs::parseContentRange(
        std::string_view(contentRange.constData(), static_cast<std::size_t>(contentRange.size())));
    bool known = false;
    const qulonglong length = m_reply->rawHeader("Content-Length").toULongLong(&known);
    if (known) {
        if (length > m_request.mostAnswer) {
            fail(violation(m_server, "announces a longer body than was asked for"));
            return;
        }
        m_answer.body.reserve(static_cast<std::size_t>(length));
    }
}

void Exchange::onBytes() {
    onLife();
    const auto available = static_cast<std::size_t>(std::max<qint64>(m_reply->bytesAvailable(), 0));
    if (available == 0) {
        return;
    }
    if (!m_accepted || m_request.answerType == nullptr) {
        m_dropped += available;
        (void)m_reply->skip(static_cast<qint64>(available));
        if (m_dropped > mostErrorBody) {
            onFinished();
        }
        return;
    }
    const std::size_t have = m_answer.body.size();
    if (available > m_request.mostAnswer - have) {
        fail(violation(m_server, "sent a longer body than was asked for"));
        return;
    }
    m_answer.body.resize(have + available);
    const qint64 got =
        m_reply->read(reinterpret_cast<char*>(m_answer.body.data() + have), static_cast<qint64>(available));
    m_answer.body.resize(have + static_cast<std::size_t>(std::max<qint64>(got, 0)));
}

void Exchange::onFinished() {
    if (m_reply->bytesAvailable() > 0 && m_dropped <= mostErrorBody) {
        onBytes();
        if (over()) {
            return;
        }
    }
    const int status = m_answer.status;
    // The reply turns statuses from 400 on into errors of its own; those are answers to us.
    if (m_reply->error() != QNetworkReply::NoError && status < 400) {
        fail(transportError(m_server, m_reply->error(), status != 0));
    } else if (m_accepted) {
        end(std::move(m_answer));
    } else if (status == 405 && m_request.notAllowedMeansConflict) {
        fail({ErrorCode::Conflict, m_server + " holds the share complete", false});
    } else if (status == 0) {
        fail(violation(m_server, "gave no answer"));
    } else {
        fail(statusError(m_server, status));
    }
}

void Exchange::end(Result<Answer> outcome) {
    if (over()) {
        return;
    }
    const auto self = shared_from_this();
    m_outcome = std::move(outcome);
    m_watch.stop();
    if (m_reply != nullptr) {
        m_reply->disconnect(&m_watch);
        m_reply->abort();
        m_reply->deleteLater();
        m_reply = nullptr;
    }
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
