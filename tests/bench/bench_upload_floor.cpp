// Times what the disk alone takes for uploads of small files: five servers' worth of the files, folders and syncs of a
// log that durable shares come to, two shares each, and nothing else: no line, no protocol, no hashes.
//
// Usage: bench_upload_floor FOLDER FILES AT-ONCE BYTES     makes and leaves its folders in FOLDER. Prints one JSON
// line: seconds, and CPU seconds of it.

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr unsigned servers = 5;
constexpr unsigned sharesEach = 2;
constexpr off_t logSize = 16L * 1024 * 1024;

void require(bool held, const char* what) {
    if (!held) {
        std::perror(what);
        std::exit(1);
    }
}

/// One server's folder, and the log of it: who comes while a sync is under way shares the next one.
class Disk {
public:
    Disk(std::string folder, std::size_t shareSize) : m_folder(std::move(folder)), m_share(shareSize, 'x') {
        for (const char* const name : {"", "/shares", "/incoming"}) {
            require(::mkdir((m_folder + name).c_str(), S_IRWXU) == 0, "mkdir");
        }
        m_log = ::open((m_folder + "/log").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
        const std::string zeros(static_cast<std::size_t>(logSize), '\0');
        require(m_log >= 0 && ::pwrite(m_log, zeros.data(), zeros.size(), 0) == logSize && ::fsync(m_log) == 0, "log");
    }
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    ~Disk() { ::close(m_log); }

    void store(const std::string& name) {
        logShares();
        const std::string first = m_folder + "/shares/" + name.substr(0, 2);
        const std::string second = first + '/' + name.substr(2, 2);
        const std::string bucket = second + '/' + name;
        for (const std::string& folder : {first, second, bucket}) {
            require(::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST, "mkdir");
        }
        for (unsigned share = 0; share < sharesEach; ++share) {
            const std::string incoming = m_folder + "/incoming/" + name + '.' + std::to_string(share);
            const int file = ::open(incoming.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
            require(::pwrite(file, m_share.data(), m_share.size(), 0) == static_cast<ssize_t>(m_share.size()), "write");
            require(::close(file) == 0, "close");
            require(::rename(incoming.c_str(), (bucket + '/' + std::to_string(share)).c_str()) == 0, "rename");
        }
    }

private:
    void logShares() {
        std::unique_lock lock(m_mutex);
        const std::string entry(m_share.size() * sharesEach, 'x');
        m_at = m_at + static_cast<off_t>(entry.size()) > logSize ? 0 : m_at;
        require(::pwrite(m_log, entry.data(), entry.size(), m_at) == static_cast<ssize_t>(entry.size()), "log");
        m_at += static_cast<off_t>(entry.size());
        const unsigned ticket = ++m_written;
        while (m_synced < ticket) {
            if (m_syncing) {
                m_done.wait(lock);
                continue;
            }
            m_syncing = true;
            const unsigned upTo = m_written;
            lock.unlock();
            require(::fdatasync(m_log) == 0, "sync");
            lock.lock();
            m_syncing = false;
            m_synced = upTo;
            m_done.notify_all();
        }
    }

    std::string m_folder;
    std::string m_share;
    int m_log = -1;
    off_t m_at = 0;
    std::mutex m_mutex;
    std::condition_variable m_done;
    unsigned m_written = 0;
    unsigned m_synced = 0;
    bool m_syncing = false;
};

double cpuSeconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    require(argc == 5, "arguments: FOLDER FILES AT-ONCE BYTES");
    const std::string folder = argv[1];
    const auto files = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
    const auto atOnce = static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10));
    const auto bytes = static_cast<std::size_t>(std::strtoul(argv[4], nullptr, 10));

    std::mt19937_64 random(files + atOnce);
    std::vector<std::string> names(files);
    for (std::string& name : names) {
        for (int i = 0; i < 26; ++i) {
            name += static_cast<char>('a' + random() % 26);
        }
    }
    std::vector<std::unique_ptr<Disk>> disks;
    for (unsigned server = 0; server < servers; ++server) {
        disks.push_back(std::make_unique<Disk>(folder + "/server" + std::to_string(server), bytes));
    }
    // A file is over when all five have it; only then does its lane go on to the next.
    std::vector<std::unique_ptr<std::barrier<>>> lanes;
    std::vector<std::thread> threads;
    std::barrier<> start(static_cast<std::ptrdiff_t>(servers * atOnce) + 1);
    for (unsigned lane = 0; lane < atOnce; ++lane) {
        lanes.push_back(std::make_unique<std::barrier<>>(static_cast<std::ptrdiff_t>(servers)));
        for (unsigned server = 0; server < servers; ++server) {
            threads.emplace_back([&, lane, server, together = lanes.back().get()] {
                start.arrive_and_wait();
                for (unsigned i = lane; i < files; i += atOnce) {
                    disks[server]->store(names[i]);
                    together->arrive_and_wait();
                }
            });
        }
    }
    const double cpuBefore = cpuSeconds();
    start.arrive_and_wait();
    const auto begin = std::chrono::steady_clock::now();
    for (std::thread& thread : threads) {
        thread.join();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("{\"seconds\": %.6f, \"cpu\": %.6f}\n", took.count(), cpuSeconds() - cpuBefore);
    return 0;
}
