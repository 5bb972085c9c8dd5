#include "core/gbs/pinned_access.h"

#include "core/gbs/low_delay.h"
#include "core/gbs/secret_headers.h"
#include "core/x509/certificate.h"

#include <QBuffer>
#include <QHostAddress>
#include <QNetworkProxy>
#include <QRandomGenerator>
#include <QSslConfiguration>

#include <algorithm>

namespace tarn::gbs {

namespace {

/// An address that no certificate is made out to, drawn anew for each access from the range that nobody uses (RFC
/// 1112).
///
/// TLS is told that it wants to reach this address, so it complains of every certificate by name, the pinned one too.
/// That matters where certificates of several servers come from one issuer: without a complaint that names the server's
/// own certificate, what is waved through once would let another certificate of that issuer pass without a question. An
/// address and not a name, because a name would be sent to the server, which could then show a certificate for it.
QString nobody() {
    return QHostAddress(0xF000'0000U | QRandomGenerator::system()->bounded(1U << 28U)).toString();
}

/// Of one connection over HTTP/2: requests, and bytes of their bodies, which share its line. Were there more, a slow
/// line would have some of them wait into their timeout, and a fast one would copy all of them into the socket's
/// buffers.
constexpr std::size_t mostStreams = 96;
constexpr std::size_t mostBodies = 1UL * 1024 * 1024;

std::size_t bodySize(const Request& request) {
    return request.body ? request.body->size() : 0;
}

/// A connection whose handshake is over when no request is left to be told of it shows only by its use. After each
/// attempt to connect, so many requests look for one.
constexpr int looksPerConnection = 8;

QSslConfiguration pinnedTls(const QList<QSslCertificate>& authorities) {
    QSslConfiguration tls;
    tls.setProtocol(QSsl::TlsV1_2OrLater);
    tls.setPeerVerifyMode(QSslSocket::VerifyPeer);
    // Setting the list, even an empty one, also keeps the system's own authorities from being loaded on demand.
    tls.setCaCertificates(authorities);
    // A resumed session shows no certificate anew; every connection is to be judged by its own handshake.
    tls.setSslOption(QSsl::SslOptionDisableSessionTickets, true);
    tls.setSslOption(QSsl::SslOptionDisableSessionSharing, true);
    tls.setSslOption(QSsl::SslOptionDisableSessionPersistence, true);
    return tls;
}

QByteArray bytesOf(const std::string& text) {
    return QByteArray::fromStdString(text);
}

/// Lends shared bytes to a request without copying them, and keeps them until the reply goes.
class LentBody final : public QBuffer {
public:
    LentBody(SharedBytes bytes, QObject* parent) : QBuffer(parent), m_bytes(std::move(bytes)) {
        setData(QByteArray::fromRawData(reinterpret_cast<const char*>(m_bytes->data()),
                                        static_cast<qsizetype>(m_bytes->size())));
        open(QIODevice::ReadOnly);
    }

private:
    SharedBytes m_bytes;
};

const char* verbOf(Request::Verb verb) {
    switch (verb) {
    case Request::Verb::Get: return "GET";
    case Request::Verb::Post: return "POST";
    case Request::Verb::Put: return "PUT";
    case Request::Verb::Patch: return "PATCH";
    }
    return "";
}

}  // namespace

PinnedAccess::PinnedAccess(const formats::Nurl& nurl, std::string server, const Limits& limits, Trust trust)
    : m_pin(nurl.spkiHash), m_server(std::move(server)), m_limits(limits),
      m_version(limits.http2 ? Version::Unknown : Version::Http1) {
    m_root.setScheme(QStringLiteral("https"));
    m_root.setHost(QString::fromStdString(nurl.host));
    m_root.setPort(nurl.port);

    m_blank.setSslConfiguration(pinnedTls(trust.authorities));
    m_blank.setPeerVerifyName(trust.peerName.isEmpty() ? nobody() : trust.peerName);
    m_blank.setAttribute(QNetworkRequest::Http2AllowedAttribute, limits.http2);
    m_blank.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    m_blank.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    m_blank.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    // Else a server's challenge would put an Authorization of its own kind in the place of ours.
    m_blank.setAttribute(QNetworkRequest::AuthenticationReuseAttribute, QNetworkRequest::Manual);
    m_blank.setRawHeader("Authorization", bytesOf(formats::gbs::writeAuthorization(nurl.swissnum.reveal())));
    m_blank.setRawHeader("User-Agent", "tarn/0.1");
    m_blank.setRawHeader("Accept-Encoding", "identity");
    // Left out, it would tell every server the person's language.
    m_blank.setRawHeader("Accept-Language", "*");
}

PinnedAccess::~PinnedAccess() {
    close();
}

Exchanged PinnedAccess::send(Request request, std::stop_token stop) {
    auto exchange = std::make_shared<Exchange>(std::move(request), m_server, std::move(stop),
                                               [this](const std::shared_ptr<Exchange>& over) { forget(over); });
    if (m_closed) {
        exchange->fail({ErrorCode::Cancelled, {}, false});
        return {exchange};
    }
    m_waiting.push_back(exchange);
    exchange->watchStop();
    startWaiting();
    return {exchange};
}

void PinnedAccess::close() {
    m_closed = true;
    failAll({ErrorCode::Cancelled, {}, false});
}

void PinnedAccess::startWaiting() {
    while (!m_waiting.empty() && mayStart(m_waiting.front()->request())) {
        const auto next = std::move(m_waiting.front());
        m_waiting.pop_front();
        m_running.push_back(next);
        start(next);
    }
    probe();
}

bool PinnedAccess::mayStart(const Request& request) const {
    if (m_version == Version::Http2) {
        std::size_t bodies = bodySize(request);
        for (const auto& running : m_running) {
            bodies += bodySize(running->request());
        }
        return m_running.empty() || (m_running.size() < mostStreams && bodies <= mostBodies);
    }
    return m_running.size() < mostRunning && (m_version == Version::Http1 || request.secrets.size() < 2);
}

void PinnedAccess::probe() {
    if (m_version != Version::Unknown || m_waiting.empty() || !m_running.empty()) {
        return;
    }
    Request request;
    request.path = "/storage/v1/version";
    m_probe = std::make_shared<Exchange>(std::move(request), m_server, std::stop_token(),
                                         [this](const std::shared_ptr<Exchange>& over) { forget(over); });
    m_running.push_back(m_probe);
    start(m_probe);
}

void PinnedAccess::learnVersion(const Exchange& over) {
    if (!m_limits.http2) {
        return;
    }
    if (const auto http2 = over.http2()) {
        m_version = *http2 ? Version::Http2 : Version::Http1;
    } else if (&over == m_probe.get()) {
        // Who gives no answer to this may give one to the others.
        m_version = Version::Http1;
    }
}

void PinnedAccess::learnVersion(const QSslConfiguration& agreed) {
    if (m_limits.http2) {
        const bool http2 = agreed.nextNegotiatedProtocol() == QSslConfiguration::ALPNProtocolHTTP2;
        m_version = http2 ? Version::Http2 : Version::Http1;
    }
}

void PinnedAccess::start(const std::shared_ptr<Exchange>& exchange) {
    if (!m_manager) {
        m_manager = std::make_unique<QNetworkAccessManager>();
        m_manager->setProxy(QNetworkProxy::NoProxy);
        m_manager->setAutoDeleteReplies(false);
    }
    const Request& request = exchange->request();
    auto body = request.body ? std::make_unique<LentBody>(request.body, nullptr) : nullptr;
    QNetworkReply* const reply = request.verb == Request::Verb::Get
                                     ? m_manager->get(prepare(request))
                                     : m_manager->sendCustomRequest(prepare(request), verbOf(request.verb), body.get());
    if (body) {
        body.release()->setParent(reply);
    }
    // These two run while the connection's thread waits for them: no byte of the request moves meanwhile. With the
    // exchange their connections end as well, and a handshake that nobody judges any more fails.
    QObject::connect(reply, &QNetworkReply::sslErrors, exchange->context(),
                     [this, reply](const QList<QSslError>& errors) { onComplaint(reply, errors); });
    QObject::connect(reply, &QNetworkReply::encrypted, exchange->context(), [this, reply] { onEncrypted(reply); });
    QObject::connect(
        reply, &QNetworkReply::encrypted, exchange->context(), [this] { startWaiting(); }, Qt::QueuedConnection);
    QObject::connect(reply, &QNetworkReply::socketStartedConnecting, exchange->context(),
                     [this] { m_looks = looksPerConnection; });
    QObject::connect(reply, &QNetworkReply::requestSent, exchange->context(), [this] { onSent(); });
    exchange->follow(reply, m_limits.connectTimeout, m_limits.silenceTimeout);
}

QNetworkRequest PinnedAccess::prepare(const Request& request) const {
    QNetworkRequest prepared(m_blank);
    QUrl url(m_root);
    url.setPath(QString::fromLatin1(request.path.data(), static_cast<qsizetype>(request.path.size())));
    prepared.setUrl(url);
    // A body of a known length then arrives in one piece of memory; a longer one is refused at its head.
    prepared.setAttribute(QNetworkRequest::MaximumDownloadBufferSizeAttribute,
                          static_cast<qlonglong>(request.mostAnswer));
    if (request.answerType != nullptr) {
        prepared.setRawHeader("Accept", request.answerType);
    }
    if (request.bodyType != nullptr) {
        prepared.setRawHeader("Content-Type", request.bodyType);
    }
    if (!request.body && request.verb != Request::Verb::Get) {
        prepared.setRawHeader("Content-Length", "0");
    }
    if (request.range) {
        if (request.verb == Request::Verb::Get) {
            prepared.setRawHeader("Range", bytesOf(formats::gbs::writeRange(*request.range)));
        } else {
            prepared.setRawHeader("Content-Range", bytesOf(formats::gbs::writeContentRange(*request.range)));
        }
    }
    addSecretHeaders(prepared, request.secrets, m_version == Version::Http2);
    return prepared;
}

void PinnedAccess::forget(const std::shared_ptr<Exchange>& exchange) {
    learnVersion(*exchange);
    if (exchange == m_probe) {
        m_probe.reset();
    }
    std::erase(m_running, exchange);
    std::erase(m_waiting, exchange);
    startWaiting();
}

void PinnedAccess::failAll(const Error& error) {
    // Ending one starts the next; with both lists emptied first there is no next.
    const auto waiting = std::exchange(m_waiting, {});
    const auto running = std::exchange(m_running, {});
    for (const auto& exchange : waiting) {
        exchange->fail(error);
    }
    for (const auto& exchange : running) {
        exchange->fail(error);
    }
}

void PinnedAccess::onComplaint(QNetworkReply* reply, const QList<QSslError>& errors) {
    const QSslCertificate shown = reply->sslConfiguration().peerCertificate();
    const bool namesIt =
        std::ranges::any_of(errors, [&](const QSslError& error) { return error.certificate() == shown; });
    const bool namesAlwaysOne =
        std::ranges::none_of(errors, [](const QSslError& error) { return error.certificate().isNull(); });
    if (!namesIt || !namesAlwaysOne || !showsPinnedKey(shown)) {
        onImpostor();
        return;
    }
    // Exactly these complaints, each of which names a certificate: an unlimited permission would outlive this handshake
    // and cover whoever answers at the next one.
    reply->ignoreSslErrors(errors);
}

void PinnedAccess::onEncrypted(QNetworkReply* reply) {
    if (!showsPinnedKey(reply->sslConfiguration().peerCertificate())) {
        onImpostor();
        return;
    }
    learnVersion(reply->sslConfiguration());
    setLowDelay(static_cast<std::uint16_t>(m_root.port()));
}

void PinnedAccess::onSent() {
    if (m_looks > 0) {
        --m_looks;
        setLowDelay(static_cast<std::uint16_t>(m_root.port()));
    }
}

void PinnedAccess::onImpostor() {
    // Also the manager goes, with every connection it has open and all it has waved through. Not at once: its thread is
    // waiting for this very call to return.
    if (auto* const manager = m_manager.release()) {
        manager->deleteLater();
    }
    failAll({ErrorCode::WrongCertificate, m_server + " shows another key than its address names", false});
}

bool PinnedAccess::showsPinnedKey(const QSslCertificate& certificate) const {
    const QByteArray der = certificate.toDer();
    const auto hash =
        x509::spkiHash({reinterpret_cast<const Byte*>(der.constData()), static_cast<std::size_t>(der.size())});
    return hash && equalConstantTime(hash->bytes(), m_pin.bytes());
}

}  // namespace tarn::gbs
