#include "tests/storage/slot_contract.h"

#include "tests/storage/awaited.h"
#include "tests/storage/outcomes.h"
#include "tests/storage/slot_call.h"

#include <QtTest>

#include <algorithm>

namespace tarn::testing {

namespace {

using formats::gbs::mostSlotOffset;
using formats::gbs::SlotReply;
using Shares = std::set<ShareNum>;

Bytes text(std::string_view characters) {
    return copyOf(viewOf(characters));
}

Bytes joined(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace

#define EXPECT_MADE(call)                                                                                              \
    do {                                                                                                               \
        const auto& made = (call);                                                                                     \
        EXPECT_SUCCESS(made);                                                                                          \
        QVERIFY(made->success);                                                                                        \
    } while (false)
#define EXPECT_SHARE(index, share, bytes)                                                                              \
    do {                                                                                                               \
        const auto there = whole(index, share);                                                                        \
        EXPECT_SUCCESS(there);                                                                                         \
        QCOMPARE(*there, bytes);                                                                                       \
    } while (false)
#define EXPECT_LISTED(index, shares)                                                                                   \
    do {                                                                                                               \
        const auto there = listed(index);                                                                              \
        EXPECT_SUCCESS(there);                                                                                         \
        QCOMPARE(*there, shares);                                                                                      \
    } while (false)

Result<SlotReply> SlotContract::ask(const StorageIndex& index, const SlotCall& call) {
    return awaited(server()->readTestWrite(index, m_enabler, freshLease(), call.request(), {}));
}

Result<Bytes> SlotContract::whole(const StorageIndex& index, unsigned share) {
    return awaited(server()->readMutable(index, ShareNum(static_cast<std::uint16_t>(share)), ByteOffset(0),
                                         ByteCount(16 * 1024 * 1024), {}));
}

Result<Shares> SlotContract::listed(const StorageIndex& index) {
    return awaited(server()->listMutableShares(index, {}));
}

void SlotContract::slot_is_made_by_its_first_write() {
    const auto index = freshIndex();
    const auto reply = ask(index, SlotCall().test(3, 0, 41, {}).write(3, 0, text("first")).read(0, 10));
    EXPECT_MADE(reply);
    QVERIFY(reply->reads.empty());
    EXPECT_LISTED(index, Shares{ShareNum(3)});
    EXPECT_SHARE(index, 3, text("first"));
}

void SlotContract::slot_changes_several_shares_by_one_request() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("zero")).write(1, 0, text("one")).write(255, 0, text("last"))));
    EXPECT_LISTED(index, (Shares{ShareNum(0), ShareNum(1), ShareNum(255)}));
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("ZERO")).cut(1, 0).write(255, 4, text("!")).write(9, 0, {7})));
    EXPECT_LISTED(index, (Shares{ShareNum(0), ShareNum(9), ShareNum(255)}));
    EXPECT_SHARE(index, 0, text("ZERO"));
    EXPECT_SHARE(index, 9, Bytes{7});
    EXPECT_SHARE(index, 255, text("last!"));
}

void SlotContract::slot_write_without_a_test_replaces_bytes_where_they_stand() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("0123456789"))));
    EXPECT_MADE(ask(index, SlotCall().write(0, 2, text("abc"))));
    EXPECT_SHARE(index, 0, text("01abc56789"));
    EXPECT_MADE(ask(index, SlotCall().write(0, 8, text("xyz"))));
    EXPECT_SHARE(index, 0, text("01abc567xyz"));
}

void SlotContract::slot_writes_are_made_in_their_order() {
    const auto index = freshIndex();
    EXPECT_MADE(
        ask(index,
            SlotCall().write(0, 4, text("later")).write(0, 0, text("abcdef")).write(0, 1, text("X")).write(0, 1, {})));
    EXPECT_SHARE(index, 0, text("aXcdefter"));
}

void SlotContract::slot_write_past_the_end_leaves_zeros_before_it() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 5, text("a"))));
    EXPECT_SHARE(index, 0, joined(Bytes(5), text("a")));
    EXPECT_MADE(ask(index, SlotCall().write(0, 100'000, text("b"))));
    EXPECT_SHARE(index, 0, joined(joined(joined(Bytes(5), text("a")), Bytes(100'000 - 6)), text("b")));
}

void SlotContract::slot_write_of_nothing_past_the_end_lengthens_the_share() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("ab"))));
    EXPECT_MADE(ask(index, SlotCall().write(0, 4, {})));
    EXPECT_SHARE(index, 0, joined(text("ab"), Bytes(2)));
}

void SlotContract::slot_share_named_without_a_write_is_made_empty() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().name(4)));
    EXPECT_LISTED(index, Shares{ShareNum(4)});
    EXPECT_SHARE(index, 4, Bytes());
    EXPECT_MADE(ask(index, SlotCall().write(4, 0, text("now"))));
    EXPECT_MADE(ask(index, SlotCall().name(4)));
    EXPECT_SHARE(index, 4, text("now"));
}

void SlotContract::slot_reads_show_what_was_there_before_the_write() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("before"))));
    const auto reply = ask(index, SlotCall().write(0, 0, text("behind")).write(1, 0, text("new")).read(0, 100));
    EXPECT_MADE(reply);
    QCOMPARE(reply->reads.size(), std::size_t{1});
    QCOMPARE(reply->reads.at(ShareNum(0)), std::vector<Bytes>{text("before")});
}

void SlotContract::slot_reads_show_every_share_that_is_there() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(1, 0, text("abcdef")).write(200, 0, text("uvwxyz"))));
    const auto reply = ask(index, SlotCall().read(1, 2).read(4, 1).read(0, 0));
    EXPECT_MADE(reply);
    QCOMPARE(reply->reads.size(), std::size_t{2});
    QCOMPARE(reply->reads.at(ShareNum(1)), (std::vector<Bytes>{text("bc"), text("e"), Bytes()}));
    QCOMPARE(reply->reads.at(ShareNum(200)), (std::vector<Bytes>{text("vw"), text("y"), Bytes()}));
    const auto none = ask(index, SlotCall());
    EXPECT_MADE(none);
    QCOMPARE(none->reads.size(), std::size_t{2});
    QVERIFY(none->reads.at(ShareNum(1)).empty());
    EXPECT_SHARE(index, 1, text("abcdef"));
}

void SlotContract::slot_reads_past_the_end_are_short() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abcdef"))));
    const auto reply = ask(index, SlotCall().read(4, 100).read(6, 1).read(1'000'000, 5));
    EXPECT_MADE(reply);
    QCOMPARE(reply->reads.at(ShareNum(0)), (std::vector<Bytes>{text("ef"), Bytes(), Bytes()}));
}

void SlotContract::slot_test_that_fails_changes_nothing_and_reads_all_the_same() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc")).write(1, 0, text("def"))));
    const auto reply = ask(index, SlotCall().test(0, 0, 3, text("abd")).write(0, 0, text("xyz")).cut(1, 0).read(0, 2));
    EXPECT_SUCCESS(reply);
    QVERIFY(!reply->success);
    QCOMPARE(reply->reads.at(ShareNum(0)), std::vector<Bytes>{text("ab")});
    QCOMPARE(reply->reads.at(ShareNum(1)), std::vector<Bytes>{text("de")});
    EXPECT_SHARE(index, 0, text("abc"));
    EXPECT_SHARE(index, 1, text("def"));
}

void SlotContract::slot_test_of_one_share_guards_the_others() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc"))));
    const auto reply =
        ask(index, SlotCall().test(5, 0, 1, text("?")).write(0, 0, text("xyz")).write(9, 0, text("new")));
    EXPECT_SUCCESS(reply);
    QVERIFY(!reply->success);
    EXPECT_SHARE(index, 0, text("abc"));
    EXPECT_LISTED(index, Shares{ShareNum(0)});
    EXPECT_MADE(ask(index, SlotCall().test(0, 0, 1, text("a")).test(0, 1, 2, text("bc")).write(0, 0, text("xyz"))));
    EXPECT_SHARE(index, 0, text("xyz"));
}

void SlotContract::slot_test_of_an_absent_share_reads_it_as_empty() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().test(0, 0, 100, {}).test(0, 5000, 1, {}).write(0, 0, text("a"))));
    const auto again = ask(index, SlotCall().test(0, 0, 100, {}).write(0, 0, text("b")));
    EXPECT_SUCCESS(again);
    QVERIFY(!again->success);
    EXPECT_SHARE(index, 0, text("a"));
}

void SlotContract::slot_test_past_the_end_compares_what_is_there() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abcdef"))));
    EXPECT_MADE(ask(index, SlotCall().test(0, 4, 100, text("ef")).test(0, 6, 100, {}).test(0, 5000, 1, {}).name(0)));
    const auto longer = ask(index, SlotCall().test(0, 4, 100, joined(text("ef"), Bytes(1))).name(0));
    EXPECT_SUCCESS(longer);
    QVERIFY(!longer->success);
}

void SlotContract::slot_test_wants_the_whole_specimen() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abcdef"))));
    for (const auto& specimen : {text("ab"), text("abcd"), Bytes()}) {
        const auto reply = ask(index, SlotCall().test(0, 0, 3, specimen).write(0, 0, text("x")));
        EXPECT_SUCCESS(reply);
        QVERIFY(!reply->success);
    }
    EXPECT_MADE(ask(index, SlotCall().test(0, 0, 3, text("abc")).test(0, 2, 0, {}).write(0, 0, text("x"))));
}

void SlotContract::slot_takes_thirty_tests_and_reads() {
    const auto index = freshIndex();
    const Bytes data = someBytes(60);
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, data)));
    SlotCall call;
    for (std::size_t i = 0; i < 30; ++i) {
        call.test(0, 2 * i, 2, {data[2 * i], data[2 * i + 1]}).read(2 * i, 1);
    }
    const auto reply = ask(index, call);
    EXPECT_MADE(reply);
    QCOMPARE(reply->reads.at(ShareNum(0)).size(), std::size_t{30});
    QCOMPARE(reply->reads.at(ShareNum(0))[29], Bytes{data[58]});
}

void SlotContract::slot_is_cut_to_a_new_length() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abcdef"))));
    EXPECT_MADE(ask(index, SlotCall().cut(0, 4)));
    EXPECT_SHARE(index, 0, text("abcd"));
}

void SlotContract::slot_is_not_lengthened_by_a_new_length() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc")).cut(0, 100)));
    EXPECT_SHARE(index, 0, text("abc"));
    EXPECT_MADE(ask(index, SlotCall().cut(0, 1ULL << 40U)));
    EXPECT_SHARE(index, 0, text("abc"));
}

void SlotContract::slot_is_cut_after_it_was_written() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abcdef")).write(0, 8, text("gh")).cut(0, 3)));
    EXPECT_SHARE(index, 0, text("abc"));
}

void SlotContract::slot_that_was_cut_shows_zeros_when_it_grows() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abcdef"))));
    EXPECT_MADE(ask(index, SlotCall().cut(0, 2)));
    EXPECT_MADE(ask(index, SlotCall().write(0, 5, text("z"))));
    EXPECT_SHARE(index, 0, joined(joined(text("ab"), Bytes(3)), text("z")));
}

void SlotContract::slot_share_is_removed_by_length_zero() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc")).write(1, 0, text("def"))));
    const auto reply = ask(index, SlotCall().cut(0, 0).read(0, 3));
    EXPECT_MADE(reply);
    QCOMPARE(reply->reads.at(ShareNum(0)), std::vector<Bytes>{text("abc")});
    EXPECT_LISTED(index, Shares{ShareNum(1)});
    EXPECT_FAILURE(whole(index, 0), NotFound);
}

void SlotContract::slot_removal_does_no_writes() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc"))));
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("xyz")).cut(0, 0).write(1, 0, text("xyz")).cut(1, 0)));
    EXPECT_LISTED(index, Shares{});
}

void SlotContract::slot_removal_of_what_is_not_there_is_fine() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().test(0, 0, 1, {}).cut(0, 0)));
    EXPECT_LISTED(index, Shares{});
}

void SlotContract::slot_without_shares_is_open_to_another_write_enabler() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc"))));
    EXPECT_MADE(ask(index, SlotCall().cut(0, 0)));
    const auto call = SlotCall().write(0, 0, text("other"));
    EXPECT_MADE(awaited(server()->readTestWrite(index, freshSecret<WriteEnabler>(), freshLease(), call.request(), {})));
    EXPECT_FAILURE(ask(index, SlotCall().write(0, 0, text("mine"))), Unauthorized);
    EXPECT_SHARE(index, 0, text("other"));
}

void SlotContract::slot_write_with_a_wrong_enabler_is_unauthorized() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc"))));
    for (const auto& call : {SlotCall().write(0, 0, text("xyz")), SlotCall().write(1, 0, text("xyz")),
                             SlotCall().cut(0, 0), SlotCall().test(0, 0, 3, text("???")).write(0, 0, text("xyz"))}) {
        EXPECT_FAILURE(
            awaited(server()->readTestWrite(index, freshSecret<WriteEnabler>(), freshLease(), call.request(), {})),
            Unauthorized);
    }
    EXPECT_LISTED(index, Shares{ShareNum(0)});
    EXPECT_SHARE(index, 0, text("abc"));
}

void SlotContract::slot_read_with_a_wrong_enabler_is_unauthorized() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc"))));
    const auto call = SlotCall().read(0, 3);
    EXPECT_FAILURE(
        awaited(server()->readTestWrite(index, freshSecret<WriteEnabler>(), freshLease(), call.request(), {})),
        Unauthorized);
}

void SlotContract::slot_write_past_the_largest_offset_fails() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc"))));
    const auto past = ask(index, SlotCall().write(0, mostSlotOffset, text("x")));
    if (differences().failsOnWritePastTheLargestOffset) {
        EXPECT_FAILURE(past, ServerFailed);
    } else {
        EXPECT_FAILURE(past, ProtocolViolation);
    }
    EXPECT_SHARE(index, 0, text("abc"));
}

void SlotContract::slot_list_of_an_unknown_slot_is_empty() {
    EXPECT_LISTED(freshIndex(), Shares{});
}

void SlotContract::slot_is_no_bucket_and_a_bucket_is_no_slot() {
    const auto slot = freshIndex();
    EXPECT_MADE(ask(slot, SlotCall().write(0, 0, text("abc"))));
    const auto bucket = freshIndex();
    store(bucket, ShareNum(0), text("abc"));
    const auto buckets = awaited(server()->listShares(slot, {}));
    const auto read = awaited(server()->read(slot, ShareNum(0), ByteOffset(0), ByteCount(3), {}));
    const auto allocation =
        awaited(server()->allocate(slot, {ShareNum(1)}, ByteCount(3), freshSecret<UploadSecret>(), freshLease(), {}));
    const auto written = ask(bucket, SlotCall().write(1, 0, text("abc")));
    const auto slotRead = whole(bucket, 0);
    if (differences().mistakesSlotsForBuckets) {
        EXPECT_FAILURE(buckets, ServerFailed);
        EXPECT_FAILURE(read, ServerFailed);
        EXPECT_FAILURE(allocation, ServerFailed);
        EXPECT_FAILURE(written, ServerFailed);
        EXPECT_FAILURE(slotRead, ServerFailed);
        EXPECT_LISTED(bucket, Shares{ShareNum(0)});
        return;
    }
    EXPECT_SUCCESS(buckets);
    QCOMPARE(*buckets, Shares{});
    EXPECT_FAILURE(read, NotFound);
    EXPECT_FAILURE(allocation, Conflict);
    EXPECT_FAILURE(written, Conflict);
    EXPECT_FAILURE(slotRead, NotFound);
    EXPECT_LISTED(bucket, Shares{});
}

void SlotContract::slot_share_is_read_whole_and_in_part() {
    const auto index = freshIndex();
    const Bytes data = someBytes(1000);
    EXPECT_MADE(ask(index, SlotCall().write(7, 0, data)));
    const auto read = [&](std::uint64_t offset, std::uint64_t length) {
        return awaited(server()->readMutable(index, ShareNum(7), ByteOffset(offset), ByteCount(length), {}));
    };
    for (const auto& [offset, length, got] :
         {std::tuple(0U, 1000U, 1000U), std::tuple(0U, 5000U, 1000U), std::tuple(100U, 50U, 50U),
          std::tuple(990U, 100U, 10U), std::tuple(1000U, 10U, 0U), std::tuple(5000U, 1U, 0U), std::tuple(5U, 0U, 0U)}) {
        const auto bytes = read(offset, length);
        EXPECT_SUCCESS(bytes);
        QCOMPARE(bytes->size(), std::size_t{got});
        QVERIFY(std::equal(bytes->begin(), bytes->end(), data.begin() + std::min<std::ptrdiff_t>(offset, 1000)));
    }
}

void SlotContract::slot_read_of_an_unknown_share_is_not_found() {
    const auto index = freshIndex();
    EXPECT_FAILURE(whole(index, 0), NotFound);
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc"))));
    EXPECT_FAILURE(whole(index, 1), NotFound);
}

void SlotContract::slot_share_keeps_a_lease() {
    const auto index = freshIndex();
    EXPECT_FAILURE(awaited(server()->addLease(index, freshLease(), {})), NotFound);
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, text("abc")).write(1, 0, text("def"))));
    // More than the container has places for in its header.
    for (int i = 0; i < 7; ++i) {
        const auto lease = freshLease();
        EXPECT_SUCCESS(awaited(server()->addLease(index, lease, {})));
        EXPECT_SUCCESS(awaited(server()->addLease(index, lease, {})));
    }
    EXPECT_SHARE(index, 0, text("abc"));
    EXPECT_SHARE(index, 1, text("def"));
}

void SlotContract::slot_lease_comes_with_each_write() {
    const auto index = freshIndex();
    Bytes data;
    for (Byte i = 0; i < 8; ++i) {
        data.push_back(i);
        EXPECT_MADE(ask(index, SlotCall().write(0, i, {i})));
        EXPECT_SHARE(index, 0, data);
    }
}

void SlotContract::slot_advice_on_a_damaged_share_is_taken() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(2, 0, text("abc"))));
    EXPECT_SUCCESS(awaited(server()->adviseMutableCorrupt(index, ShareNum(2), "signature does not match", {})));
}

void SlotContract::slot_advice_on_an_unknown_share_is_not_found() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(2, 0, text("abc"))));
    EXPECT_FAILURE(awaited(server()->adviseMutableCorrupt(index, ShareNum(1), "not even there", {})), NotFound);
}

void SlotContract::slot_of_several_megabytes_comes_back_byte_for_byte() {
    constexpr std::size_t size = 3 * 1024 * 1024 + 5;
    const auto index = freshIndex();
    Bytes data = someBytes(size);
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, data)));
    const auto read = whole(index, 0);
    EXPECT_SUCCESS(read);
    QVERIFY(*read == data);
    data[1'500'000] ^= 0xFFU;
    EXPECT_MADE(ask(index, SlotCall().write(0, 1'500'000, {data[1'500'000]})));
    const auto again = whole(index, 0);
    EXPECT_SUCCESS(again);
    QVERIFY(*again == data);
}

void SlotContract::slot_shares_with_every_number_can_be_written_and_listed() {
    const auto index = freshIndex();
    SlotCall call;
    Shares all;
    for (std::uint16_t i = 0; i < 256; ++i) {
        call.write(i, 0, {static_cast<Byte>(i), 1});
        all.insert(ShareNum(i));
    }
    EXPECT_MADE(ask(index, call));
    EXPECT_LISTED(index, all);
    EXPECT_SHARE(index, 200, (Bytes{200, 1}));
    const auto reply = ask(index, SlotCall().read(0, 1));
    EXPECT_MADE(reply);
    QCOMPARE(reply->reads.size(), std::size_t{256});
    QCOMPARE(reply->reads.at(ShareNum(77)), std::vector<Bytes>{Bytes{77}});
}

void SlotContract::slot_that_many_would_change_is_changed_by_one() {
    const auto index = freshIndex();
    EXPECT_MADE(ask(index, SlotCall().write(0, 0, {0})));
    constexpr Byte contenders = 20;
    std::vector<async::Task<SlotReply>> calls;
    for (Byte i = 1; i <= contenders; ++i) {
        const auto call = SlotCall().test(0, 0, 1, {0}).write(0, 0, {i}).read(0, 1);
        calls.push_back(server()->readTestWrite(index, m_enabler, freshLease(), call.request(), {}));
    }
    Byte winner = 0;
    const auto replies = awaitedAll(std::move(calls));
    for (Byte i = 1; i <= contenders; ++i) {
        EXPECT_SUCCESS(replies[i - 1U]);
        if (replies[i - 1U]->success) {
            QVERIFY2(winner == 0, "two requests changed what both had tested");
            winner = i;
        }
    }
    QVERIFY(winner != 0);
    EXPECT_SHARE(index, 0, Bytes{winner});
}

void SlotContract::slot_call_that_was_stopped_before_it_began_is_cancelled() {
    std::stop_source stop;
    stop.request_stop();
    const auto index = freshIndex();
    const auto call = SlotCall().write(0, 0, text("abc"));
    EXPECT_FAILURE(awaited(server()->readTestWrite(index, m_enabler, freshLease(), call.request(), stop.get_token())),
                   Cancelled);
    EXPECT_FAILURE(awaited(server()->listMutableShares(index, stop.get_token())), Cancelled);
    EXPECT_LISTED(index, Shares{});
}

}  // namespace tarn::testing
