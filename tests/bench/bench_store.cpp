// Times durable shares: the bucket store beside the bare filesystem doing the same creates, writes, renames and syncs.
//
// Usage: bench_store FOLDER ROUNDS SHARES BYTES     makes and removes its folders in FOLDER. Prints one JSON line:
// shares a second of every round, the subjects in turn. "one": allocate and write, a share each; "two": two shares a
// request by writeWhole. "new": every share makes the two folders above its bucket; "old": they are there. Behind "x"
// the number of clients at a time.

#include "core/bucketstore/bucket_store.h"
#include "core/bucketstore/container.h"
#include "core/foundation/base32.h"

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

using namespace tarn;
namespace fs = std::filesystem;
using bucketstore::containerOverhead;

constexpr unsigned manyClients = 8;

void require(bool held, const char* what) {
    if (!held) {
        std::fprintf(stderr, "bench_store: %s failed\n", what);
        std::exit(1);
    }
}

struct Case {
    unsigned sharesAtOnce = 1;
    bool oldFolders = false;
};

StorageIndex randomIndex(std::mt19937_64& random, bool oldFolders) {
    std::array<Byte, StorageIndex::size> bytes{};
    for (Byte& byte : bytes) {
        byte = static_cast<Byte>(random());
    }
    if (oldFolders) {
        bytes[0] = bytes[1] = bytes[2] = 0;  // the first second-level folder of the first
    }
    return StorageIndex(bytes);
}

/// What a request brings to the disk.
class Subject {
public:
    virtual ~Subject() = default;
    virtual void store(StorageIndex index, unsigned shares) = 0;
};

/// The calls that any store of this layout has to make, and no others.
class BareDisk final : public Subject {
public:
    BareDisk(const fs::path& folder, std::size_t size) : m_root(folder.string()), m_container(size, 'x') {
        m_container.resize(size + containerOverhead, 'x');
        require(::mkdir(m_root.c_str(), S_IRWXU) == 0 && ::mkdir((m_root + "/shares").c_str(), S_IRWXU) == 0 &&
                    ::mkdir((m_root + "/incoming").c_str(), S_IRWXU) == 0,
                "mkdir");
    }

    void store(StorageIndex index, unsigned shares) override {
        const std::string name = toBase32(index.bytes());
        const std::array<std::string, 4> folders{m_root + "/shares/" + name.substr(0, 2) + '/' + name.substr(2, 2) +
                                                     '/' + name,
                                                 m_root + "/shares/" + name.substr(0, 2) + '/' + name.substr(2, 2),
                                                 m_root + "/shares/" + name.substr(0, 2), m_root + "/shares"};
        std::array<int, 2> files{};
        for (unsigned share = 0; share < shares; ++share) {
            files.at(share) =
                ::open(incoming(name, share).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
            require(::pwrite(files.at(share), m_container.data(), m_container.size(), 0) ==
                        static_cast<ssize_t>(m_container.size()),
                    "write");
        }
        std::size_t deepestNew = 0;  // how many folders had to be made, from the bucket up
        for (unsigned share = 0; share < shares; ++share) {
            require(::fdatasync(files.at(share)) == 0 && ::close(files.at(share)) == 0, "sync");
            if (share == 0) {
                // Another client may make a folder that both need.
                while (::mkdir(folders.at(deepestNew).c_str(), S_IRWXU) != 0 && errno != EEXIST) {
                    require(errno == ENOENT, "mkdir");
                    ++deepestNew;
                }
                for (std::size_t level = deepestNew; level > 0; --level) {
                    require(::mkdir(folders.at(level - 1).c_str(), S_IRWXU) == 0 || errno == EEXIST, "mkdir");
                }
            }
            const std::string place = folders[0] + '/' + std::to_string(share);
            require(::renameat2(AT_FDCWD, incoming(name, share).c_str(), AT_FDCWD, place.c_str(), RENAME_NOREPLACE) ==
                        0,
                    "rename");
        }
        for (std::size_t level = 0; level < deepestNew + 2; ++level) {
            const int folder = ::open(folders.at(level).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            require(::fsync(folder) == 0 && ::close(folder) == 0, "sync of a folder");
        }
    }

private:
    [[nodiscard]] std::string incoming(const std::string& name, unsigned share) const {
        return m_root + "/incoming/" + name + '.' + std::to_string(share);
    }

    std::string m_root;
    std::string m_container;
};

class Store final : public Subject {
public:
    Store(const fs::path& folder, std::size_t size) : m_data(size, Byte{'x'}) {
        bucketstore::Options options;
        options.folder = folder;
        auto opened = bucketstore::BucketStore::open(options, std::make_shared<SystemClock>());
        require(opened.has_value(), "opening the store");
        m_store = std::move(*opened);
    }

    void store(StorageIndex index, unsigned shares) override {
        std::set<ShareNum> wanted;
        std::map<ShareNum, ByteView> bytes;
        for (unsigned share = 0; share < shares; ++share) {
            wanted.insert(ShareNum(static_cast<std::uint16_t>(share)));
            bytes.emplace(ShareNum(static_cast<std::uint16_t>(share)), m_data);
        }
        const auto allocated =
            m_store->allocate(index, wanted, ByteCount(m_data.size()), m_upload, m_lease, "127.0.0.1");
        require(allocated && allocated->allocated.size() == shares, "allocate");
        if (shares == 1) {
            const auto written = m_store->write(index, ShareNum(0), m_upload, ByteOffset(0), m_data);
            require(written && written->complete, "write");
            return;
        }
        const auto written = m_store->writeWhole(index, bytes, m_upload);
        require(written.size() == shares, "writeWhole");
    }

private:
    std::unique_ptr<bucketstore::BucketStore> m_store;
    Bytes m_data;
    UploadSecret m_upload;
    LeaseSecrets m_lease;
};

class Bench {
public:
    Bench(fs::path folder, unsigned count, std::size_t size)
        : m_folder(std::move(folder)), m_count(count), m_size(size) {}

    /// Shares a second in a new folder.
    template <typename Kind>
    double rate(Case what, unsigned clients) {
        const fs::path folder = m_folder / std::to_string(m_runs++);
        auto subject = std::make_unique<Kind>(folder, m_size);
        std::mt19937_64 seeds(m_runs);
        if (what.oldFolders) {
            subject->store(randomIndex(seeds, true), what.sharesAtOnce);
        }
        const unsigned each = m_count / what.sharesAtOnce / clients;
        std::barrier<> start(static_cast<std::ptrdiff_t>(clients) + 1);
        std::vector<std::thread> threads;
        for (unsigned client = 0; client < clients; ++client) {
            threads.emplace_back([&, seed = seeds()] {
                std::mt19937_64 random(seed);
                start.arrive_and_wait();
                for (unsigned i = 0; i < each; ++i) {
                    subject->store(randomIndex(random, what.oldFolders), what.sharesAtOnce);
                }
            });
        }
        start.arrive_and_wait();
        const auto begin = std::chrono::steady_clock::now();
        for (std::thread& thread : threads) {
            thread.join();
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        subject.reset();
        fs::remove_all(folder);
        return each * clients * what.sharesAtOnce / took.count();
    }

private:
    const fs::path m_folder;
    const unsigned m_count;
    const std::size_t m_size;
    unsigned m_runs = 0;
};

}  // namespace

int main(int argc, char** argv) {
    require(argc == 5, "reading of the arguments");
    const auto rounds = std::strtoul(argv[2], nullptr, 10);
    Bench bench(argv[1], static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)), std::strtoul(argv[4], nullptr, 10));
    std::map<std::string, std::string> figures;
    for (unsigned long round = 0; round < rounds; ++round) {
        for (const bool old : {false, true}) {
            for (const unsigned atOnce : {1U, 2U}) {
                const Case what{atOnce, old};
                const std::string name = std::string(atOnce == 1 ? "one" : "two").append(old ? " old " : " new ");
                const auto add = [&](const std::string& who, double rate) {
                    std::string& list = figures[name + who];
                    list.append(list.empty() ? "" : ", ").append(std::to_string(rate));
                };
                add("bare x1", bench.rate<BareDisk>(what, 1));
                add("store x1", bench.rate<Store>(what, 1));
                add("bare x8", bench.rate<BareDisk>(what, manyClients));
                add("store x8", bench.rate<Store>(what, manyClients));
            }
        }
    }
    std::string line;
    for (const auto& [name, rates] : figures) {
        line.append(line.empty() ? "{\"" : ", \"").append(name).append("\": [").append(rates).append(1, ']');
    }
    std::printf("%s}\n", line.c_str());
    return 0;
}
