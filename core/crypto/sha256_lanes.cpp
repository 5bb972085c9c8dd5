#include "core/crypto/sha256_lanes.h"

#include <algorithm>
#include <bit>
#include <functional>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
// GCC 12 takes the "undefined" registers of its own AVX-512 header for a mistake.
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace tarn::crypto {

namespace {

alignas(64) constexpr std::array<std::uint32_t, 64> roundConstants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t bigEndian(const Byte* at) noexcept {
    return std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U | std::uint32_t{at[2]} << 8U | at[3];
}

void compressPlainly(const Sha256Lane& lane, std::size_t blocks) {
    const auto turn = [](std::uint32_t x, int by) {
        return std::rotr(x, by);
    };
    const Byte* data = lane.data;
    for (; blocks > 0; --blocks, data += sha256Block) {
        std::array<std::uint32_t, 64> w{};
        for (std::size_t t = 0; t < 16; ++t) {
            w.at(t) = bigEndian(data + 4 * t);
        }
        for (std::size_t t = 16; t < 64; ++t) {
            const std::uint32_t x = w.at(t - 15);
            const std::uint32_t y = w.at(t - 2);
            w.at(t) = w.at(t - 16) + (turn(x, 7) ^ turn(x, 18) ^ x >> 3U) + w.at(t - 7) +
                      (turn(y, 17) ^ turn(y, 19) ^ y >> 10U);
        }
        auto [a, b, c, d, e, f, g, h] = *lane.state;
        for (std::size_t t = 0; t < 64; ++t) {
            const std::uint32_t one =
                h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + roundConstants.at(t) + w.at(t);
            const std::uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            h = g;
            g = f;
            f = e;
            e = d + one;
            d = c;
            c = b;
            b = a;
            a = one + two;
        }
        const Sha256State more{a, b, c, d, e, f, g, h};
        std::ranges::transform(*lane.state, more, lane.state->begin(), std::plus<>());
    }
}

#if defined(__x86_64__)

bool hasSha() noexcept {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    constexpr unsigned shaBit = 1U << 29U;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & shaBit) != 0 && __builtin_cpu_supports("sse4.1") != 0;
}

// Registers have no index: the loops over them must be gone when the compiler hands them out.
#if defined(__clang__)
#define TARN_UNROLL(times) _Pragma("unroll")
#else
#define TARN_PRAGMA(text) _Pragma(#text)
#define TARN_UNROLL(times) TARN_PRAGMA(GCC unroll times)
#endif

// The byte order that turns a block's big-endian words around.
#define TARN_TURNED_WORDS _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL)

/// The SHA-256 unit works on four rounds of one stream at a time, and waits for itself in between: the other stream's
/// rounds go there.
template <std::size_t count>
__attribute__((target("sha,sse4.1"))) void compressBySha(const Sha256Lane* lanes, std::size_t blocks) {
    const __m128i turned = TARN_TURNED_WORDS;
    __m128i abef[count];
    __m128i cdgh[count];
    const Byte* data[count];
    for (std::size_t i = 0; i < count; ++i) {
        data[i] = lanes[i].data;
        const auto* const state = reinterpret_cast<const __m128i*>(lanes[i].state->data());
        const __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(state), 0xB1);
        const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(state + 1), 0x1B);
        abef[i] = _mm_alignr_epi8(cdab, efgh, 8);
        cdgh[i] = _mm_blend_epi16(efgh, cdab, 0xF0);
    }
    for (; blocks > 0; --blocks) {
        __m128i abefBefore[count];
        __m128i cdghBefore[count];
        __m128i words[count][4];
        for (std::size_t i = 0; i < count; ++i) {
            abefBefore[i] = abef[i];
            cdghBefore[i] = cdgh[i];
        }
        TARN_UNROLL(16)
        for (std::size_t four = 0; four < 16; ++four) {
            const __m128i constants =
                _mm_load_si128(reinterpret_cast<const __m128i*>(roundConstants.data() + 4 * four));
            TARN_UNROLL(2)
            for (std::size_t i = 0; i < count; ++i) {
                __m128i& now = words[i][four % 4];
                const __m128i last = words[i][(four + 3) % 4];
                if (four < 4) {
                    now = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data[i] + 16 * four)),
                                           turned);
                } else {
                    const __m128i sevenBack = _mm_alignr_epi8(last, words[i][(four + 2) % 4], 4);
                    now = _mm_sha256msg2_epu32(
                        _mm_add_epi32(_mm_sha256msg1_epu32(now, words[i][(four + 1) % 4]), sevenBack), last);
                }
                const __m128i added = _mm_add_epi32(now, constants);
                cdgh[i] = _mm_sha256rnds2_epu32(cdgh[i], abef[i], added);
                abef[i] = _mm_sha256rnds2_epu32(abef[i], cdgh[i], _mm_shuffle_epi32(added, 0x0E));
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            abef[i] = _mm_add_epi32(abef[i], abefBefore[i]);
            cdgh[i] = _mm_add_epi32(cdgh[i], cdghBefore[i]);
            data[i] += sha256Block;
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        auto* const state = reinterpret_cast<__m128i*>(lanes[i].state->data());
        const __m128i feba = _mm_shuffle_epi32(abef[i], 0x1B);
        const __m128i dchg = _mm_shuffle_epi32(cdgh[i], 0xB1);
        _mm_storeu_si128(state, _mm_blend_epi16(feba, dchg, 0xF0));
        _mm_storeu_si128(state + 1, _mm_alignr_epi8(dchg, feba, 8));
    }
}

#define TARN_WIDE __attribute__((target("avx512f,avx512bw")))

/// Word i of lane j becomes word j of vector i.
TARN_WIDE void transpose(__m512i* r) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 16; i += 8) {
        for (int j = 0; j < 4; ++j) {
            t[i + j] = _mm512_shuffle_i32x4(r[i + j], r[i + 4 + j], 0x88);
            t[i + 4 + j] = _mm512_shuffle_i32x4(r[i + j], r[i + 4 + j], 0xdd);
        }
    }
    for (int j = 0; j < 8; ++j) {
        r[j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0x88);
        r[8 + j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0xdd);
    }
}

/// Sixteen streams side by side, one word of each in a register.
TARN_WIDE void compressWide(const Sha256Lane* lanes, std::size_t blocks) {
    constexpr int count = 16;
    constexpr int exclusiveOr = 0x96;
    constexpr int choose = 0xca;
    constexpr int majority = 0xe8;
    const __m512i turned = _mm512_broadcast_i32x4(TARN_TURNED_WORDS);
    alignas(64) std::uint32_t states[8][count];
    for (std::size_t lane = 0; lane < count; ++lane) {
        for (std::size_t i = 0; i < 8; ++i) {
            states[i][lane] = (*lanes[lane].state)[i];
        }
    }
    __m512i s[8];
    for (int i = 0; i < 8; ++i) {
        s[i] = _mm512_load_si512(states[i]);
    }
    for (std::size_t block = 0; block < blocks; ++block) {
        __m512i w[16];
        for (int lane = 0; lane < count; ++lane) {
            w[lane] = _mm512_shuffle_epi8(_mm512_loadu_si512(lanes[lane].data + sha256Block * block), turned);
        }
        transpose(w);
        __m512i a = s[0];
        __m512i b = s[1];
        __m512i c = s[2];
        __m512i d = s[3];
        __m512i e = s[4];
        __m512i f = s[5];
        __m512i g = s[6];
        __m512i h = s[7];
        TARN_UNROLL(64)
        for (unsigned t = 0; t < 64; ++t) {
            if (t >= 16) {
                const __m512i x = w[(t + 1) % 16];
                const __m512i y = w[(t + 14) % 16];
                const __m512i small0 = _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 7), _mm512_ror_epi32(x, 18),
                                                                 _mm512_srli_epi32(x, 3), exclusiveOr);
                const __m512i small1 = _mm512_ternarylogic_epi32(_mm512_ror_epi32(y, 17), _mm512_ror_epi32(y, 19),
                                                                 _mm512_srli_epi32(y, 10), exclusiveOr);
                w[t % 16] =
                    _mm512_add_epi32(_mm512_add_epi32(w[t % 16], small0), _mm512_add_epi32(w[(t + 9) % 16], small1));
            }
            const __m512i large1 = _mm512_ternarylogic_epi32(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11),
                                                             _mm512_ror_epi32(e, 25), exclusiveOr);
            const __m512i chosen = _mm512_ternarylogic_epi32(e, f, g, choose);
            const __m512i added = _mm512_add_epi32(w[t % 16], _mm512_set1_epi32(static_cast<int>(roundConstants[t])));
            const __m512i one = _mm512_add_epi32(_mm512_add_epi32(h, large1), _mm512_add_epi32(chosen, added));
            const __m512i large0 = _mm512_ternarylogic_epi32(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13),
                                                             _mm512_ror_epi32(a, 22), exclusiveOr);
            const __m512i two = _mm512_add_epi32(large0, _mm512_ternarylogic_epi32(a, b, c, majority));
            h = g;
            g = f;
            f = e;
            e = _mm512_add_epi32(d, one);
            d = c;
            c = b;
            b = a;
            a = _mm512_add_epi32(one, two);
        }
        const __m512i after[8] = {a, b, c, d, e, f, g, h};
        for (int i = 0; i < 8; ++i) {
            s[i] = _mm512_add_epi32(s[i], after[i]);
        }
    }
    for (int i = 0; i < 8; ++i) {
        _mm512_store_si512(states[i], s[i]);
    }
    for (std::size_t lane = 0; lane < count; ++lane) {
        for (std::size_t i = 0; i < 8; ++i) {
            (*lanes[lane].state)[i] = states[i][lane];
        }
    }
}

#endif

/// From so many lanes on sixteen at once are quicker than two, even if some stay empty.
constexpr std::size_t worthSixteen = 10;

}  // namespace

Sha256Width sha256Width() noexcept {
#if defined(__x86_64__)
    static const Sha256Width width = [] {
        if (!hasSha()) {
            return Sha256Width::One;
        }
        const bool wide = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
        return wide ? Sha256Width::Sixteen : Sha256Width::Two;
    }();
    return width;
#else
    return Sha256Width::One;
#endif
}

void compressLanes(std::span<const Sha256Lane> lanes, std::size_t blocks, Sha256Width most) {
#if defined(__x86_64__)
    const Sha256Width width = std::min(most, sha256Width());
    while (width == Sha256Width::Sixteen && lanes.size() >= worthSixteen) {
        std::array<Sha256Lane, 16> full{};
        std::array<Sha256State, 16> unused{};
        const std::size_t taken = std::min(lanes.size(), full.size());
        for (std::size_t i = 0; i < full.size(); ++i) {
            full.at(i) = i < taken ? lanes[i] : Sha256Lane{&unused.at(i), lanes[0].data};
        }
        compressWide(full.data(), blocks);
        lanes = lanes.subspan(taken);
    }
    while (width != Sha256Width::One && lanes.size() >= 2) {
        compressBySha<2>(lanes.data(), blocks);
        lanes = lanes.subspan(2);
    }
    if (width != Sha256Width::One && !lanes.empty()) {
        compressBySha<1>(lanes.data(), blocks);
        return;
    }
#else
    (void)most;
#endif
    for (const Sha256Lane& lane : lanes) {
        compressPlainly(lane, blocks);
    }
}

}  // namespace tarn::crypto
