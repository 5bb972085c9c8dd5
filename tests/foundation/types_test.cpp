#include "core/foundation/error.h"
#include "core/foundation/ids.h"
#include "core/foundation/random.h"
#include "core/foundation/result.h"
#include "core/foundation/secret.h"
#include "core/foundation/units.h"

#include <QSet>
#include <QtTest>

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>
#include <unordered_set>

using namespace tarn;

namespace {

using Key = Secret<struct KeyTag, 32>;
using OtherKey = Secret<struct OtherKeyTag, 32>;

template <typename T>
concept Ordered = requires(T a, T b) {
    a < b;
};
template <typename T, typename U>
concept Comparable = requires(T a, U b) {
    a == b;
};

// What the types must not do, checked by the compiler.
static_assert(!Ordered<Key>);
static_assert(!Comparable<Key, OtherKey>);
static_assert(!Comparable<ShareNum, SegmentNum>);
static_assert(!std::is_convertible_v<std::uint64_t, ByteCount>);
static_assert(!std::is_convertible_v<ByteCount, ByteOffset>);
static_assert(!std::is_convertible_v<Key, ByteView>);
static_assert(Ordered<StorageIndex> && Ordered<ShareNum>);

std::array<Byte, 32> filled(Byte value) {
    std::array<Byte, 32> bytes;
    bytes.fill(value);
    return bytes;
}

class CountingRandom final : public Random {
public:
    void fill(MutableByteView out) override {
        std::generate(out.begin(), out.end(), [this] { return m_next++; });
    }

private:
    Byte m_next = 0;
};

}  // namespace

class TypesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aSecretIsWipedWhenItGoes() {
        // Raw memory that outlives the secret, so that looking at it afterwards is allowed.
        alignas(Key) std::array<Byte, sizeof(Key)> memory{};
        auto* const secret = new (memory.data()) Key(filled(0xA5));
        QVERIFY(std::count(memory.begin(), memory.end(), Byte{0xA5}) == 32);
        std::destroy_at(secret);
        QVERIFY(std::count(memory.begin(), memory.end(), Byte{0xA5}) == 0);
    }

    void wipeClearsEveryByteAndNothingElse() {
        Bytes bytes(100, 7);
        wipe(MutableByteView(bytes).subspan(10, 80));
        QVERIFY(std::all_of(bytes.begin() + 10, bytes.begin() + 90, [](Byte b) { return b == 0; }));
        QVERIFY(std::count(bytes.begin(), bytes.end(), Byte{7}) == 20);
        wipe({});
    }

    void secretsCompareByContentAtEveryByte() {
        const Key key(filled(1));
        QVERIFY(key == Key(filled(1)));
        for (std::size_t i = 0; i < Key::size; ++i) {
            auto other = filled(1);
            other[i] ^= 0x80U;
            QVERIFY(!(key == Key(other)));
        }
        QVERIFY(equalConstantTime({}, {}));
        QVERIFY(!equalConstantTime(viewOf("ab"), viewOf("abc")));
        QVERIFY(!equalConstantTime(viewOf("abc"), viewOf("ab")));
    }

    void secretsAndIdsTakeTheirExactLengthOnly() {
        for (const std::size_t size : {0U, 15U, 17U, 31U, 33U}) {
            QVERIFY(!Key::fromBytes(Bytes(size)).has_value());
            QVERIFY(!StorageIndex::fromBytes(Bytes(size)).has_value());
        }
        const Bytes bytes(16, 9);
        const auto index = StorageIndex::fromBytes(bytes);
        QVERIFY(index && std::equal(bytes.begin(), bytes.end(), index->bytes().begin()));
        QVERIFY(Key::fromBytes(Bytes(32, 1)) == Key(filled(1)));
    }

    void idsAndNumbersOrderAndHashByValue() {
        Bytes low(16);
        Bytes high(16);
        low[15] = 1;
        high[0] = 1;
        const auto a = StorageIndex::fromBytes(low).value();
        const auto b = StorageIndex::fromBytes(high).value();
        QVERIFY(a < b);
        QCOMPARE((std::unordered_set<StorageIndex>{a, b, a}.size()), std::size_t{2});
        QCOMPARE((std::unordered_set<ShareNum>{ShareNum(1), ShareNum(1), ShareNum(2)}.size()), std::size_t{2});
        QVERIFY(ServerId("v0-a") < ServerId("v0-b"));
    }

    void unitsAddAndSubtractOnlyWhereItMeansSomething() {
        QCOMPARE((ByteOffset(10) + ByteCount(5)).value(), std::uint64_t{15});
        QCOMPARE((ByteOffset(10) - ByteOffset(4)).value(), std::uint64_t{6});
        ByteCount sum(1);
        sum += ByteCount(2);
        QCOMPARE((sum + ByteCount(4)).value(), std::uint64_t{7});
    }

    void everyErrorCodeHasANameOfItsOwn() {
        QSet<QString> names;
        const int last = static_cast<int>(ErrorCode::CorruptFile);
        for (int i = 0; i <= last; ++i) {
            const auto name = errorName(static_cast<ErrorCode>(i));
            names.insert(QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())));
        }
        QCOMPARE(names.size(), last + 1);
        QCOMPARE(errorName(ErrorCode::NotEnoughShares), std::string_view("NotEnoughShares"));
        QCOMPARE(errorName(ErrorCode::Internal), std::string_view("Internal"));
    }

    void aFailurePassesThroughResultsOfOtherTypes() {
        const auto inner = []() -> Result<int> {
            return failure(ErrorCode::TimedOut, "no answer", true);
        };
        const auto outer = [&]() -> Result<std::string> {
            const auto number = inner();
            if (!number) {
                return failure(number.error());
            }
            return std::string("never");
        };
        const auto result = outer();
        QVERIFY(!result.has_value());
        QCOMPARE(result.error().code, ErrorCode::TimedOut);
        QCOMPARE(result.error().detail, std::string("no answer"));
        QVERIFY(result.error().retryable);
    }

    void randomMakesSecretsFromItsOwnBytes() {
        CountingRandom counting;
        const auto key = counting.make<Key>();
        for (std::size_t i = 0; i < Key::size; ++i) {
            QCOMPARE(key.reveal()[i], static_cast<Byte>(i));
        }
        SystemRandom system;
        QVERIFY(!(system.make<Key>() == system.make<Key>()));
        // Longer than the system gives at once: the end must be filled as well.
        Bytes big(1000);
        system.fill(big);
        QVERIFY(std::any_of(big.end() - 32, big.end(), [](Byte b) { return b != 0; }));
    }
};

QTEST_GUILESS_MAIN(TypesTest)
#include "types_test.moc"
