// Finds buckets in stores of any size, and makes such stores without waiting for the disk.
//
// Usage: bench_buckets make STORE FROM TO
//            makes buckets of one small share, numbered FROM to before TO
//        bench_buckets index STORE
//            builds the index from nothing, without rests; says how long it took and how much it held
//        bench_buckets find ROUNDS STORE COUNT…
//            looks for the same number of buckets in every store of COUNT, in turn, warm; and stores some shares in
//            each, which it keeps
// Prints one JSON line.

#include "core/bucketstore/container.h"
#include "core/bucketstore/disk_store.h"
#include "core/crypto/hash.h"
#include "core/foundation/base32.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace tarn;
using namespace tarn::bucketstore;
namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::size_t shareSize = 1000;
/// Of how many buckets each store is asked. As many in every one, so that as much of each is warm.
constexpr std::uint64_t sample = 1000;
/// How many shares a round puts into each.
constexpr std::uint64_t storedARound = 50;
constexpr std::uint32_t firstEnd = 2'000'000'000;  // of a lease, in seconds since 1970
constexpr std::uint32_t month = 31 * 24 * 3600;

void require(bool held, const char* what) {
    if (!held) {
        std::fprintf(stderr, "bench_buckets: %s failed\n", what);
        std::exit(1);
    }
}

double since(Steady::time_point begin) {
    return std::chrono::duration<double>(Steady::now() - begin).count();
}

/// The storage index of a bucket by its number: as good as random, and always the same.
StorageIndex bucketAt(std::uint64_t number) {
    const auto digest = crypto::sha256(bigEndian64(number));
    return *StorageIndex::fromBytes(digest.bytes().first(StorageIndex::size));
}

/// A bucket that is not there, next to one that is: on the way to it are as many folders in a small store as in a
/// large.
StorageIndex beside(StorageIndex bucket, std::uint64_t which) {
    std::array<Byte, StorageIndex::size> bytes{};
    std::ranges::copy(bucket.bytes(), bytes.begin());
    std::ranges::copy(bigEndian64(which), bytes.begin() + 8);
    return StorageIndex(bytes);
}

std::uint64_t statusKilobytes(const std::string& field) {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        if (word == field + ':') {
            std::uint64_t value = 0;
            status >> value;
            return value;
        }
    }
    return 0;
}

int make(const fs::path& store, std::uint64_t from, std::uint64_t to) {
    std::vector<StorageIndex> buckets;
    buckets.reserve(to - from);
    for (std::uint64_t number = from; number < to; ++number) {
        buckets.push_back(bucketAt(number));
    }
    // Folder by folder: a disk that is filled in any order takes several times as long.
    std::ranges::sort(buckets);
    fs::create_directories(store / "shares");
    std::string share(containerHeaderSize + shareSize + leaseSize, 'x');
    const auto header = makeContainerHeader(shareSize, 1);
    std::copy(header.begin(), header.end(), share.begin());
    const std::size_t lease = containerHeaderSize + shareSize;
    const std::string root = (store / "shares").string();
    const auto begin = Steady::now();
    for (const StorageIndex& bucket : buckets) {
        const std::string name = toBase32(bucket.bytes());
        const std::string first = root + '/' + name.substr(0, 2);
        const std::string second = first + '/' + name.substr(2, 2);
        const std::string folder = second + '/' + name;
        if (::mkdir(folder.c_str(), S_IRWXU) != 0) {
            (void)::mkdir(first.c_str(), S_IRWXU);
            (void)::mkdir(second.c_str(), S_IRWXU);
            require(::mkdir(folder.c_str(), S_IRWXU) == 0, "mkdir");
        }
        // Leases end in another order than that of the buckets, as those of a grown store do.
        const auto end = bigEndian32(firstEnd + readBigEndian32(bucket.bytes().subspan(8)) % month);
        std::copy(end.begin(), end.end(), share.begin() + static_cast<std::ptrdiff_t>(lease + leaseExpiryOffset));
        const int file = ::open((folder + "/0").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
        require(file >= 0 && ::write(file, share.data(), share.size()) == static_cast<ssize_t>(share.size()) &&
                    ::close(file) == 0,
                "writing a share");
    }
    std::printf("{\"made\": %zu, \"seconds\": %.2f}\n", buckets.size(), since(begin));
    return 0;
}

std::unique_ptr<DiskStore> openStore(const fs::path& folder) {
    Options options;
    options.folder = folder;
    auto store = openDiskStore(options, std::make_shared<SystemClock>(), makePosixFileSystem(), {{}, false});
    require(store.has_value(), "opening the store");
    return std::move(*store);
}

int index(const fs::path& folder) {
    ShareIndex::discard(folder / "index.sqlite");
    auto store = openStore(folder);
    const auto begin = Steady::now();
    // A rest of more than a second means that nothing is left to do.
    while (store->caretaker().turn() <= std::chrono::seconds(1)) {
    }
    const double took = since(begin);
    require(store->report().index == IndexState::Agrees, "agreement");
    store->waitUntilCounted();
    const double counted = since(begin);
    const std::uint64_t shares = store->usage().shares;
    const std::uint64_t highest = statusKilobytes("VmHWM");
    store.reset();  // what stands beside the index goes into it
    std::printf("{\"seconds\": %.2f, \"counted_seconds\": %.2f, \"shares\": %llu, \"index_bytes\": %llu, "
                "\"highest_kb\": %llu}\n",
                took, counted, static_cast<unsigned long long>(shares),
                static_cast<unsigned long long>(fs::file_size(folder / "index.sqlite")),
                static_cast<unsigned long long>(highest));
    return 0;
}

/// One store that is looked into, and what was measured of it.
struct Place {
    std::unique_ptr<DiskStore> store;
    std::uint64_t buckets = 0;
    double openSeconds = 0;
    std::map<std::string, std::string> microseconds;
};

/// Asks for `count` buckets that are there, spread over all; gives the middle time of one in microseconds.
double middle(std::uint64_t count, std::uint64_t buckets, const std::function<void(StorageIndex)>& ask) {
    std::vector<double> took;
    took.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        const StorageIndex bucket = bucketAt(i * (buckets / count));
        const auto begin = Steady::now();
        ask(bucket);
        took.push_back(since(begin) * 1e6);
    }
    std::ranges::sort(took);
    return took[took.size() / 2];
}

int find(unsigned long rounds, std::vector<Place>& places) {
    const UploadSecret upload;
    const LeaseSecrets lease;
    Bytes data(shareSize);
    std::uint64_t absent = std::random_device()() * 1'000'000ULL;  // others in each run
    for (unsigned long round = 0; round <= rounds; ++round) {
        for (Place& place : places) {
            DiskStore& store = *place.store;
            const auto measure = [&](const char* what, std::uint64_t count,
                                     const std::function<void(StorageIndex)>& ask) {
                const double time = middle(count, place.buckets, ask);
                if (round > 0) {  // the one before is for warming up
                    std::string& list = place.microseconds[what];
                    list.append(list.empty() ? "" : ", ").append(std::to_string(time));
                }
            };
            const auto allocate = [&](StorageIndex bucket) {
                const auto allocated =
                    store.allocate(bucket, {ShareNum(0)}, ByteCount(shareSize), upload, lease, "127.0.0.1");
                require(allocated && allocated->allocated.size() == 1, "allocate");
            };
            measure("list", sample, [&](StorageIndex bucket) {
                const auto shares = store.list(bucket);
                require(shares && shares->size() == 1, "list");
            });
            measure("list, none there", sample, [&](StorageIndex bucket) {
                const auto shares = store.list(beside(bucket, ++absent));
                require(shares && shares->empty(), "list");
            });
            measure("open and read", sample, [&](StorageIndex bucket) {
                const auto share = store.openShare(bucket, ShareNum(0));
                require(share.has_value(), "openShare");
                const auto got = (*share)->read(ByteOffset(0), data);
                require(got && *got == data.size(), "read");
            });
            measure("allocate and abort", sample, [&](StorageIndex bucket) {
                const StorageIndex there = beside(bucket, ++absent);
                allocate(there);
                require(store.abort(there, ShareNum(0), upload).has_value(), "abort");
            });
            measure("store", storedARound, [&](StorageIndex bucket) {
                const StorageIndex there = beside(bucket, ++absent);
                allocate(there);
                const auto written = store.write(there, ShareNum(0), upload, ByteOffset(0), data);
                require(written && written->complete, "write");
            });
        }
    }
    std::string line;
    for (const Place& place : places) {
        line.append(line.empty() ? "[" : ", ").append("{\"buckets\": ").append(std::to_string(place.buckets));
        line.append(", \"open_seconds\": ").append(std::to_string(place.openSeconds));
        for (const auto& [what, times] : place.microseconds) {
            line.append(", \"").append(what).append("\": [").append(times).append(1, ']');
        }
        line.append(1, '}');
    }
    std::printf("%s]\n", line.c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 2 ? argv[1] : "";
    if (what == "make" && argc == 5) {
        return make(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10));
    }
    if (what == "index" && argc == 3) {
        return index(argv[2]);
    }
    if (what == "find" && argc >= 5 && argc % 2 == 1) {
        std::vector<Place> places;
        for (int i = 3; i < argc; i += 2) {
            const auto begin = Steady::now();
            places.push_back({openStore(argv[i]), std::strtoull(argv[i + 1], nullptr, 10), 0, {}});
            places.back().openSeconds = since(begin);
            require(places.back().buckets >= sample, "finding enough buckets");
        }
        return find(std::strtoul(argv[2], nullptr, 10), places);
    }
    require(false, "reading of the arguments");
}
