#include "core/erasure/codec.h"

#include <QtTest>

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

using namespace tarn;
using erasure::Codec;

namespace {

/// Product in GF(2^8), bit by bit: nothing in common with tables or vector instructions.
Byte multiply(unsigned a, unsigned b) {
    unsigned product = 0;
    for (; b != 0; b >>= 1U) {
        if ((b & 1U) != 0) {
            product ^= a;
        }
        a <<= 1U;
        if ((a & 0x100U) != 0) {
            a ^= 0x11dU;
        }
    }
    return static_cast<Byte>(product);
}

Byte power(unsigned base, unsigned exponent) {
    Byte result = 1;
    for (; exponent != 0; exponent >>= 1U) {
        if ((exponent & 1U) != 0) {
            result = multiply(result, base);
        }
        base = multiply(base, base);
    }
    return result;
}

Byte inverse(unsigned a) {
    return power(a, 254);
}

Byte pointOf(unsigned number) {
    return number == 0 ? Byte{0} : power(2, number - 1);
}

/// Parity by Newton's divided differences, byte by byte.
std::vector<Bytes> naiveParity(const std::vector<Bytes>& input, unsigned total) {
    const auto required = static_cast<unsigned>(input.size());
    std::vector<Bytes> parity(total - required, Bytes(input[0].size()));
    for (std::size_t at = 0; at < input[0].size(); ++at) {
        std::vector<Byte> newton;
        for (const Bytes& block : input) {
            newton.push_back(block[at]);
        }
        for (unsigned order = 1; order < required; ++order) {
            for (unsigned i = required - 1; i >= order; --i) {
                const unsigned distance = pointOf(i) ^ pointOf(i - order);
                newton[i] = multiply(newton[i] ^ newton[i - 1], inverse(distance));
            }
        }
        for (unsigned number = required; number < total; ++number) {
            Byte value = 0;
            for (unsigned i = required; i-- > 0;) {
                value = multiply(value, pointOf(number) ^ pointOf(i)) ^ newton[i];
            }
            parity[number - required][at] = value;
        }
    }
    return parity;
}

std::vector<Bytes> randomBlocks(std::size_t count, std::size_t length, std::mt19937& random) {
    std::vector<Bytes> blocks(count, Bytes(length));
    for (Bytes& block : blocks) {
        std::generate(block.begin(), block.end(), [&random] { return static_cast<Byte>(random() & 255U); });
    }
    return blocks;
}

std::vector<ByteView> viewsOf(const std::vector<Bytes>& blocks) {
    return {blocks.begin(), blocks.end()};
}

std::vector<MutableByteView> roomIn(std::vector<Bytes>& blocks) {
    return {blocks.begin(), blocks.end()};
}

/// All n blocks.
std::vector<Bytes> encoded(const Codec& codec, const std::vector<Bytes>& input) {
    std::vector<Bytes> parity(codec.total() - codec.required(), Bytes(input[0].size(), 0xAA));
    codec.encode(viewsOf(input), roomIn(parity));
    std::vector<Bytes> all = input;
    all.insert(all.end(), parity.begin(), parity.end());
    return all;
}

Result<std::vector<Bytes>> decoded(const Codec& codec, const std::vector<Bytes>& all,
                                   const std::vector<unsigned>& numbers) {
    std::vector<Codec::Numbered> blocks;
    for (const unsigned number : numbers) {
        blocks.push_back({number, all[number]});
    }
    std::vector<Bytes> output(codec.required(), Bytes(all[0].size(), 0x55));
    if (auto done = codec.decode(blocks, roomIn(output)); !done) {
        return failure(done.error());
    }
    return output;
}

}  // namespace

class CodecTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parityOfTinyAndOddLengthsEqualsANaiveCode() {
        std::mt19937 random(1);
        for (const auto& [required, total] : {std::pair(1U, 4U), {2U, 3U}, {3U, 10U}, {5U, 19U}, {10U, 11U}}) {
            const Codec codec = Codec::make(required, total).value();
            for (std::size_t length = 0; length <= 140; ++length) {
                const auto input = randomBlocks(required, length, random);
                std::vector<Bytes> parity(total - required, Bytes(length, 0xAA));
                codec.encode(viewsOf(input), roomIn(parity));
                QVERIFY2(parity == naiveParity(input, total), qPrintable(QString::number(length)));
            }
        }
    }

    void blocksLongerThanAStripEqualANaiveCode() {
        std::mt19937 random(2);
        const Codec codec = Codec::make(2, 4).value();
        for (const std::size_t length : {16383U, 16384U, 16385U, 32769U}) {
            const auto input = randomBlocks(2, length, random);
            std::vector<Bytes> parity(2, Bytes(length));
            codec.encode(viewsOf(input), roomIn(parity));
            QVERIFY2(parity == naiveParity(input, 4), qPrintable(QString::number(length)));
        }
    }

    void blocksAtAnyAddressGiveTheSameParity() {
        std::mt19937 random(3);
        const Codec codec = Codec::make(3, 10).value();
        const auto input = randomBlocks(3, 333, random);
        const auto expected = encoded(codec, input);
        for (std::size_t shift = 0; shift < 64; ++shift) {
            // One piece of memory with a guard byte between the blocks: writing past an end would show.
            constexpr std::size_t step = 334;
            Bytes memory(64 + 10 * step, 0xEE);
            std::vector<ByteView> from;
            std::vector<MutableByteView> to;
            for (std::size_t i = 0; i < 10; ++i) {
                const auto place = MutableByteView(memory).subspan(shift + i * step, 333);
                if (i < 3) {
                    std::copy(input[i].begin(), input[i].end(), place.begin());
                    from.emplace_back(place);
                } else {
                    to.push_back(place);
                }
            }
            codec.encode(from, to);
            for (std::size_t i = 0; i < 10; ++i) {
                const auto place = ByteView(memory).subspan(shift + i * step, 333);
                QVERIFY(std::equal(place.begin(), place.end(), expected[i].begin()));
                QCOMPARE(memory[shift + i * step + 333], Byte{0xEE});
            }
        }
    }

    void anyKOfNDecodeForRandomKAndN() {
        std::mt19937 random(4);
        for (int round = 0; round < 300; ++round) {
            const auto total = static_cast<unsigned>(1 + random() % 256);
            const auto required = static_cast<unsigned>(1 + random() % total);
            const Codec codec = Codec::make(required, total).value();
            const auto input = randomBlocks(required, random() % 100, random);
            const auto all = encoded(codec, input);
            std::vector<unsigned> numbers(total);
            std::iota(numbers.begin(), numbers.end(), 0U);
            std::shuffle(numbers.begin(), numbers.end(), random);
            numbers.resize(required);
            const auto output = decoded(codec, all, numbers);
            QVERIFY2(output && *output == input, qPrintable(QStringLiteral("%1 of %2").arg(required).arg(total)));
        }
    }

    void everyChoiceOfThreeOutOfTenDecodes() {
        std::mt19937 random(5);
        const Codec codec = Codec::make(3, 10).value();
        const auto input = randomBlocks(3, 37, random);
        const auto all = encoded(codec, input);
        for (unsigned a = 0; a < 10; ++a) {
            for (unsigned b = 0; b < 10; ++b) {
                for (unsigned c = 0; c < 10; ++c) {
                    if (a != b && b != c && a != c) {
                        const auto output = decoded(codec, all, {a, b, c});
                        QVERIFY(output && *output == input);
                    }
                }
            }
        }
    }

    void theLargestCodesDecodeFromTheirLastBlocks() {
        std::mt19937 random(6);
        for (const auto& [required, total] :
             {std::pair(256U, 256U), {255U, 256U}, {128U, 256U}, {1U, 256U}, {1U, 1U}}) {
            const Codec codec = Codec::make(required, total).value();
            const auto input = randomBlocks(required, 65, random);
            const auto all = encoded(codec, input);
            std::vector<unsigned> numbers(required);
            std::iota(numbers.begin(), numbers.end(), total - required);
            const auto output = decoded(codec, all, numbers);
            QVERIFY2(output && *output == input, qPrintable(QStringLiteral("%1 of %2").arg(required).arg(total)));
        }
    }

    void aLongBlockDecodes() {
        std::mt19937 random(7);
        const Codec codec = Codec::make(3, 10).value();
        const auto input = randomBlocks(3, 349526, random);
        const auto output = decoded(codec, encoded(codec, input), {9, 1, 4});
        QVERIFY(output && *output == input);
    }

    void parametersOutsideTheFieldAreRefused() {
        for (const auto& [required, total] :
             {std::pair(0U, 0U), {0U, 1U}, {2U, 1U}, {1U, 257U}, {257U, 257U}, {4294967295U, 4294967295U}}) {
            const auto codec = Codec::make(required, total);
            QVERIFY(!codec.has_value());
            QCOMPARE(codec.error().code, ErrorCode::InvalidArgument);
        }
    }

    void decodingRefusesRepeatedForeignOrTooFewBlocks() {
        std::mt19937 random(8);
        const Codec codec = Codec::make(3, 10).value();
        const auto all = encoded(codec, randomBlocks(3, 20, random));
        for (const std::vector<unsigned>& numbers :
             {std::vector<unsigned>{1, 2, 1}, {1, 2}, {0, 1, 2, 3}, std::vector<unsigned>{}}) {
            const auto output = decoded(codec, all, numbers);
            QVERIFY(!output.has_value());
            QCOMPARE(output.error().code, ErrorCode::InvalidArgument);
        }
        std::vector<Bytes> output(3, Bytes(20));
        const std::vector<Codec::Numbered> foreign{{0, all[0]}, {1, all[1]}, {10, all[2]}};
        QVERIFY(!codec.decode(foreign, roomIn(output)).has_value());
        const std::vector<Codec::Numbered> uneven{{0, all[0]}, {1, all[1]}, {2, ByteView(all[2]).first(19)}};
        QVERIFY(!codec.decode(uneven, roomIn(output)).has_value());
        const std::vector<Codec::Numbered> good{{0, all[0]}, {1, all[1]}, {2, all[2]}};
        output[1].resize(19);
        QVERIFY(!codec.decode(good, roomIn(output)).has_value());
        output[1].resize(20);
        QVERIFY(codec.decode(good, roomIn(output)).has_value());
    }

    void encodingWithUnevenBlocksIsACallersBug() {
        const Codec codec = Codec::make(2, 3).value();
        std::vector<Bytes> input(2, Bytes(8));
        std::vector<Bytes> parity(1, Bytes(7));
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, codec.encode(viewsOf(input), roomIn(parity)));
        parity[0].resize(8);
        input.pop_back();
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, codec.encode(viewsOf(input), roomIn(parity)));
    }
};

QTEST_GUILESS_MAIN(CodecTest)
#include "codec_test.moc"
