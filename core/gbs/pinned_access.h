#pragma once

#include "core/formats/nurl.h"
#include "core/gbs/exchange.h"
#include "core/gbs/gbs_server.h"

#include <QList>
#include <QNetworkAccessManager>
#include <QNetworkRequest>
#include <QSslCertificate>
#include <QSslError>
#include <QUrl>

#include <deque>
#include <memory>
#include <stop_token>
#include <string>

namespace tarn::gbs {

/// The HTTPS connections to one server at one address, open to nobody but the holder of the key that the NURL names.
///
/// A connection is fit for use in one of two ways only: TLS complains about the certificate, as it always does without
/// any trusted authority, and the complaint is waved through because the key is the pinned one; or TLS does not
/// complain and the key is checked when the handshake is over, before the request is handed to the connection. The
/// first server with another key fails every call under way and waiting with WrongCertificate, and all connections are
/// given up.
///
/// The first handshake tells which version of HTTP the server speaks. Until then requests that would be written
/// otherwise over the one than over the other wait: a question for the server's version goes ahead of them where
/// nothing else does.
///
/// Over HTTP/1.1 at most `mostRunning` requests run at once; over HTTP/2 as many as a connection carries, with bodies
/// up to a limit. The others wait here, where they cost no timeout. Thread: that of the event loop it was made on; the
/// sockets live on a thread of QNetworkAccessManager.
class PinnedAccess {
public:
    /// What makes TLS content by itself. Empty in the program; tests fill it in to reach the second way.
    struct Trust {
        QList<QSslCertificate> authorities;
        QString peerName;
    };

    PinnedAccess(const formats::Nurl& nurl, std::string server, const Limits& limits, Trust trust = {});
    PinnedAccess(const PinnedAccess&) = delete;
    PinnedAccess& operator=(const PinnedAccess&) = delete;
    ~PinnedAccess();

    [[nodiscard]] const std::string& server() const noexcept { return m_server; }
    [[nodiscard]] const Limits& limits() const noexcept { return m_limits; }

    /// Sends a request when its turn comes. The access must live until the exchange is over.
    [[nodiscard]] Exchanged send(Request request, std::stop_token stop);

    /// Ends every call with Cancelled, and later ones at once.
    void close();

    /// QNetworkAccessManager's own number of connections to one host.
    static constexpr std::size_t mostRunning = 6;

private:
    enum class Version : std::uint8_t { Unknown, Http1, Http2 };

    void startWaiting();
    [[nodiscard]] bool mayStart(const Request& request) const;
    /// Finds out the version where nobody under way does.
    void probe();
    void learnVersion(const Exchange& over);
    void learnVersion(const QSslConfiguration& agreed);
    void start(const std::shared_ptr<Exchange>& exchange);
    void forget(const std::shared_ptr<Exchange>& exchange);
    void failAll(const Error& error);
    void onComplaint(QNetworkReply* reply, const QList<QSslError>& errors);
    void onEncrypted(QNetworkReply* reply);
    void onSent();
    void onImpostor();
    [[nodiscard]] bool showsPinnedKey(const QSslCertificate& certificate) const;
    [[nodiscard]] QNetworkRequest prepare(const Request& request) const;

    crypto::Hash m_pin;
    std::string m_server;
    Limits m_limits;
    QUrl m_root;
    QNetworkRequest m_blank;
    std::unique_ptr<QNetworkAccessManager> m_manager;
    std::deque<std::shared_ptr<Exchange>> m_waiting;
    std::vector<std::shared_ptr<Exchange>> m_running;
    Version m_version = Version::Unknown;
    std::shared_ptr<Exchange> m_probe;
    bool m_closed = false;
    int m_looks = 0;  // how many more requests look for connections that were made without a word
};

}  // namespace tarn::gbs
