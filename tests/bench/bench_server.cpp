// Loads one storage server over HTTP/1.1 from one thread, and measures it. See `server` and `hold` in bench.py.
//
// Usage: bench_server NURL version|read CONNECTIONS SECONDS     requests a second, and how long they take
//        bench_server NURL bulk MEGABYTES                       one share read over and over
//        bench_server plain MEGABYTES                           the same bytes through TLS alone
//        bench_server echo SECONDS                              requests a second on one connection of TLS alone
//        bench_server NURL hold IDLE SLOW                       holds connections until standard input ends, and then
//                                                               asks whether they are still there
// Prints one JSON object.

#include "core/formats/gbs_messages.h"
#include "core/formats/nurl.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace tarn;
using Clock = std::chrono::steady_clock;
namespace gbs = formats::gbs;

constexpr std::size_t smallShare = 1000;
constexpr std::size_t slowBody = 10'000;
constexpr double megabyte = 1e6;
const std::string bucket = "/storage/v1/immutable/b" + std::string(25, 'a');

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "bench_server: %s\n", what);
    std::exit(1);
}

template <auto release>
struct Release {
    template <typename T>
    void operator()(T* pointer) const {
        release(pointer);
    }
};
using Context = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Release<SSL_free>>;

int connectTo(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int on = 1;
    if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        die("cannot connect");
    }
    return socket;
}

/// A connection of which each request waits for the reply to the one before. Blocking.
class Line {
public:
    Line(SSL_CTX* context, std::uint16_t port) : m_socket(connectTo(port)), m_tls(SSL_new(context)) {
        SSL_set_fd(m_tls.get(), m_socket);
        if (SSL_connect(m_tls.get()) != 1) {
            die("no TLS");
        }
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line() { ::close(m_socket); }

    [[nodiscard]] int socket() const { return m_socket; }
    void send(const std::string& bytes) {
        if (SSL_write(m_tls.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
            die("the server hung up");
        }
    }
    /// Reads once what is there, and says whether the reply is whole. `status` is then known.
    bool readSome() {
        char piece[65536];
        const int got = SSL_read(m_tls.get(), piece, sizeof piece);
        if (got <= 0) {
            die("the server hung up");
        }
        m_received += static_cast<std::size_t>(got);
        if (m_head.empty() || m_chunked) {
            m_text.append(piece, static_cast<std::size_t>(got));
        }
        if (m_head.empty()) {
            const std::size_t end = m_text.find("\r\n\r\n");
            if (end == std::string::npos) {
                return false;
            }
            m_head = m_text.substr(0, end + 2);
            std::ranges::transform(m_head, m_head.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
            m_status = std::atoi(m_head.c_str() + m_head.find(' '));
            m_chunked = m_head.find("transfer-encoding: chunked") != std::string::npos;
            const std::size_t field = m_head.find("\r\ncontent-length:");
            m_whole = end + 4;
            m_whole += field != std::string::npos ? std::strtoull(m_head.c_str() + field + 17, nullptr, 10) : 0;
        }
        if (m_chunked ? !m_text.ends_with("0\r\n\r\n") : m_received < m_whole) {
            return false;
        }
        m_text.clear();
        m_head.clear();
        m_received = 0;
        m_chunked = false;
        return true;
    }
    [[nodiscard]] bool moreIsThere() const { return SSL_pending(m_tls.get()) > 0; }
    int ask(const std::string& request) {
        send(request);
        while (!readSome()) {
        }
        return m_status;
    }
    [[nodiscard]] int status() const { return m_status; }

    Clock::time_point asked;

private:
    int m_socket;
    Tls m_tls;
    std::string m_text;
    std::string m_head;
    std::size_t m_received = 0;
    std::size_t m_whole = 0;
    bool m_chunked = false;
    int m_status = 0;
};

/// The server and what every request to it says.
class Target {
public:
    explicit Target(const char* nurlText) : m_context(SSL_CTX_new(TLS_client_method())) {
        const auto nurl = formats::parseNurl(nurlText);
        if (!nurl) {
            die("not a NURL");
        }
        m_port = nurl->port;
        m_who = "Host: 127.0.0.1\r\nAuthorization: " + gbs::writeAuthorization(nurl->swissnum.reveal()) + "\r\n";
    }
    [[nodiscard]] std::unique_ptr<Line> connect() const { return std::make_unique<Line>(m_context.get(), m_port); }
    [[nodiscard]] std::string request(const std::string& line, const std::string& fields = {},
                                      const std::string& body = {}) const {
        std::string text = line + " HTTP/1.1\r\n" + m_who + fields;
        if (!body.empty()) {
            text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        }
        return text + "\r\n" + body;
    }
    /// Makes sure that the server holds share `number` of `size` bytes.
    void store(Line& line, std::uint16_t number, std::size_t size) const {
        const auto secret = [](gbs::SecretKind kind) {
            const Bytes bytes(32, 7);
            return "X-Tahoe-Authorization: " + gbs::writeSecretHeader(kind, bytes) + "\r\n";
        };
        const std::string upload = secret(gbs::SecretKind::Upload);
        const Bytes body = gbs::writeAllocateRequest({{ShareNum(number)}, size});
        const std::string text(reinterpret_cast<const char*>(body.data()), body.size());
        const int allocated =
            line.ask(request("POST " + bucket,
                             upload + secret(gbs::SecretKind::LeaseRenew) + secret(gbs::SecretKind::LeaseCancel) +
                                 "Content-Type: application/cbor\r\n",
                             text));
        if (allocated != 200 && allocated != 201) {
            die("nothing was allocated");
        }
        constexpr std::size_t piece = 4'000'000;
        for (std::size_t at = 0; at < size; at += piece) {
            const std::size_t end = std::min(size, at + piece);
            const int written = line.ask(request(
                "PATCH " + bucket + "/" + std::to_string(number),
                upload + "Content-Range: " + gbs::writeContentRange({at, end}) + "\r\n", std::string(end - at, 'x')));
            if (written == 404) {
                return;  // complete since an earlier run
            }
            if (written != 200 && written != 201) {
                die("the share was not taken");
            }
        }
    }

private:
    Context m_context;
    std::uint16_t m_port = 0;
    std::string m_who;
};

int load(const Target& target, const std::string& what, int connections, double seconds) {
    std::string request = target.request("GET /storage/v1/version");
    std::vector<std::unique_ptr<Line>> lines;
    lines.push_back(target.connect());
    if (what == "read") {
        target.store(*lines.front(), 0, smallShare);
        request = target.request("GET " + bucket + "/0", "Range: bytes=0-999\r\n");
    }
    while (static_cast<int>(lines.size()) < connections) {
        lines.push_back(target.connect());
    }
    const int queue = ::epoll_create1(0);
    for (const auto& line : lines) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = line.get();
        ::epoll_ctl(queue, EPOLL_CTL_ADD, line->socket(), &event);
        line->asked = Clock::now();
        line->send(request);
    }
    const auto begin = Clock::now() + std::chrono::milliseconds(500);  // what comes before is for warming up
    const auto end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    std::vector<double> took;
    std::vector<epoll_event> events(lines.size());
    for (auto now = Clock::now(); now < end;) {
        const int count = ::epoll_wait(queue, events.data(), static_cast<int>(events.size()), 1000);
        for (int i = 0; i < count; ++i) {
            auto* const line = static_cast<Line*>(events[static_cast<std::size_t>(i)].data.ptr);
            bool whole = line->readSome();
            while (!whole && line->moreIsThere()) {
                whole = line->readSome();
            }
            if (!whole) {
                continue;
            }
            if (line->status() != 200 && line->status() != 206) {
                die("the server refused");
            }
            now = Clock::now();
            if (now >= begin) {
                took.push_back(std::chrono::duration<double, std::micro>(now - line->asked).count());
            }
            line->asked = now;
            line->send(request);
        }
        now = Clock::now();
    }
    std::ranges::sort(took);
    if (took.empty()) {
        die("no reply came in time");
    }
    std::printf("{\"rate\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", static_cast<double>(took.size()) / seconds,
                took[took.size() / 2], took[took.size() * 99 / 100]);
    return 0;
}

int bulk(const Target& target, std::size_t megabytes) {
    const auto line = target.connect();
    const auto size = megabytes * 1'000'000;
    target.store(*line, 1, size);
    const std::string request = target.request("GET " + bucket + "/1");
    (void)line->ask(request);
    const auto begin = Clock::now();
    constexpr int rounds = 5;
    for (int i = 0; i < rounds; ++i) {
        (void)line->ask(request);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::printf("{\"rate\": %.1f}\n", static_cast<double>(size) * rounds / megabyte / seconds);
    return 0;
}

/// A certificate for nobody, made for this run.
void makeIdentity(SSL_CTX* context) {
    const std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
    const std::unique_ptr<X509, Release<X509_free>> certificate(X509_new());
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    SSL_CTX_use_certificate(context, certificate.get());
    SSL_CTX_use_PrivateKey(context, key.get());
}

/// Listens on loopback with TLS and nothing behind it.
class BareServer {
public:
    BareServer() : m_context(SSL_CTX_new(TLS_server_method())), m_listener(::socket(AF_INET, SOCK_STREAM, 0)) {
        makeIdentity(m_context.get());
        m_address.sin_family = AF_INET;
        m_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof m_address;
        auto* const address = reinterpret_cast<sockaddr*>(&m_address);
        if (::bind(m_listener, address, size) != 0 || ::listen(m_listener, 1) != 0 ||
            ::getsockname(m_listener, address, &size) != 0) {
            die("cannot listen");
        }
    }
    BareServer(const BareServer&) = delete;
    BareServer& operator=(const BareServer&) = delete;
    ~BareServer() { ::close(m_listener); }

    [[nodiscard]] std::uint16_t port() const { return ntohs(m_address.sin_port); }
    /// The next client's socket, to be closed, and its TLS.
    [[nodiscard]] std::pair<int, Tls> accept() const {
        const int socket = ::accept(m_listener, nullptr, nullptr);
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Tls tls(SSL_new(m_context.get()));
        SSL_set_fd(tls.get(), socket);
        if (SSL_accept(tls.get()) != 1) {
            die("no TLS");
        }
        return {socket, std::move(tls)};
    }

private:
    Context m_context;
    int m_listener;
    sockaddr_in m_address{};
};

int plain(std::size_t megabytes) {
    const BareServer bare;
    const std::size_t bytes = megabytes * 1'000'000;
    std::thread server([&] {
        const auto [socket, tls] = bare.accept();
        const std::vector<char> piece(256 * 1024, 'x');
        for (std::size_t sent = 0; sent < bytes; sent += piece.size()) {
            SSL_write(tls.get(), piece.data(), static_cast<int>(piece.size()));
        }
        SSL_shutdown(tls.get());
        ::close(socket);
    });
    const Context context(SSL_CTX_new(TLS_client_method()));
    const int socket = connectTo(bare.port());
    const Tls tls(SSL_new(context.get()));
    SSL_set_fd(tls.get(), socket);
    if (SSL_connect(tls.get()) != 1) {
        die("no TLS");
    }
    std::vector<char> piece(64 * 1024);
    const auto begin = Clock::now();
    std::size_t received = 0;
    int got = 0;
    while ((got = SSL_read(tls.get(), piece.data(), static_cast<int>(piece.size()))) > 0) {
        received += static_cast<std::size_t>(got);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    server.join();
    ::close(socket);
    std::printf("{\"rate\": %.1f}\n", static_cast<double>(received) / megabyte / seconds);
    return 0;
}

/// A server that does nothing but answer the same 1 kB to whatever comes: what one connection allows at most.
int echo(double seconds) {
    const BareServer bare;
    std::thread server([&] {
        const auto [socket, tls] = bare.accept();
        const std::string reply =
            "HTTP/1.1 206 Partial Content\r\nContent-Length: 1000\r\n\r\n" + std::string(smallShare, 'x');
        char request[4096];
        while (SSL_read(tls.get(), request, sizeof request) > 0) {
            SSL_write(tls.get(), reply.data(), static_cast<int>(reply.size()));
        }
        ::close(socket);
    });
    const Context context(SSL_CTX_new(TLS_client_method()));
    std::size_t count = 0;
    {
        Line line(context.get(), bare.port());
        const std::string request(226, 'x');
        const auto end =
            Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
        while (Clock::now() < end) {
            (void)line.ask(request);
            ++count;
        }
    }
    server.join();
    std::printf("{\"rate\": %.1f}\n", static_cast<double>(count) / seconds);
    return 0;
}

/// `slow`: clients that send a body a byte a second.
int hold(const Target& target, int idle, int slow) {
    std::vector<std::unique_ptr<Line>> lines;
    for (int i = 0; i < idle + slow; ++i) {
        lines.push_back(target.connect());
        if (i < idle) {
            (void)lines.back()->ask(target.request("GET /storage/v1/version"));
        } else {
            const std::string whole = target.request("GET /storage/v1/version", {}, std::string(slowBody, 'x'));
            lines.back()->send(whole.substr(0, whole.size() - (slowBody - 1)));
        }
    }
    std::printf("{\"held\": %d}\n", idle + slow);
    std::fflush(stdout);
    pollfd input{0, POLLIN, 0};
    std::size_t left = slowBody - 1;
    while (::poll(&input, 1, 1000) == 0 && left > 1) {
        --left;
        for (int i = idle; i < idle + slow; ++i) {
            lines[static_cast<std::size_t>(i)]->send("x");
        }
    }
    int answered = 0;
    for (int i = 0; i < idle + slow; ++i) {
        Line& line = *lines[static_cast<std::size_t>(i)];
        const int status = line.ask(i < idle ? target.request("GET /storage/v1/version") : std::string(left, 'x'));
        answered += status == 200 ? 1 : 0;
    }
    std::printf("{\"answered\": %d}\n", answered);
    return answered == idle + slow ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const std::string first = argc > 1 ? argv[1] : "";
    const std::string what = argc > 2 ? argv[2] : "";
    if (first == "plain" && argc == 3) {
        return plain(std::strtoull(argv[2], nullptr, 10));
    }
    if (first == "echo" && argc == 3) {
        return echo(std::atof(argv[2]));
    }
    if (what == "bulk" && argc == 4) {
        return bulk(Target(argv[1]), std::strtoull(argv[3], nullptr, 10));
    }
    if (what == "hold" && argc == 5) {
        return hold(Target(argv[1]), std::atoi(argv[3]), std::atoi(argv[4]));
    }
    if ((what == "version" || what == "read") && argc == 5) {
        return load(Target(argv[1]), what, std::atoi(argv[3]), std::atof(argv[4]));
    }
    die("wrong arguments");
}
