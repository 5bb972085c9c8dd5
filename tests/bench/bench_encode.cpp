// Times the computation of an upload (convergent key, encryption, erasure code, every hash, blocks laid out for
// sending) against its roofline: the same bytes through bare calls of the libraries, in the same run.
//
// Usage: bench_encode THREADS     1 GiB in all, a part a thread; 3 of 10, 1 MiB segments. Prints one JSON line.

#include "core/upload/whole_file.h"

#include <cryptopp/aes.h>
#include <cryptopp/modes.h>
#include <cryptopp/sha.h>
#include <isa-l/erasure_code.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

using namespace tarn;

constexpr std::uint64_t totalBytes = 1ULL << 30U;
constexpr formats::EncodingParameters parameters{3, 7, 10, ByteCount(1 << 20)};

/// A file of any size that costs no disk: the same megabyte again and again.
class RepeatedSource final : public upload::Source {
public:
    explicit RepeatedSource(std::uint64_t size) : m_size(size), m_pattern(patternSize) {
        for (std::size_t i = 0; i < m_pattern.size(); ++i) {
            m_pattern[i] = static_cast<Byte>(i * 2654435761U >> 13U);
        }
    }
    [[nodiscard]] ByteCount size() const noexcept override { return ByteCount(m_size); }
    [[nodiscard]] Result<void> read(ByteOffset offset, MutableByteView out) override {
        for (std::size_t done = 0; done < out.size();) {
            const std::size_t from = (offset.value() + done) % patternSize;
            const std::size_t now = std::min(out.size() - done, patternSize - from);
            std::copy_n(m_pattern.begin() + static_cast<std::ptrdiff_t>(from), now,
                        out.begin() + static_cast<std::ptrdiff_t>(done));
            done += now;
        }
        return {};
    }
    [[nodiscard]] Result<void> checkUnchanged() override { return {}; }

private:
    static constexpr std::size_t patternSize = 1 << 20;
    std::uint64_t m_size;
    Bytes m_pattern;
};

void require(bool held, const char* what) {
    if (!held) {
        std::fprintf(stderr, "bench_encode: %s failed\n", what);
        std::exit(1);
    }
}

/// Everything that an upload computes, its blocks laid out as they would be sent.
void encodeAsUploads(std::uint64_t size) {
    RepeatedSource source(size);
    const auto geometry = formats::Geometry::make(parameters, source.size());
    require(geometry.has_value(), "geometry");
    const auto key = upload::keyOf(source, *geometry, crypto::ConvergenceSecret(Bytes(16, 7)));
    require(key.has_value(), "key");
    const auto encoder = upload::SegmentEncoder::make(*geometry, *key);
    require(encoder.has_value(), "encoder");
    const upload::RunPlan runs(*geometry);
    const upload::Wanted all(geometry->total, true);
    upload::FileHashes hashes(*geometry);
    for (std::uint64_t number = 0; number < runs.count(); ++number) {
        auto plaintext = encoder->bufferFor(runs.run(number));
        require(source.read(ByteOffset(runs.offset(number)), *plaintext).has_value(), "read");
        hashes.add(encoder->encode(runs.run(number), std::move(plaintext), all));
    }
    require(hashes.seal().uriExtensionHash() != crypto::Hash(), "seal");
}

/// The same bytes through the libraries alone.
void encodeAsLibraries(std::uint64_t size) {
    constexpr int k = 3;
    constexpr int n = 10;
    const std::size_t segment = parameters.maximumSegmentSize.value() / k * k;
    const std::size_t block = segment / k;
    Bytes data(segment, 42);
    std::array<Bytes, n - k> parity;
    std::array<Byte*, k> inputs{};
    std::array<Byte*, n - k> outputs{};
    for (std::size_t i = 0; i < k; ++i) {
        inputs.at(i) = data.data() + i * block;
    }
    for (std::size_t i = 0; i < parity.size(); ++i) {
        parity.at(i).resize(block);
        outputs.at(i) = parity.at(i).data();
    }
    std::array<Byte, k * n> matrix{};
    gf_gen_cauchy1_matrix(matrix.data(), n, k);
    Bytes tables(static_cast<std::size_t>(32) * k * (n - k));
    ec_init_tables(k, n - k, matrix.data() + static_cast<std::ptrdiff_t>(k) * k, tables.data());

    const std::array<Byte, 16> key{1};
    CryptoPP::CTR_Mode<CryptoPP::AES>::Encryption cipher;
    cipher.SetKeyWithIV(key.data(), key.size(), key.data(), key.size());
    CryptoPP::SHA256 hash;
    Bytes ciphertext(segment);
    for (std::uint64_t done = 0; done < size; done += segment) {
        hash.Update(data.data(), segment);  // the key
        cipher.ProcessData(ciphertext.data(), data.data(), segment);
        hash.Update(ciphertext.data(), segment);  // the segment
        hash.Update(ciphertext.data(), segment);  // the whole
        ec_encode_data(static_cast<int>(block), k, n - k, tables.data(), inputs.data(), outputs.data());
        hash.Update(data.data(), segment);  // k blocks
        for (const Byte* out : outputs) {
            hash.Update(out, block);
        }
    }
    std::array<Byte, 32> digest{};
    hash.Final(digest.data());
    require(digest != std::array<Byte, 32>{}, "hash");
}

double secondsOf(void (*work)(std::uint64_t), unsigned threads) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> running;
    for (unsigned i = 0; i < threads; ++i) {
        running.emplace_back(work, totalBytes / threads);
    }
    for (auto& thread : running) {
        thread.join();
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
    const unsigned threads = argc == 2 ? static_cast<unsigned>(std::atoi(argv[1])) : 0;
    if (threads < 1 || threads > 64) {
        std::fputs("usage: bench_encode THREADS\n", stderr);
        return 2;
    }
    const double roofline = secondsOf(encodeAsLibraries, threads);
    const double seconds = secondsOf(encodeAsUploads, threads);
    std::printf("{\"bytes\": %llu, \"seconds\": %.4f, \"roofline_seconds\": %.4f}\n",
                static_cast<unsigned long long>(totalBytes), seconds, roofline);
    return 0;
}
