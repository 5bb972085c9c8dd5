#include "core/erasure/galois.h"

#include <array>

namespace tarn::erasure {

namespace {

constexpr unsigned polynomial = 0x11d;
constexpr unsigned order = 255;  ///< of the multiplicative group

struct Tables {
    std::array<Byte, order> power{};        ///< 2^i
    std::array<unsigned, 256> logarithm{};  ///< of 1 to 255; 0 has none
};

constexpr Tables makeTables() {
    Tables tables;
    unsigned value = 1;
    for (unsigned i = 0; i < order; ++i) {
        tables.power[i] = static_cast<Byte>(value);
        tables.logarithm[value] = i;
        value <<= 1U;
        if ((value & 0x100U) != 0) {
            value ^= polynomial;
        }
    }
    return tables;
}

constexpr Tables tables = makeTables();

/// The logarithm of the difference of two distinct points. In this field, difference and sum are exclusive or.
unsigned logDifference(Byte a, Byte b) noexcept {
    return tables.logarithm[static_cast<unsigned>(a ^ b)];
}

}  // namespace

Byte pointOf(unsigned number) noexcept {
    return number == 0 ? Byte{0} : tables.power[number - 1];
}

Bytes coefficientsFor(std::span<const unsigned> wanted, std::span<const unsigned> known) {
    // L_j(x) = prod(x - x_m) / ((x - x_j) * prod over m != j of (x_j - x_m)), as sums of logarithms: no factor is zero.
    std::array<Byte, 256> points{};
    for (std::size_t j = 0; j < known.size(); ++j) {
        points[j] = pointOf(known[j]);
    }
    const std::span<const Byte> at(points.data(), known.size());
    std::array<unsigned, 256> logWeight{};
    for (std::size_t j = 0; j < at.size(); ++j) {
        for (std::size_t m = 0; m < at.size(); ++m) {
            if (m != j) {
                logWeight[j] += logDifference(at[j], at[m]);
            }
        }
        logWeight[j] %= order;
    }
    Bytes coefficients;
    coefficients.reserve(wanted.size() * known.size());
    for (const unsigned number : wanted) {
        const Byte x = pointOf(number);
        unsigned logProduct = 0;
        for (const Byte point : at) {
            logProduct += logDifference(x, point);
        }
        for (std::size_t j = 0; j < at.size(); ++j) {
            const unsigned divisor = logDifference(x, at[j]) + logWeight[j];
            coefficients.push_back(tables.power[(logProduct + 2 * order - divisor) % order]);
        }
    }
    return coefficients;
}

}  // namespace tarn::erasure
