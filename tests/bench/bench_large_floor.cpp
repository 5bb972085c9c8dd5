// Times what a large file's upload and download need of the parts that nobody can leave out: reading the file, its key,
// the cipher, the erasure code and all hashes, TLS over loopback with five servers, and the disk, synced at the end. No
// protocol, no plan, no limits on memory, and threads that wait for nothing but each other: a limit for any client
// and servers that share these cores.
//
// Usage: bench_large_floor FOLDER BYTES     3 of 10, segments of 1 MiB. Prints one JSON line: seconds and CPU seconds
// of "up" and "down".

#include "core/crypto/aes_ctr.h"
#include "core/crypto/file_hashers.h"
#include "core/foundation/allocator.h"
#include "core/foundation/clock.h"
#include "core/foundation/random.h"
#include "core/foundation/write_behind.h"
#include "core/tls/context.h"
#include "core/upload/segment_encoder.h"
#include "core/x509/certificate.h"

#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace tarn;

constexpr unsigned servers = 5;
constexpr std::size_t piece = 256UL * 1024;

void require(bool held, const char* what) {
    if (!held) {
        std::perror(what);
        std::exit(1);
    }
}

/// A file on its way to the disk, which is told to take it as it comes.
class Copy {
public:
    explicit Copy(const std::string& path)
        : m_file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
        require(m_file >= 0, "open");
    }
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;
    ~Copy() { ::close(m_file); }

    void append(ByteView bytes) {
        require(::write(m_file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
        writeBehind(m_file, m_size, m_size + bytes.size());
        m_size += bytes.size();
    }
    void sync() const { require(::fdatasync(m_file) == 0, "fdatasync"); }

private:
    int m_file;
    std::uint64_t m_size = 0;
};

/// One end of a line, with TLS. Thread: one at a time.
class Line {
public:
    Line(const tls::Context& context, int socket) : m_tls(SSL_new(context.get())), m_socket(socket) {
        const int on = 1;
        (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        SSL_set_fd(m_tls, socket);
        if (context.isServer()) {
            SSL_set_accept_state(m_tls);
        } else {
            SSL_set_connect_state(m_tls);
        }
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line() {
        SSL_free(m_tls);
        ::close(m_socket);
    }

    void write(ByteView bytes) {
        while (!bytes.empty()) {
            const int sent = SSL_write(m_tls, bytes.data(), static_cast<int>(bytes.size()));
            require(sent > 0, "SSL_write");
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        }
    }
    void shakeHands() { require(SSL_do_handshake(m_tls) == 1, "TLS"); }
    void end() { (void)SSL_shutdown(m_tls); }
    /// 0 at the end.
    [[nodiscard]] std::size_t read(MutableByteView out) {
        const int got = SSL_read(m_tls, out.data(), static_cast<int>(out.size()));
        return static_cast<std::size_t>(std::max(got, 0));
    }
    void readAll(MutableByteView out) {
        while (!out.empty()) {
            const std::size_t got = read(out);
            require(got > 0, "SSL_read");
            out = out.subspan(got);
        }
    }

private:
    SSL* m_tls;
    int m_socket;
};

/// Both ends of a new line over loopback.
std::pair<std::unique_ptr<Line>, std::unique_ptr<Line>> connect(const tls::Context& client,
                                                                const tls::Context& server) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const where = reinterpret_cast<sockaddr*>(&address);
    require(::bind(listener, where, size) == 0 && ::listen(listener, 1) == 0 &&
                ::getsockname(listener, where, &size) == 0,
            "listen");
    const int caller = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(::connect(caller, where, size) == 0, "connect");
    const int called = ::accept(listener, nullptr, nullptr);
    ::close(listener);
    auto lines = std::pair(std::make_unique<Line>(client, caller), std::make_unique<Line>(server, called));
    std::thread other([&] { lines.second->shakeHands(); });
    lines.first->shakeHands();
    other.join();
    return lines;
}

struct Figures {
    double seconds = 0;
    double cpu = 0;
};

Figures now() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
            seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

/// The key is a hash of the whole file, in order: reading is all that can go on beside it.
void hashForKey(int file, std::uint64_t size) {
    std::array<Bytes, 2> chunks{Bytes(1 << 20), Bytes(1 << 20)};
    const auto read = [&](std::uint64_t at, Bytes& out) {
        return ::pread(file, out.data(), out.size(), static_cast<off_t>(at));
    };
    auto hasher = crypto::crypttextHasher();
    ssize_t got = read(0, chunks[0]);
    for (std::uint64_t at = 0; at < size; at += chunks[0].size()) {
        auto next = std::async(std::launch::async, read, at + chunks[0].size(), std::ref(chunks[1]));
        hasher.update(ByteView(chunks[0]).first(static_cast<std::size_t>(got)));
        got = next.get();
        std::swap(chunks[0], chunks[1]);
    }
    (void)hasher.finish();
}

/// A place for one share on a server: its file, and who brings bytes to it.
struct Place {
    std::unique_ptr<Line> client;
    std::mutex turn;
    std::thread server;
};

Figures timeUpload(const std::string& folder, int file, const formats::Geometry& geometry, const crypto::FileKey& key,
                   const tls::Context& client, const tls::Context& server) {
    std::vector<Place> places(servers);
    for (unsigned number = 0; number < servers; ++number) {
        auto [near, far] = connect(client, server);
        places[number].client = std::move(near);
        places[number].server =
            std::thread([line = std::move(far), path = folder + "/shares" + std::to_string(number)] {
                Copy copy(path);
                Bytes bytes(piece);
                for (std::size_t held = 0;;) {
                    const std::size_t got = line->read(MutableByteView(bytes).subspan(held));
                    held += got;
                    if (held == bytes.size() || got == 0) {
                        copy.append(ByteView(bytes).first(held));
                        held = 0;
                    }
                    if (got == 0) {
                        break;
                    }
                }
                copy.sync();
            });
    }
    const Figures before = now();
    hashForKey(file, geometry.fileSize);
    const auto encoder = *upload::SegmentEncoder::make(geometry, key);
    const upload::RunPlan plan(geometry);
    const upload::Wanted all(geometry.total, true);
    std::atomic<std::uint64_t> next = 0;
    const auto work = [&] {
        crypto::CrypttextHashes hashes;
        for (std::uint64_t number = next++; number < plan.count(); number = next++) {
            auto plaintext = encoder.bufferFor(plan.run(number));
            require(::pread(file, plaintext->data(), plaintext->size(), static_cast<off_t>(plan.offset(number))) ==
                        static_cast<ssize_t>(plaintext->size()),
                    "pread");
            const auto run = encoder.encode(plan.run(number), std::move(plaintext), all);
            for (std::size_t at = 0; at < run.ciphertext->size(); at += geometry.segmentSize) {
                const std::size_t size = std::min<std::size_t>(geometry.segmentSize, run.ciphertext->size() - at);
                (void)hashes.add(ByteView(*run.ciphertext).subspan(at, size));
            }
            for (unsigned share = 0; share < geometry.total; ++share) {
                Place& place = places[share % servers];
                const std::lock_guard lock(place.turn);
                place.client->write(*run.shareBytes[share]);
            }
        }
    };
    std::thread other(work);
    work();
    other.join();
    for (Place& place : places) {
        place.client->end();
        place.client.reset();
    }
    for (Place& place : places) {
        place.server.join();
    }
    const Figures after = now();
    return {after.seconds - before.seconds, after.cpu - before.cpu};
}

/// Bytes that are passed from one thread to another, a few at a time.
class Passage {
public:
    void push(Bytes bytes) {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_bytes.size() < 4; });
        m_bytes.push_back(std::move(bytes));
        m_changed.notify_all();
    }
    [[nodiscard]] Bytes pop() {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return !m_bytes.empty(); });
        Bytes bytes = std::move(m_bytes.front());
        m_bytes.pop_front();
        m_changed.notify_all();
        return bytes;
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Bytes> m_bytes;
};

/// From the files of an upload, of which each has enough for one share: what the bytes are makes no difference here.
Figures timeDownload(const std::string& folder, const formats::Geometry& geometry, const crypto::FileKey& key,
                     const tls::Context& client, const tls::Context& server) {
    std::vector<Passage> passages(geometry.required);
    std::vector<std::thread> threads;
    const std::uint64_t segments = geometry.segmentCount - 1;  // without the last, which is shorter
    for (unsigned share = 0; share < geometry.required; ++share) {
        auto [near, far] = connect(client, server);
        threads.emplace_back([&, line = std::move(far), path = folder + "/shares" + std::to_string(share)] {
            const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
            Bytes bytes(piece);
            for (std::uint64_t at = 0; at < segments * geometry.blockSize; at += bytes.size()) {
                bytes.resize(std::min<std::uint64_t>(piece, segments * geometry.blockSize - at));
                require(::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
                            static_cast<ssize_t>(bytes.size()),
                        "pread");
                line->write(bytes);
            }
            line->end();
            ::close(file);
        });
        threads.emplace_back([&, line = std::move(near), share] {
            for (std::uint64_t segment = 0; segment < segments; ++segment) {
                Bytes block(geometry.blockSize);
                line->readAll(block);
                passages[share].push(std::move(block));
            }
        });
    }
    const Figures before = now();
    Copy copy(folder + "/copy");
    crypto::AesCtr cipher(key);
    Bytes plaintext(geometry.segmentSize);
    for (std::uint64_t segment = 0; segment < segments; ++segment) {
        auto hasher = crypto::crypttextSegmentHasher();
        std::size_t done = 0;
        for (Passage& passage : passages) {
            const Bytes block = passage.pop();
            constexpr std::size_t bit = 16UL * 1024;
            for (std::size_t at = 0; at < block.size(); at += bit) {
                const ByteView some = ByteView(block).subspan(at, std::min(bit, block.size() - at));
                hasher.update(some);
                cipher.process(some, MutableByteView(plaintext).subspan(done, some.size()));
                done += some.size();
            }
        }
        (void)hasher.finish();
        copy.append(plaintext);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    copy.sync();
    const Figures after = now();
    return {after.seconds - before.seconds, after.cpu - before.cpu};
}

}  // namespace

int main(int argc, char** argv) {
    prepareAllocator();
    if (argc != 3) {
        std::fputs("usage: bench_large_floor FOLDER BYTES\n", stderr);
        return 2;
    }
    const std::string folder = argv[1];
    const std::uint64_t size = std::strtoull(argv[2], nullptr, 10);
    SystemRandom random;
    {
        Copy source(folder + "/source");
        Bytes bytes(1 << 20);
        for (std::uint64_t written = 0; written < size; written += bytes.size()) {
            random.fill(bytes);
            source.append(ByteView(bytes).first(std::min<std::uint64_t>(bytes.size(), size - written)));
        }
    }
    const int file = ::open((folder + "/source").c_str(), O_RDONLY | O_CLOEXEC);
    const auto geometry = formats::Geometry::make({3, 5, 10, ByteCount(1024 * 1024)}, ByteCount(size));
    const auto identity = x509::makeSelfSigned(SystemClock().wallNow());
    require(file >= 0 && geometry && identity, "preparation");
    const auto server = tls::Context::forServer(identity->certificatePem, identity->privateKeyPem);
    require(server.has_value(), "TLS");
    const auto client = tls::Context::forClient(false);
    const auto key = random.make<crypto::FileKey>();

    const Figures up = timeUpload(folder, file, *geometry, key, *client, **server);
    (void)timeDownload(folder, *geometry, key, *client, **server);
    ::unlink((folder + "/copy").c_str());
    const Figures down = timeDownload(folder, *geometry, key, *client, **server);
    ::close(file);
    std::printf("{\"up\": {\"seconds\": %f, \"cpu\": %f}, \"down\": {\"seconds\": %f, \"cpu\": %f}}\n", up.seconds,
                up.cpu, down.seconds, down.cpu);
    return 0;
}
