#include "core/formats/gbs_messages.h"
#include "core/formats/slot_messages.h"
#include "vectors.h"

using namespace tarn;
using namespace tarn::formats;

namespace {

struct Message {
    std::string kind;
    std::string name;
    Bytes body;
    bool valid = false;
};

std::vector<Message> readMessages() {
    std::vector<Message> messages;
    for (const QJsonValue& json : vectors::readJson("gbs_messages.json").array()) {
        messages.push_back({vectors::text(json[u"kind"]), vectors::text(json[u"name"]), vectors::fromHex(json[u"hex"]),
                            json[u"valid"].toBool()});
    }
    return messages;
}

const Bytes& bodyOf(const std::vector<Message>& messages, std::string_view kind, std::string_view name) {
    for (const Message& message : messages) {
        if (message.kind == kind && message.name == name) {
            return message.body;
        }
    }
    qFatal("no such message");
}

/// Parses by kind: nothing if refused, else what the writer makes of the value.
std::optional<Bytes> rewritten(std::string_view kind, ByteView body) {
    const auto again = [](const auto& parsed, auto write) -> std::optional<Bytes> {
        if (!parsed && parsed.error().code != ErrorCode::ProtocolViolation) {
            qFatal("refused with another code");
        }
        return parsed ? std::optional(write(*parsed)) : std::nullopt;
    };
    if (kind == "version") {
        return again(gbs::parseVersionReply(body), gbs::writeVersionReply);
    }
    if (kind == "allocate") {
        return again(gbs::parseAllocateRequest(body), gbs::writeAllocateRequest);
    }
    if (kind == "allocated") {
        return again(gbs::parseAllocateReply(body), gbs::writeAllocateReply);
    }
    if (kind == "shares") {
        return again(gbs::parseShareSet(body), gbs::writeShareSet);
    }
    if (kind == "write") {
        return again(gbs::parseWriteReply(body), gbs::writeWriteReply);
    }
    if (kind == "advice") {
        return again(gbs::parseCorruptionAdvice(body), gbs::writeCorruptionAdvice);
    }
    if (kind == "slot") {
        return again(gbs::parseSlotRequest(body), gbs::writeSlotRequest);
    }
    if (kind == "slotted") {
        return again(gbs::parseSlotReply(body), gbs::writeSlotReply);
    }
    qFatal("no such kind");
}

std::set<ShareNum> shares(std::initializer_list<std::uint16_t> numbers) {
    std::set<ShareNum> set;
    for (const std::uint16_t number : numbers) {
        set.insert(ShareNum(number));
    }
    return set;
}

Bytes hex(const char* text) {
    return vectors::bytesOf(QByteArray::fromHex(text));
}

}  // namespace

class GbsMessagesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatTahoeTakesIsTakenAndWhatItRefusesIsRefused() {
        const auto messages = readMessages();
        QVERIFY(messages.size() > 35);
        for (const Message& message : messages) {
            const auto again = rewritten(message.kind, message.body);
            QVERIFY2(again.has_value() == message.valid, (message.kind + ": " + message.name).c_str());
            if (again) {
                QVERIFY(rewritten(message.kind, *again) == again);
            }
        }
    }

    void bodiesAreThoseOfTahoeByteForByte() {
        const auto messages = readMessages();
        for (const auto& [kind, name] :
             std::initializer_list<std::pair<const char*, const char*>>{{"version", "as the server writes it"},
                                                                        {"version", "the largest number"},
                                                                        {"allocate", "ten"},
                                                                        {"allocate", "none"},
                                                                        {"allocate", "all"},
                                                                        {"allocate", "one"},
                                                                        {"allocated", "ten"},
                                                                        {"allocated", "all"},
                                                                        {"shares", "ten"},
                                                                        {"shares", "all"},
                                                                        {"shares", "none"},
                                                                        {"write", "nothing missing"},
                                                                        {"write", "two ranges"},
                                                                        {"advice", "plain"},
                                                                        {"advice", "beyond ASCII"},
                                                                        {"advice", "the longest"}}) {
            const Bytes& body = bodyOf(messages, kind, name);
            QVERIFY2(rewritten(kind, body) == body, name);
        }
    }

    void aVersionReplyIsRead() {
        const auto messages = readMessages();
        const auto reply = gbs::parseVersionReply(bodyOf(messages, "version", "as the server writes it"));
        QVERIFY(reply);
        QCOMPARE(reply->maximumImmutableShareSize, 123456789012U);
        QCOMPARE(reply->maximumMutableShareSize, 69105'000'000'000'000U);
        QCOMPARE(reply->availableSpace, 123456789012U);
        QCOMPARE(reply->application, std::string("tahoe-lafs/1.20.0"));
    }

    void unknownSpaceCountsAsAllThereCanBe() {
        const auto messages = readMessages();
        const auto reply =
            gbs::parseVersionReply(bodyOf(messages, "version", "unknown space, one over the largest number"));
        QVERIFY(reply);
        QCOMPARE(reply->availableSpace, ~std::uint64_t{0});
    }

    void anAllocateRequestIsRead() {
        const auto messages = readMessages();
        const auto request = gbs::parseAllocateRequest(bodyOf(messages, "allocate", "indefinite lengths"));
        QVERIFY(request);
        QVERIFY(request->shares == shares({3, 200}));
        QCOMPARE(request->allocatedSize, 99U);
        const auto longer = gbs::parseAllocateRequest(bodyOf(messages, "allocate", "numbers longer than they need be"));
        QVERIFY(longer && longer->shares == shares({5}) && longer->allocatedSize == 7);
    }

    void wholeSharesComeAlongWithAnAllocation() {
        const Bytes first(40, 7);
        const Bytes second(40, 9);
        const Bytes body = gbs::writeAllocateRequest(
            {shares({0, 5, 255}), 40, {{ShareNum(0), ByteView(first)}, {ShareNum(255), ByteView(second)}}});
        const auto request = gbs::parseAllocateRequest(body);
        QVERIFY(request && request->whole.size() == 2 && request->joined.empty());
        QVERIFY(std::ranges::equal(request->whole.at(ShareNum(0)), first));
        QVERIFY(std::ranges::equal(request->whole.at(ShareNum(255)), second));
        // In pieces: {"share-numbers": {5}, "allocated-size": 2, "shares": {5: (_ h'01', h'02')}}
        const Bytes pieces = hex("a36d73686172652d6e756d62657273d9010281056e616c6c6f63617465642d73697a6502"
                                 "66736861726573a1055f41014102ff");
        const auto joined = gbs::parseAllocateRequest(pieces);
        QVERIFY(joined && joined->joined.size() == 1);
        QVERIFY(std::ranges::equal(joined->whole.at(ShareNum(5)), Bytes{1, 2}));
    }

    void wholeSharesThatDoNotFitTheirAllocationAreRefused() {
        const Bytes bytes(40, 7);
        for (const std::size_t size : {0UL, 39UL}) {
            QVERIFY(!gbs::parseAllocateRequest(
                gbs::writeAllocateRequest({shares({1}), 40, {{ShareNum(1), ByteView(bytes).first(size)}}})));
        }
        QVERIFY(
            !gbs::parseAllocateRequest(gbs::writeAllocateRequest({shares({1}), 40, {{ShareNum(2), ByteView(bytes)}}})));
        const Bytes twice = hex("a36d73686172652d6e756d62657273d9010281056e616c6c6f63617465642d73697a6501"
                                "66736861726573a2054101054101");
        QVERIFY(!gbs::parseAllocateRequest(twice));
        const Bytes beyond = hex("a36d73686172652d6e756d62657273d9010281056e616c6c6f63617465642d73697a6501"
                                 "66736861726573a11901004101");
        QVERIFY(!gbs::parseAllocateRequest(beyond));
    }

    void whatWasStoredMustHaveBeenAllocated() {
        const auto good = gbs::parseAllocateReply(gbs::writeAllocateReply({shares({1}), shares({2, 3}), shares({3})}));
        QVERIFY(good && good->stored == shares({3}));
        QVERIFY(!gbs::parseAllocateReply(gbs::writeAllocateReply({shares({1}), shares({2, 3}), shares({1})})));
    }

    void sharesComeAlongWithTheirList() {
        const gbs::FoundReply some{shares({0, 5, 255}), {{ShareNum(0), Bytes(40, 7)}, {ShareNum(255), Bytes()}}};
        const auto found = gbs::parseFoundReply(gbs::writeFoundReply(some));
        QVERIFY(found && found->shares == some.shares && found->whole == some.whole);
        const auto none = gbs::parseFoundReply(gbs::writeFoundReply({}));
        QVERIFY(none && none->shares.empty() && none->whole.empty());
        // What everybody else answers.
        const auto plain = gbs::parseFoundReply(gbs::writeShareSet(shares({1, 2})));
        QVERIFY(plain && plain->shares == shares({1, 2}) && plain->whole.empty());
        // In pieces: {"shares": {0, 5}, "whole": {5: (_ h'01', h'02')}}
        const auto joined = gbs::parseFoundReply(hex("a266736861726573d901028200056577686f6c65a1055f41014102ff"));
        QVERIFY(joined && joined->whole.at(ShareNum(5)) == (Bytes{1, 2}));
    }

    void sharesThatAreNotInTheirListAreRefused() {
        QVERIFY(!gbs::parseFoundReply(gbs::writeFoundReply({shares({1}), {{ShareNum(2), Bytes(3)}}})));
        const Bytes twice = hex("a266736861726573d9010281056577686f6c65a2054101054101");
        QVERIFY(!gbs::parseFoundReply(twice));
        const Bytes noList = hex("a16577686f6c65a0");
        QVERIFY(!gbs::parseFoundReply(noList));
        const Bytes listOnly = hex("a166736861726573d901028105");
        QVERIFY(gbs::parseFoundReply(listOnly));
        QVERIFY(!gbs::parseFoundReply({}));
        Bytes more = listOnly;
        more.push_back(0);
        QVERIFY(!gbs::parseFoundReply(more));
    }

    void aWriteReplyIsRead() {
        const auto messages = readMessages();
        const auto reply = gbs::parseWriteReply(bodyOf(messages, "write", "two ranges"));
        QVERIFY(reply);
        QCOMPARE(reply->required.size(), std::size_t(2));
        QVERIFY(reply->required[1] == std::pair(std::uint64_t{100}, std::uint64_t{1} << 63));
    }

    void adviceIsMadeValid() {
        const auto reason = [](std::string_view given) {
            return gbs::parseCorruptionAdvice(gbs::writeCorruptionAdvice(given)).value();
        };
        QCOMPARE(reason("block 3"), std::string("block 3"));
        QVERIFY(!reason("").empty());
        QCOMPARE(reason("a\xff"
                        "b"),
                 std::string("a\xef\xbf\xbd"
                             "b"));
        std::string accents;
        for (int i = 0; i < 20000; ++i) {
            accents += "\xc3\xa9";
        }
        QCOMPARE(reason(accents), accents.substr(0, 32764));
        QCOMPARE(reason("x" + accents), "x" + accents.substr(0, 32764));
    }

    void damagedBodiesAreRefused_data() {
        QTest::addColumn<QByteArray>("kind");
        QTest::addColumn<QByteArray>("body");
        const auto row = [](const char* name, const char* kind, const char* body) {
            QTest::newRow(name) << QByteArray(kind) << QByteArray::fromHex(body);
        };
        row("nothing", "shares", "");
        row("trailing byte", "shares", "d901028000");
        row("trailing garbage", "shares", "d9010280ff");
        row("share 256", "shares", "d9010281190100");
        row("a huge share number", "shares", "d90102811bffffffffffffffff");
        row("a share twice", "shares", "d90102820101");
        row("another tag", "shares", "d901038101");
        row("no tag", "shares", "8101");
        row("two tags", "shares", "d90102d901028101");
        row("the word of a huge array", "shares", "d901029bffffffffffffffff01");
        row("a map for an array", "shares", "d90102a10101");
        row("an array that does not end", "shares", "d901029f01");
        row("a break at once", "shares", "ff");
        row("a tag alone", "shares", "d90102");
        row("a key twice", "write", "a2687265717569726564806872657175697265648");
        row("a map of a huge length", "write", "bbffffffffffffffff68726571756972656480");
        row("a key of a huge length", "write", "a17bffffffffffffffff7265717569726564");
        row("a key of a length near 2^63", "write", "a17b7fffffffffffffff7265717569726564");
        row("a reversed range", "write", "a168726571756972656481a265626567696e0963656e6405");
        row("an empty range", "write", "a168726571756972656481a265626567696e0563656e6405");
        row("a range with a key twice", "write", "a168726571756972656481a365626567696e0165626567696e0163656e6405");
        row("a key of another kind", "write", "a1487265717569726564 80");
        row("an integer as key", "write", "a10180");
        row("reason not UTF-8", "advice", "a166726561736f6e62c328");
        row("reason a surrogate", "advice", "a166726561736f6e63eda080");
        row("a float", "allocate",
            "a26d73686172652d6e756d62657273d90102806e616c6c6f63617465642d73697a65fb3ff0000000000000");
    }
    void damagedBodiesAreRefused() {
        QFETCH(QByteArray, kind);
        QFETCH(QByteArray, body);
        QVERIFY(!rewritten(kind.toStdString(), vectors::bytesOf(body)));
    }

    void aMessageCutAnywhereIsRefused() {
        for (const Message& message : readMessages()) {
            if (!message.valid || message.body.size() > 1000) {
                continue;
            }
            for (std::size_t length = 0; length < message.body.size(); ++length) {
                QVERIFY(!rewritten(message.kind, ByteView(message.body).first(length)));
            }
        }
    }

    void deepNestingIsRefused() {
        // {"x": [[[[…]]]], "required": []} with the unknown value 20,000 deep.
        Bytes body = hex("a26178");
        body.insert(body.end(), 20000, 0x81);
        body.push_back(0x00);
        const Bytes rest = hex("68726571756972656480");
        body.insert(body.end(), rest.begin(), rest.end());
        QVERIFY(!rewritten("write", body));
        // Tags nest as well.
        Bytes tags = hex("a26178");
        tags.insert(tags.end(), 20000, 0xc1);
        tags.push_back(0x00);
        tags.insert(tags.end(), rest.begin(), rest.end());
        QVERIFY(rewritten("write", tags));
    }

    void theBytesOfASlotRequestAreViewedWhereTheyStand() {
        const auto messages = readMessages();
        const Bytes& body = bodyOf(messages, "slot", "several shares");
        const auto request = gbs::parseSlotRequest(body);
        QVERIFY(request.has_value());
        QCOMPARE(request->changes.size(), std::size_t{3});
        QCOMPARE(request->reads, (std::vector<gbs::SlotRead>{{0, 41}, {1ULL << 63U, ~0ULL}}));
        const gbs::SlotChange& change = request->changes.at(ShareNum(0));
        QCOMPARE(change.newLength, std::optional<std::uint64_t>(300));
        QCOMPARE(change.tests.size(), std::size_t{2});
        QCOMPARE(change.tests[1].range, (gbs::SlotRead{7, 3}));
        QCOMPARE(textOf(change.tests[1].specimen), std::string_view("abc"));
        QCOMPARE(change.writes.size(), std::size_t{2});
        QCOMPARE(copyOf(change.writes[0].data), Bytes(300));
        QCOMPARE(change.writes[1].offset, 1ULL << 40U);
        QVERIFY(change.writes[1].data.empty());
        QVERIFY(request->kept.empty());
        QVERIFY(change.writes[0].data.data() > body.data() && change.writes[0].data.data() < body.data() + body.size());
        QCOMPARE(request->changes.at(ShareNum(255)).newLength, std::optional<std::uint64_t>(0));
        QVERIFY(!request->changes.at(ShareNum(7)).newLength.has_value());
    }

    void theBytesOfASlotRequestInPiecesAreJoined() {
        const auto messages = readMessages();
        auto request = gbs::parseSlotRequest(bodyOf(messages, "slot", "in pieces"));
        QVERIFY(request.has_value());
        QCOMPARE(request->kept.size(), std::size_t{1});
        const gbs::SlotRequest copy = *request;
        request->kept.clear();
        QCOMPARE(textOf(copy.changes.at(ShareNum(9)).writes.at(0).data), std::string_view("abcdef"));
        QCOMPARE(copy.changes.at(ShareNum(9)).writes.at(0).offset, 5U);
    }

    void moreWritesThanARequestMayHoldAreRefused() {
        gbs::SlotRequest request;
        for (std::size_t i = 0; i < gbs::mostSlotWrites; ++i) {
            request.changes[ShareNum(i % 2)].writes.push_back({i, {}});
        }
        QVERIFY(gbs::parseSlotRequest(gbs::writeSlotRequest(request)));
        request.changes[ShareNum(0)].writes.push_back({1, {}});
        QVERIFY(!gbs::parseSlotRequest(gbs::writeSlotRequest(request)));
    }

    void tooManyRangesAreRefused() {
        gbs::WriteReply reply;
        for (std::uint64_t i = 0; i < 65536; ++i) {
            reply.required.emplace_back(2 * i, 2 * i + 1);
        }
        QVERIFY(gbs::parseWriteReply(gbs::writeWriteReply(reply)));
        reply.required.emplace_back(1, 2);
        QVERIFY(!gbs::parseWriteReply(gbs::writeWriteReply(reply)));
    }
};

QTEST_GUILESS_MAIN(GbsMessagesTest)
#include "gbs_messages_test.moc"
