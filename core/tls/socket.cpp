#include "core/tls/socket.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tarn::tls {

namespace {

constexpr qint64 leastReadAhead = 16LL * 1024;
/// Read by one event, so that one connection's bytes do not keep the others waiting.
constexpr qsizetype mostAtOnce = 256L * 1024;
constexpr qsizetype readPiece = 16L * 1024;
/// What is shorter waits for more in the same record.
constexpr qsizetype shortWrite = 16L * 1024;

int descriptorOf(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool mustTryAgain() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int writeTo(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const auto sent = static_cast<int>(::send(descriptorOf(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL));
    if (sent < 0 && mustTryAgain()) {
        BIO_set_retry_write(bio);
    }
    return sent;
}

int readFrom(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    const auto got = static_cast<int>(::recv(descriptorOf(bio), out, static_cast<std::size_t>(size), 0));
    if (got < 0 && mustTryAgain()) {
        BIO_set_retry_read(bio);
    }
    return got;
}

long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// The way between OpenSSL and a socket. OpenSSL's own writes by write(2), and a peer that hung up would then end the
/// program by a signal.
const BIO_METHOD* wayToSocket() {
    static const std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> method = [] {
        std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> made(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket"), BIO_meth_free);
        if (!made) {
            throw std::bad_alloc();
        }
        BIO_meth_set_write(made.get(), writeTo);
        BIO_meth_set_read(made.get(), readFrom);
        BIO_meth_set_ctrl(made.get(), control);
        return made;
    }();
    return method.get();
}

}  // namespace

Socket::Socket(const Context& context, Poller& poller, int descriptor, Handler& handler)
    : m_poller(poller), m_handler(handler), m_descriptor(descriptor), m_tls(SSL_new(context.get())),
      m_readAhead(leastReadAhead) {
    if (m_tls == nullptr) {
        throw std::bad_alloc();
    }
    const int on = 1;
    (void)::setsockopt(m_descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int flags = ::fcntl(m_descriptor, F_GETFL);
    BIO* const way = BIO_new(wayToSocket());
    if (way == nullptr) {
        SSL_free(m_tls);
        throw std::bad_alloc();
    }
    BIO_set_data(way, reinterpret_cast<void*>(static_cast<std::intptr_t>(m_descriptor)));
    BIO_set_init(way, 1);
    SSL_set_bio(m_tls, way, way);
    const bool usable =
        flags >= 0 && ::fcntl(m_descriptor, F_SETFL, flags | O_NONBLOCK) == 0 && m_poller.add(m_descriptor, *this);
    if (context.isServer()) {
        SSL_set_accept_state(m_tls);
    } else {
        SSL_set_connect_state(m_tls);
        askForLater();  // a client speaks first
    }
    if (!usable) {
        end();
    }
}

Socket::~Socket() {
    abort();
    SSL_free(m_tls);
}

void Socket::abort() {
    m_phase = Phase::Over;
    if (m_descriptor >= 0) {
        m_poller.remove(m_descriptor, *this);
        ::close(std::exchange(m_descriptor, -1));
    }
}

bool Socket::isHttp2() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(m_tls, &name, &size);
    return std::string_view(reinterpret_cast<const char*>(name), size) == "h2";
}

Bytes Socket::peerCertificate() const {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(m_tls), X509_free);
    const int size = certificate ? i2d_X509(certificate.get(), nullptr) : 0;
    Bytes der(static_cast<std::size_t>(std::max(size, 0)));
    unsigned char* at = der.data();
    if (size > 0) {
        i2d_X509(certificate.get(), &at);
    }
    return der;
}

void Socket::askForLater() {
    if (!m_laterAsked) {
        m_laterAsked = true;
        m_poller.later(*this);
    }
}

void Socket::watch(bool readable, bool writable) {
    if (readable != m_readable || writable != m_writable) {
        m_readable = readable;
        m_writable = writable;
        m_poller.watch(m_descriptor, *this, readable, writable);
    }
}

bool Socket::mustWait(int outcome) {
    switch (SSL_get_error(m_tls, outcome)) {
    case SSL_ERROR_WANT_READ: return true;
    case SSL_ERROR_WANT_WRITE: m_waitsToWrite = true; return true;
    case SSL_ERROR_SSL:
        m_brokeRules = ERR_GET_REASON(ERR_peek_error()) != SSL_R_UNEXPECTED_EOF_WHILE_READING;
        return false;
    default: return false;
    }
}

void Socket::onEvents(bool readable, bool writable, bool broken) {
    if (m_phase == Phase::Over) {
        return;
    }
    if (writable) {
        m_waitsToWrite = false;
    }
    if (m_phase == Phase::Handshake) {
        shakeHands();
    } else if (readable) {
        receive();
    }
    if (m_phase == Phase::Open && writable) {
        flush();
        if (m_wrote) {
            askForLater();
        }
    }
    if (broken && !readable && m_phase != Phase::Over) {
        end();
    }
    if (m_phase != Phase::Over) {
        watch(available() < m_readAhead, m_waitsToWrite);
    }
}

void Socket::shakeHands() {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(m_tls);
    if (outcome == 1) {
        m_phase = Phase::Open;
        m_handler.onReady();
        if (m_phase == Phase::Open) {
            receive();
        }
    } else if (!mustWait(outcome)) {
        end();
    }
}

void Socket::receive() {
    m_receiveAgain = false;
    bool got = false;
    bool gone = false;
    if (m_inAt == m_in.size()) {
        m_in.resize(0);
        m_inAt = 0;
    } else if (m_inAt > m_in.size() / 2) {
        m_in.remove(0, m_inAt);  // some may be left each time
        m_inAt = 0;
    }
    for (qsizetype taken = 0;;) {
        const qint64 room = m_readAhead - available();
        if (room <= 0 || taken >= mostAtOnce) {
            m_receiveAgain = true;
            break;
        }
        ERR_clear_error();
        const auto most = static_cast<int>(std::min<qint64>(room, readPiece));
        const qsizetype held = m_in.size();
        if (held > 0 && m_in.capacity() < held + most) {
            m_in.reserve(std::min<qsizetype>(m_readAhead, mostAtOnce));  // growing step by step would copy it as often
        }
        m_in.resize(held + most);
        const int outcome = SSL_read(m_tls, m_in.data() + held, most);
        m_in.resize(held + std::max(outcome, 0));
        if (outcome <= 0) {
            gone = !mustWait(outcome);
            break;
        }
        got = true;
        taken += outcome;
        if (SSL_has_pending(m_tls) == 0) {
            break;  // the line says when there is more
        }
    }
    if (got) {
        m_handler.onBytes();
    }
    if (m_in.size() == m_inAt) {
        m_in = {};  // a connection at rest holds no buffer
        m_inAt = 0;
    }
    if (gone && m_phase != Phase::Over) {
        end();
    }
    if (m_receiveAgain && m_phase == Phase::Open && available() < m_readAhead) {
        askForLater();
    }
}

ByteView Socket::arrived() const noexcept {
    return {reinterpret_cast<const Byte*>(m_in.constData()) + m_inAt, static_cast<std::size_t>(available())};
}

void Socket::took(qint64 bytes) {
    m_inAt += static_cast<qsizetype>(bytes);
    if (m_phase == Phase::Open && (m_receiveAgain || !m_readable)) {
        askForLater();
    }
}

void Socket::setReadAhead(qint64 bytes) {
    m_readAhead = bytes;
    if (m_phase == Phase::Open) {
        askForLater();
    }
}

void Socket::write(const QByteArray& bytes) {
    if (m_phase != Phase::Open || m_closing || bytes.isEmpty()) {
        return;
    }
    // Short ones share a record, long ones are not copied.
    if (m_out.empty() || m_out.back().size() >= shortWrite || bytes.size() >= shortWrite) {
        m_out.push_back(bytes);
    } else {
        m_out.back().append(bytes);
    }
    m_unsent += bytes.size();
    askForLater();
}

void Socket::flush() {
    while (!m_out.empty() && !m_waitsToWrite) {
        ERR_clear_error();
        const QByteArray& first = m_out.front();
        const int outcome = SSL_write(m_tls, first.constData() + m_outAt,
                                      static_cast<int>(std::min<qsizetype>(first.size() - m_outAt, INT_MAX)));
        if (outcome <= 0) {
            if (!mustWait(outcome)) {
                end();
            }
            break;
        }
        m_outAt += outcome;
        m_unsent -= outcome;
        m_wrote = true;
        if (m_outAt == first.size()) {
            m_out.erase(m_out.begin());
            m_outAt = 0;
        }
    }
}

void Socket::close() {
    m_closing = true;
    askForLater();
}

void Socket::onLater() {
    m_laterAsked = false;
    if (m_phase == Phase::Over) {
        m_handler.onOver();
        return;
    }
    if (m_phase == Phase::Handshake) {
        if (m_closing) {
            end();
        } else {
            shakeHands();
        }
        if (m_phase != Phase::Over) {
            watch(available() < m_readAhead, m_waitsToWrite);
        }
        return;
    }
    flush();
    if (m_phase == Phase::Open && m_receiveAgain && available() < m_readAhead) {
        receive();
    }
    if (std::exchange(m_wrote, false) && m_phase == Phase::Open) {
        m_handler.onSent();
    }
    if (m_phase == Phase::Open && m_closing && unsent() == 0) {
        ERR_clear_error();
        (void)SSL_shutdown(m_tls);
        (void)::shutdown(m_descriptor, SHUT_WR);
        end();
    }
    if (m_phase != Phase::Over) {
        watch(available() < m_readAhead, m_waitsToWrite);
    }
}

void Socket::end() {
    m_phase = Phase::Over;
    m_poller.remove(m_descriptor, *this);
    m_laterAsked = false;
    ERR_clear_error();
    askForLater();
}

}  // namespace tarn::tls
