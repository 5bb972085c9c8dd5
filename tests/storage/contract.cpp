#include "tests/storage/contract.h"

#include "core/foundation/secret.h"
#include "tests/storage/awaited.h"
#include "tests/storage/outcomes.h"

#include <QtTest>

#include <algorithm>

namespace tarn::testing {

namespace {

using storage::ByteRange;
using Shares = std::set<ShareNum>;

SharedBytes shared(Bytes bytes) {
    return std::make_shared<const Bytes>(std::move(bytes));
}

Bytes part(const Bytes& whole, std::size_t begin, std::size_t end) {
    return Bytes(whole.begin() + static_cast<std::ptrdiff_t>(begin), whole.begin() + static_cast<std::ptrdiff_t>(end));
}

std::vector<ByteRange> ranges(std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> pairs) {
    std::vector<ByteRange> list;
    for (const auto& [begin, end] : pairs) {
        list.push_back({ByteOffset(begin), ByteOffset(end)});
    }
    return list;
}

const ShareNum zero{0};

}  // namespace

Bytes StorageContract::someBytes(std::size_t size) {
    Bytes bytes(size);
    m_random.fill(bytes);
    return bytes;
}

LeaseSecrets StorageContract::freshLease() {
    return {m_random.make<LeaseRenewSecret>(), m_random.make<LeaseCancelSecret>()};
}

void StorageContract::store(const StorageIndex& index, ShareNum share, const Bytes& data) {
    const auto secret = m_random.make<UploadSecret>();
    const auto allocation =
        awaited(server()->allocate(index, {share}, ByteCount(data.size()), secret, freshLease(), {}));
    EXPECT_SUCCESS(allocation);
    QCOMPARE(allocation->allocated, Shares{share});
    const auto written = awaited(server()->write(index, share, secret, ByteOffset(0), shared(data), {}));
    EXPECT_SUCCESS(written);
    QVERIFY(written->complete);
}

void StorageContract::version_names_the_application_and_its_limits() {
    const auto version = awaited(server()->version({}));
    EXPECT_SUCCESS(version);
    QVERIFY(!version->application.empty());
    QVERIFY(version->maximumImmutableShareSize.value() > 0);
    QVERIFY(version->availableSpace.value() > 0);
}

void StorageContract::allocate_holds_room_for_fresh_shares() {
    const auto allocation =
        awaited(server()->allocate(freshIndex(), {ShareNum(0), ShareNum(1), ShareNum(7)}, ByteCount(100),
                                   m_random.make<UploadSecret>(), freshLease(), {}));
    EXPECT_SUCCESS(allocation);
    QCOMPARE(allocation->alreadyHave, Shares{});
    QCOMPARE(allocation->allocated, (Shares{ShareNum(0), ShareNum(1), ShareNum(7)}));
}

void StorageContract::allocate_repeated_with_the_same_secret_changes_nothing() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    const auto lease = freshLease();
    const Bytes data = someBytes(40);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(40), secret, lease, {})));
    EXPECT_SUCCESS(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(part(data, 0, 10)), {})));

    const auto again = awaited(server()->allocate(index, {zero}, ByteCount(40), secret, lease, {}));
    EXPECT_SUCCESS(again);
    QCOMPARE(again->alreadyHave, Shares{});
    QCOMPARE(again->allocated, differences().repeatedAllocateNamesNothing ? Shares{} : Shares{zero});

    // What was written before counts still.
    const auto rest = awaited(server()->write(index, zero, secret, ByteOffset(10), shared(part(data, 10, 40)), {}));
    EXPECT_SUCCESS(rest);
    QVERIFY(rest->complete);
    const auto read = awaited(server()->read(index, zero, ByteOffset(0), ByteCount(40), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(*read, data);
}

void StorageContract::allocate_with_another_secret_gets_nothing_that_is_begun() {
    const auto index = freshIndex();
    EXPECT_SUCCESS(
        awaited(server()->allocate(index, {zero}, ByteCount(40), m_random.make<UploadSecret>(), freshLease(), {})));
    const auto other = awaited(
        server()->allocate(index, {zero, ShareNum(1)}, ByteCount(40), m_random.make<UploadSecret>(), freshLease(), {}));
    EXPECT_SUCCESS(other);
    QCOMPARE(other->alreadyHave, Shares{});
    QCOMPARE(other->allocated, Shares{ShareNum(1)});
}

void StorageContract::allocate_names_every_complete_share_of_the_bucket() {
    const auto index = freshIndex();
    store(index, ShareNum(3), someBytes(25));
    store(index, ShareNum(4), someBytes(25));
    const auto allocation = awaited(server()->allocate(index, {ShareNum(3), ShareNum(5)}, ByteCount(25),
                                                       m_random.make<UploadSecret>(), freshLease(), {}));
    EXPECT_SUCCESS(allocation);
    QCOMPARE(allocation->alreadyHave, (Shares{ShareNum(3), ShareNum(4)}));
    QCOMPARE(allocation->allocated, Shares{ShareNum(5)});
}

void StorageContract::allocate_takes_all_256_share_numbers() {
    Shares all;
    for (std::uint16_t i = 0; i < 256; ++i) {
        all.insert(ShareNum(i));
    }
    const auto allocation =
        awaited(server()->allocate(freshIndex(), all, ByteCount(1), m_random.make<UploadSecret>(), freshLease(), {}));
    EXPECT_SUCCESS(allocation);
    QCOMPARE(allocation->allocated, all);
}

/// Who does not take them so gives room for them, and they are written as ever.
void StorageContract::allocate_with_whole_shares_stores_what_finds_room() {
    EXPECT_SUCCESS(awaited(server()->version({})));
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    store(index, ShareNum(3), someBytes(70));
    const storage::WholeShares whole{{ShareNum(1), shared(someBytes(70))},
                                     {ShareNum(3), shared(someBytes(70))},
                                     {ShareNum(255), shared(someBytes(70))}};
    const Shares asked{ShareNum(1), ShareNum(2), ShareNum(3), ShareNum(255)};
    const auto allocation =
        awaited(server()->allocateAndWrite(index, asked, ByteCount(70), whole, secret, freshLease(), {}));
    EXPECT_SUCCESS(allocation);
    QCOMPARE(allocation->alreadyHave, Shares{ShareNum(3)});
    QCOMPARE(allocation->allocated, (Shares{ShareNum(1), ShareNum(2), ShareNum(255)}));
    QCOMPARE(allocation->stored, server()->takesWholeShares() ? (Shares{ShareNum(1), ShareNum(255)}) : Shares{});
    for (const ShareNum share : {ShareNum(1), ShareNum(255)}) {
        if (!allocation->stored.contains(share)) {
            EXPECT_SUCCESS(awaited(server()->write(index, share, secret, ByteOffset(0), whole.at(share), {})));
        }
        const auto read = awaited(server()->read(index, share, ByteOffset(0), ByteCount(100), {}));
        EXPECT_SUCCESS(read);
        QCOMPARE(*read, *whole.at(share));
    }
    const auto listed = awaited(server()->listShares(index, {}));
    EXPECT_SUCCESS(listed);
    QCOMPARE(*listed, (Shares{ShareNum(1), ShareNum(3), ShareNum(255)}));
    EXPECT_SUCCESS(awaited(server()->write(index, ShareNum(2), secret, ByteOffset(0), shared(someBytes(70)), {})));

    // Once more: nothing is stored twice.
    const auto again =
        awaited(server()->allocateAndWrite(index, asked, ByteCount(70), whole, secret, freshLease(), {}));
    EXPECT_SUCCESS(again);
    QCOMPARE(again->alreadyHave, asked);
    QCOMPARE(again->stored, Shares{});
}

/// Who does not send them so gives the list alone.
void StorageContract::find_brings_small_shares_along() {
    EXPECT_SUCCESS(awaited(server()->version({})));
    const auto index = freshIndex();
    const auto none = awaited(server()->findShares(index, ByteCount(1000), {}));
    EXPECT_SUCCESS(none);
    QVERIFY(none->shares.empty() && none->whole.empty());
    for (const ShareNum share : {ShareNum(1), ShareNum(3), ShareNum(255)}) {
        store(index, share, someBytes(70));
    }
    for (const unsigned along : {0U, 69U, 70U, 139U, 140U, 1000U, 100'000'000U}) {
        const auto found = awaited(server()->findShares(index, ByteCount(along), {}));
        EXPECT_SUCCESS(found);
        QCOMPARE(found->shares, (Shares{ShareNum(1), ShareNum(3), ShareNum(255)}));
        const std::size_t fit = server()->takesWholeShares() ? std::min(along / 70U, 3U) : 0;
        QCOMPARE(found->whole.size(), fit);
        auto number = found->shares.begin();
        for (const auto& [share, bytes] : found->whole) {
            QCOMPARE(share, *number++);
            QCOMPARE(bytes, *awaited(server()->read(index, share, ByteOffset(0), ByteCount(100), {})));
        }
    }
}

void StorageContract::write_of_a_whole_share_completes_it() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(1000), secret, freshLease(), {})));
    const auto progress = awaited(server()->write(index, zero, secret, ByteOffset(0), shared(someBytes(1000)), {}));
    EXPECT_SUCCESS(progress);
    QVERIFY(progress->complete);
    QCOMPARE(progress->required, std::vector<ByteRange>{});
    const auto shares = awaited(server()->listShares(index, {}));
    EXPECT_SUCCESS(shares);
    QCOMPARE(*shares, Shares{zero});
}

void StorageContract::write_in_pieces_says_what_is_missing() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    const Bytes data = someBytes(300);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(300), secret, freshLease(), {})));
    const auto first = awaited(server()->write(index, zero, secret, ByteOffset(100), shared(part(data, 100, 200)), {}));
    EXPECT_SUCCESS(first);
    QVERIFY(!first->complete);
    QCOMPARE(first->required, ranges({{0, 100}, {200, 300}}));
    const auto second =
        awaited(server()->write(index, zero, secret, ByteOffset(200), shared(part(data, 200, 300)), {}));
    EXPECT_SUCCESS(second);
    QVERIFY(!second->complete);
    QCOMPARE(second->required, ranges({{0, 100}}));
    const auto third = awaited(server()->write(index, zero, secret, ByteOffset(0), shared(part(data, 0, 100)), {}));
    EXPECT_SUCCESS(third);
    QVERIFY(third->complete);
}

void StorageContract::write_out_of_order_completes_too() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    const Bytes data = someBytes(1000);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(1000), secret, freshLease(), {})));
    for (const std::size_t begin : {900U, 0U, 500U, 300U, 700U, 100U, 200U, 800U, 400U, 600U}) {
        EXPECT_SUCCESS(awaited(
            server()->write(index, zero, secret, ByteOffset(begin), shared(part(data, begin, begin + 100)), {})));
    }
    const auto read = awaited(server()->read(index, zero, ByteOffset(0), ByteCount(1000), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(*read, data);
}

void StorageContract::write_of_equal_bytes_again_is_fine() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    const Bytes data = someBytes(100);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(100), secret, freshLease(), {})));
    EXPECT_SUCCESS(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(part(data, 0, 60)), {})));
    const auto again = awaited(server()->write(index, zero, secret, ByteOffset(20), shared(part(data, 20, 80)), {}));
    EXPECT_SUCCESS(again);
    QCOMPARE(again->required, ranges({{80, 100}}));
}

void StorageContract::write_of_other_bytes_conflicts_and_keeps_the_first() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    const Bytes data = someBytes(100);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(100), secret, freshLease(), {})));
    EXPECT_SUCCESS(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(part(data, 0, 50)), {})));
    Bytes other = part(data, 40, 60);
    other[0] ^= 1U;
    EXPECT_FAILURE(awaited(server()->write(index, zero, secret, ByteOffset(40), shared(other), {})), Conflict);
    const auto rest = awaited(server()->write(index, zero, secret, ByteOffset(50), shared(part(data, 50, 100)), {}));
    EXPECT_SUCCESS(rest);
    QVERIFY(rest->complete);
    const auto read = awaited(server()->read(index, zero, ByteOffset(0), ByteCount(100), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(*read, data);
}

void StorageContract::write_past_the_end_fails_and_does_no_harm() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    const Bytes data = someBytes(100);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(100), secret, freshLease(), {})));
    const auto past = awaited(server()->write(index, zero, secret, ByteOffset(90), shared(someBytes(11)), {}));
    if (differences().failsOnWritePastTheEnd) {
        EXPECT_FAILURE(past, ServerFailed);
    } else {
        EXPECT_FAILURE(past, ProtocolViolation);
    }
    const auto whole = awaited(server()->write(index, zero, secret, ByteOffset(0), shared(data), {}));
    EXPECT_SUCCESS(whole);
    QVERIFY(whole->complete);
    const auto read = awaited(server()->read(index, zero, ByteOffset(0), ByteCount(200), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(*read, data);
}

void StorageContract::write_to_what_was_never_allocated_is_not_found() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    EXPECT_FAILURE(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(someBytes(10)), {})), NotFound);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(10), secret, freshLease(), {})));
    EXPECT_FAILURE(awaited(server()->write(index, ShareNum(1), secret, ByteOffset(0), shared(someBytes(10)), {})),
                   NotFound);
}

void StorageContract::write_to_a_complete_share_is_not_found() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    const Bytes data = someBytes(10);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(10), secret, freshLease(), {})));
    EXPECT_SUCCESS(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(data), {})));
    EXPECT_FAILURE(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(data), {})), NotFound);
}

void StorageContract::write_with_a_wrong_secret_is_unauthorized() {
    const auto index = freshIndex();
    EXPECT_SUCCESS(
        awaited(server()->allocate(index, {zero}, ByteCount(10), m_random.make<UploadSecret>(), freshLease(), {})));
    EXPECT_FAILURE(
        awaited(server()->write(index, zero, m_random.make<UploadSecret>(), ByteOffset(0), shared(someBytes(10)), {})),
        Unauthorized);
    const auto shares = awaited(server()->listShares(index, {}));
    EXPECT_SUCCESS(shares);
    QCOMPARE(*shares, Shares{});
}

void StorageContract::write_of_much_with_a_wrong_secret_is_unauthorized() {
    // The answer is clear long before the body has come; it must still be the answer that the caller gets.
    constexpr std::size_t size = 4 * 1024 * 1024;
    const auto index = freshIndex();
    EXPECT_SUCCESS(
        awaited(server()->allocate(index, {zero}, ByteCount(size), m_random.make<UploadSecret>(), freshLease(), {})));
    const auto data = shared(someBytes(size));
    EXPECT_FAILURE(awaited(server()->write(index, zero, m_random.make<UploadSecret>(), ByteOffset(0), data, {})),
                   Unauthorized);
    EXPECT_FAILURE(awaited(server()->write(index, ShareNum(1), m_random.make<UploadSecret>(), ByteOffset(0), data, {})),
                   NotFound);
}

void StorageContract::write_of_nothing_is_an_invalid_argument() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(10), secret, freshLease(), {})));
    EXPECT_FAILURE(awaited(server()->write(index, zero, secret, ByteOffset(0), shared({}), {})), InvalidArgument);
}

void StorageContract::abort_gives_the_share_up_for_others() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(10), secret, freshLease(), {})));
    EXPECT_SUCCESS(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(someBytes(5)), {})));
    EXPECT_SUCCESS(awaited(server()->abort(index, zero, secret, {})));

    // The next one starts from nothing, with another secret and another size.
    const auto next = m_random.make<UploadSecret>();
    const auto allocation = awaited(server()->allocate(index, {zero}, ByteCount(20), next, freshLease(), {}));
    EXPECT_SUCCESS(allocation);
    QCOMPARE(allocation->allocated, Shares{zero});
    const auto progress = awaited(server()->write(index, zero, next, ByteOffset(10), shared(someBytes(10)), {}));
    EXPECT_SUCCESS(progress);
    QCOMPARE(progress->required, ranges({{0, 10}}));
}

void StorageContract::abort_of_a_complete_share_conflicts() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(10), secret, freshLease(), {})));
    EXPECT_SUCCESS(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(someBytes(10)), {})));
    EXPECT_FAILURE(awaited(server()->abort(index, zero, secret, {})), Conflict);
    const auto shares = awaited(server()->listShares(index, {}));
    EXPECT_SUCCESS(shares);
    QCOMPARE(*shares, Shares{zero});
}

void StorageContract::abort_of_what_was_never_allocated_is_not_found() {
    EXPECT_FAILURE(awaited(server()->abort(freshIndex(), zero, m_random.make<UploadSecret>(), {})), NotFound);
}

void StorageContract::abort_with_a_wrong_secret_is_unauthorized() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(10), secret, freshLease(), {})));
    EXPECT_FAILURE(awaited(server()->abort(index, zero, m_random.make<UploadSecret>(), {})), Unauthorized);
    const auto progress = awaited(server()->write(index, zero, secret, ByteOffset(0), shared(someBytes(10)), {}));
    EXPECT_SUCCESS(progress);
    QVERIFY(progress->complete);
}

void StorageContract::list_of_an_unknown_bucket_is_empty() {
    const auto shares = awaited(server()->listShares(freshIndex(), {}));
    EXPECT_SUCCESS(shares);
    QCOMPARE(*shares, Shares{});
}

void StorageContract::list_leaves_out_what_is_not_complete() {
    const auto index = freshIndex();
    store(index, ShareNum(2), someBytes(10));
    store(index, ShareNum(255), someBytes(10));
    EXPECT_SUCCESS(
        awaited(server()->allocate(index, {zero}, ByteCount(10), m_random.make<UploadSecret>(), freshLease(), {})));
    const auto shares = awaited(server()->listShares(index, {}));
    EXPECT_SUCCESS(shares);
    QCOMPARE(*shares, (Shares{ShareNum(2), ShareNum(255)}));
}

void StorageContract::read_gives_the_whole_share() {
    const auto index = freshIndex();
    const Bytes data = someBytes(777);
    store(index, zero, data);
    const auto read = awaited(server()->read(index, zero, ByteOffset(0), ByteCount(777), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(*read, data);
}

void StorageContract::read_gives_a_range() {
    const auto index = freshIndex();
    const Bytes data = someBytes(777);
    store(index, zero, data);
    const auto middle = awaited(server()->read(index, zero, ByteOffset(100), ByteCount(200), {}));
    EXPECT_SUCCESS(middle);
    QCOMPARE(*middle, part(data, 100, 300));
    const auto last = awaited(server()->read(index, zero, ByteOffset(776), ByteCount(1), {}));
    EXPECT_SUCCESS(last);
    QCOMPARE(*last, part(data, 776, 777));
}

void StorageContract::read_past_the_end_is_short() {
    const auto index = freshIndex();
    const Bytes data = someBytes(100);
    store(index, zero, data);
    const auto read = awaited(server()->read(index, zero, ByteOffset(60), ByteCount(1000), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(*read, part(data, 60, 100));
}

void StorageContract::read_beyond_the_end_is_empty() {
    const auto index = freshIndex();
    store(index, zero, someBytes(100));
    for (const std::uint64_t offset : {100U, 101U, 5000U}) {
        const auto read = awaited(server()->read(index, zero, ByteOffset(offset), ByteCount(10), {}));
        EXPECT_SUCCESS(read);
        QCOMPARE(*read, Bytes());
    }
}

void StorageContract::read_of_nothing_is_empty() {
    const auto index = freshIndex();
    store(index, zero, someBytes(100));
    const auto read = awaited(server()->read(index, zero, ByteOffset(50), ByteCount(0), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(*read, Bytes());
    EXPECT_FAILURE(awaited(server()->read(index, ShareNum(1), ByteOffset(50), ByteCount(0), {})), NotFound);
}

void StorageContract::read_of_an_unknown_share_is_not_found() {
    const auto index = freshIndex();
    EXPECT_FAILURE(awaited(server()->read(index, zero, ByteOffset(0), ByteCount(10), {})), NotFound);
    store(index, zero, someBytes(10));
    EXPECT_FAILURE(awaited(server()->read(index, ShareNum(1), ByteOffset(0), ByteCount(10), {})), NotFound);
}

void StorageContract::read_of_a_share_that_is_not_complete_is_not_found() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(10), secret, freshLease(), {})));
    EXPECT_SUCCESS(awaited(server()->write(index, zero, secret, ByteOffset(0), shared(someBytes(5)), {})));
    EXPECT_FAILURE(awaited(server()->read(index, zero, ByteOffset(0), ByteCount(5), {})), NotFound);
}

void StorageContract::lease_is_added_to_a_bucket_with_shares() {
    const auto index = freshIndex();
    store(index, zero, someBytes(10));
    const auto lease = freshLease();
    EXPECT_SUCCESS(awaited(server()->addLease(index, lease, {})));
    EXPECT_SUCCESS(awaited(server()->addLease(index, lease, {})));
    const auto read = awaited(server()->read(index, zero, ByteOffset(0), ByteCount(100), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(read->size(), std::size_t{10});
}

void StorageContract::lease_on_an_unknown_bucket_is_not_found() {
    EXPECT_FAILURE(awaited(server()->addLease(freshIndex(), freshLease(), {})), NotFound);
}

void StorageContract::advice_on_a_damaged_share_is_taken() {
    const auto index = freshIndex();
    store(index, zero, someBytes(10));
    EXPECT_SUCCESS(awaited(server()->adviseCorrupt(index, zero, "block 3 does not match: \xE2\x9C\x97", {})));
}

void StorageContract::advice_on_an_unknown_share_is_not_found() {
    const auto index = freshIndex();
    store(index, zero, someBytes(10));
    EXPECT_FAILURE(awaited(server()->adviseCorrupt(index, ShareNum(1), "not even there", {})), NotFound);
}

void StorageContract::share_of_several_megabytes_comes_back_byte_for_byte() {
    constexpr std::size_t size = 5 * 1024 * 1024 + 17;
    constexpr std::size_t piece = 1024 * 1024;
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    const Bytes data = someBytes(size);
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(size), secret, freshLease(), {})));
    std::vector<async::Task<storage::WriteProgress>> writes;
    for (std::size_t begin = 0; begin < size; begin += piece) {
        writes.push_back(server()->write(index, zero, secret, ByteOffset(begin),
                                         shared(part(data, begin, std::min(begin + piece, size))), {}));
    }
    int complete = 0;
    for (const auto& written : awaitedAll(std::move(writes))) {
        EXPECT_SUCCESS(written);
        complete += written->complete ? 1 : 0;
    }
    QCOMPARE(complete, 1);
    const auto read = awaited(server()->read(index, zero, ByteOffset(0), ByteCount(size), {}));
    EXPECT_SUCCESS(read);
    QVERIFY(*read == data);
}

void StorageContract::fifty_calls_at_once_all_succeed() {
    const auto index = freshIndex();
    const Bytes data = someBytes(5000);
    store(index, zero, data);
    std::vector<async::Task<Bytes>> reads;
    for (std::size_t i = 0; i < 50; ++i) {
        reads.push_back(server()->read(index, zero, ByteOffset(i * 100), ByteCount(100), {}));
    }
    const auto results = awaitedAll(std::move(reads));
    for (std::size_t i = 0; i < 50; ++i) {
        EXPECT_SUCCESS(results[i]);
        QCOMPARE(*results[i], part(data, i * 100, i * 100 + 100));
    }
}

void StorageContract::shares_with_every_number_can_be_written_and_listed() {
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    Shares all;
    for (std::uint16_t i = 0; i < 256; ++i) {
        all.insert(ShareNum(i));
    }
    EXPECT_SUCCESS(awaited(server()->allocate(index, all, ByteCount(2), secret, freshLease(), {})));
    std::vector<async::Task<storage::WriteProgress>> writes;
    for (const ShareNum share : all) {
        writes.push_back(
            server()->write(index, share, secret, ByteOffset(0), shared({static_cast<Byte>(share.value()), 1}), {}));
    }
    for (const auto& written : awaitedAll(std::move(writes))) {
        EXPECT_SUCCESS(written);
        QVERIFY(written->complete);
    }
    const auto shares = awaited(server()->listShares(index, {}));
    EXPECT_SUCCESS(shares);
    QCOMPARE(*shares, all);
    const auto read = awaited(server()->read(index, ShareNum(200), ByteOffset(0), ByteCount(2), {}));
    EXPECT_SUCCESS(read);
    QCOMPARE(*read, (Bytes{200, 1}));
}

void StorageContract::call_that_was_stopped_before_it_began_is_cancelled() {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FAILURE(awaited(server()->version(stop.get_token())), Cancelled);
    EXPECT_FAILURE(awaited(server()->listShares(freshIndex(), stop.get_token())), Cancelled);
    const auto index = freshIndex();
    const auto secret = m_random.make<UploadSecret>();
    EXPECT_SUCCESS(awaited(server()->allocate(index, {zero}, ByteCount(10), secret, freshLease(), {})));
    EXPECT_FAILURE(
        awaited(server()->write(index, zero, secret, ByteOffset(0), shared(someBytes(10)), stop.get_token())),
        Cancelled);
    const auto shares = awaited(server()->listShares(index, {}));
    EXPECT_SUCCESS(shares);
    QCOMPARE(*shares, Shares{});
}

}  // namespace tarn::testing
