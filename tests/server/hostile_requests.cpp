#include "tests/server/hostile_requests.h"

#include "core/formats/slot_messages.h"
#include "tests/server/raw_client.h"

#include <nghttp2/nghttp2.h>

namespace tarn::server::test {

namespace {

using formats::gbs::SecretKind;
using Requests = std::vector<HostileRequest>;

constexpr std::uint64_t most64 = ~0ULL;
constexpr int refusedByHttp2 = -NGHTTP2_PROTOCOL_ERROR;

QByteArray uploader(char who) {
    return RawClient::lease(who) + RawClient::upload(who);
}
QByteArray range(const QByteArray& value) {
    return rangeField(value);
}
QByteArray writeAt(const QByteArray& value, char who = owner) {
    return RawClient::upload(who) + "Content-Range: " + value + "\r\n";
}

/// The head of a CBOR item with a 64-bit argument: the longest form.
QByteArray item(unsigned major, std::uint64_t value) {
    QByteArray bytes(1, static_cast<char>(major << 5U | 27U));
    for (unsigned shift = 64; shift > 0; shift -= 8) {
        bytes += static_cast<char>(value >> (shift - 8U) & 0xFFU);
    }
    return bytes;
}
QByteArray number(std::uint64_t value) {
    return item(0, value);
}
QByteArray text(const QByteArray& value) {
    return item(3, static_cast<std::uint64_t>(value.size())) + value;
}
QByteArray bytes(const QByteArray& value) {
    return item(2, static_cast<std::uint64_t>(value.size())) + value;
}
QByteArray list(std::uint64_t size) {
    return item(4, size);
}
QByteArray map(std::uint64_t size) {
    return item(5, size);
}
QByteArray numberSet(const QByteArray& numbers, std::uint64_t size) {
    return item(6, 258) + list(size) + numbers;
}
QByteArray someNumbers(std::uint64_t count) {
    QByteArray all;
    for (std::uint64_t i = 0; i < count; ++i) {
        all += number(i);
    }
    return all;
}
/// An allocation of one share, as far as `size` lets it be one.
QByteArray allocation(const QByteArray& size, const QByteArray& numbers = numberSet(number(0), 1)) {
    return map(2) + text("share-numbers") + numbers + text("allocated-size") + size;
}
/// An allocation to which somebody has added what nobody knows.
QByteArray allocationWith(const QByteArray& unknown) {
    return map(3) + text("x") + unknown + allocation(number(5)).mid(item(5, 0).size());
}

Requests strangers(const QByteArray& right) {
    QByteArray nearly = right;
    nearly[nearly.size() - 4] = nearly[nearly.size() - 4] == 'A' ? 'B' : 'A';
    const QByteArray allocate = allocateBody({0}, 10);
    const QByteArray version = "/storage/v1/version";
    return {
        {"no swissnum", "GET", version, {}, {}, 401, QByteArray()},
        {"an empty swissnum", "GET", version, {}, {}, 401, QByteArray("")},
        {"no swissnum behind the scheme", "GET", version, {}, {}, 401, QByteArray("Tahoe-LAFS")},
        {"another swissnum", "GET", version, {}, {}, 401, QByteArray("Tahoe-LAFS AAAA")},
        {"a swissnum with one letter changed", "GET", version, {}, {}, 401, nearly},
        {"a swissnum with one letter less", "GET", version, {}, {}, 401, right.chopped(1)},
        {"a swissnum with one letter more", "GET", version, {}, {}, 401, right + "A"},
        {"the swissnum under another scheme", "GET", version, {}, {}, 401, "Bearer " + right.mid(11)},
        {"the swissnum as it is not written", "GET", version, {}, {}, 401, "tahoe-lafs " + right.mid(11)},
        {"a very long swissnum", "GET", version, {}, {}, 401, QByteArray(12'000, 'A')},
        {"a stranger at a path that is not there", "GET", "/no/such/path", {}, {}, 401, nearly},
        {"a stranger that allocates", "POST", bucket('d'), uploader('u'), allocate, 401, nearly},
        {"a stranger that writes", "PATCH", bucket('c') + "/0", writeAt("bytes 0-3/*"), "data", 401, nearly},
        {"a stranger that aborts", "PUT", bucket('c') + "/0/abort", RawClient::upload(owner), {}, 401, nearly},
        {"a stranger that reads", "GET", bucket('b') + "/0", {}, {}, 401, nearly},
        {"a stranger that changes a slot", "POST", slotPath() + "/read-test-write", slotSecrets(owner), slotBody("x"),
         401, nearly},
        {"a stranger with a body without end", "PATCH", bucket('c') + "/0", writeAt("bytes 0-3/*"), "data", 401, nearly,
         std::uint64_t{1} << 62U},
        {"a stranger that breaks every other rule too", "BREW", "/%2e%2e", "Range: x\r\nRange: y\r\n", "x", 401,
         nearly},
    };
}

Requests paths() {
    Requests all;
    const QByteArray si = bucket('b').mid(22);
    for (const QByteArray& path : {
             QByteArray("/"),
             QByteArray("/storage/v1"),
             QByteArray("/storage/v1/../../etc/passwd"),
             QByteArray("/storage/v1/immutable/../../server.key/0"),
             QByteArray("/storage/v1/immutable/%2e%2e/%2e%2e/0"),
             QByteArray("/storage/v1/immutable/..%2f..%2f/0"),
             QByteArray("/storage/v1/immutable/%00/0"),
             QByteArray("/storage/v1/immutable/..\\..\\/0"),
             bucket('b') + "/../" + si + "/0",
             bucket('b') + "/./0",
             bucket('b') + "//0",
             bucket('b') + "/0/",
             bucket('b') + "/0/..",
             bucket('b') + "/%30",
             bucket('b') + "/0?x=y",
             bucket('b') + "/0#x",
             bucket('b') + "/0;x",
             bucket('b').toUpper() + "/0",
             "/storage/v1/immutable/" + si.chopped(1) + "%61/0",
             "/storage/v1/immutable/" + si + "a/0",
             "/storage/v1/immutable/" + QByteArray(10'000, 'a') + "/0",
             QByteArray("/").repeated(10'000),
             "/storage/v1/mutable/" + si + "/0/../../shares",
             bucket('b') + "/256",
             bucket('b') + "/65536",
             bucket('b') + "/4294967296",
             bucket('b') + "/18446744073709551616",
             bucket('b') + "/-1",
             bucket('b') + "/+0",
             bucket('b') + "/00",
             bucket('b') + "/0x0",
             slotPath() + "/256",
             slotPath() + "/65537",
         }) {
        all.push_back({"path " + path.left(60).toStdString(), "GET", path, {}, {}, 404});
    }
    all.push_back({"a write to share 256", "PATCH", bucket('c') + "/256", writeAt("bytes 0-3/*"), "data", 404});
    all.push_back({"an abort of share 256", "PUT", bucket('c') + "/256/abort", RawClient::upload(owner), {}, 404});
    all.push_back({"a complaint of share 256", "POST", bucket('b') + "/256/corrupt", {}, "x", 404});
    return all;
}

Requests ranges() {
    Requests all;
    for (const auto& [value, status] : {
             std::pair("bytes=9-0", 416),
             std::pair("bytes=0-1,1-2", 416),
             std::pair("bytes=0-5,2-8", 416),
             std::pair("bytes=0-0,", 416),
             std::pair("bytes=5-", 416),
             std::pair("bytes=-5", 416),
             std::pair("bytes=-", 416),
             std::pair("bytes=--1", 416),
             std::pair("bytes=a-b", 416),
             std::pair("bytes", 416),
             std::pair("lines=0-1", 416),
             std::pair("bytes=0-18446744073709551615", 416),
             std::pair("bytes=0-18446744073709551616", 416),
             std::pair("bytes=18446744073709551616-18446744073709551617", 416),
             std::pair("bytes=0-99999999999999999999999999999999999999999", 416),
             std::pair("bytes=10-10", 204),
             std::pair("bytes=1000-2000", 204),
             std::pair("bytes=18446744073709551613-18446744073709551614", 204),
             std::pair("bytes=0-18446744073709551614", 206),
         }) {
        all.push_back({std::string("a share's range ") + value, "GET", bucket('b') + "/0", range(value), {}, status});
        all.push_back({std::string("a slot's range ") + value, "GET", slotPath() + "/1", range(value), {}, status});
    }
    all.push_back({"two ranges", "GET", bucket('b') + "/0", range("bytes=0-1") + range("bytes=1-2"), {}, 400});
    for (const auto& [value, status] : {
             std::pair("bytes 3-0/*", 416),
             std::pair("bytes */*", 416),
             std::pair("bytes 0-/*", 416),
             std::pair("bytes 0-3,4-7/*", 416),
             std::pair("bytes 0-3/2", 416),
             std::pair("bytes 18446744073709551612-18446744073709551615/*", 416),
             std::pair("bytes 18446744073709551616-18446744073709551619/*", 416),
             std::pair("bytes 0-4/*", 400),
             std::pair("bytes 0-2/*", 400),
             std::pair("bytes 0-18446744073709551614/*", 400),
             std::pair("bytes 97-100/*", 400),
             std::pair("bytes 100-103/*", 400),
             std::pair("bytes 18446744073709551611-18446744073709551614/*", 400),
         }) {
        all.push_back(
            {std::string("a write of ") + value, "PATCH", bucket('c') + "/0", writeAt(value), "data", status});
    }
    all.push_back({"a write without a range", "PATCH", bucket('c') + "/0", RawClient::upload(owner), "data", 416});
    all.push_back({"a write of nothing", "PATCH", bucket('c') + "/0", writeAt("bytes 0-3/*"), {}, 400});
    return all;
}

Requests bombs() {
    const QByteArray deep = QByteArray(20'000, '\x81') + '\x01';
    const QByteArray deepMaps = QByteArray("\xa1\x61x").repeated(15'000) + '\x01';
    QByteArray manyKeys;
    for (int i = 0; i < 5000; ++i) {
        manyKeys += text(QByteArray::number(i)) + number(0);
    }
    QByteArray thirtyOne;
    for (std::uint64_t i = 0; i < 31; ++i) {
        thirtyOne += map(2) + text("offset") + number(0) + text("size") + number(1);
    }
    const QByteArray change = map(3) + text("test") + list(0) + text("write") + list(0) + text("new-length") + '\xf6';
    const auto slotOf = [](const QByteArray& changes, const QByteArray& reads) {
        return map(2) + text("test-write-vectors") + changes + text("read-vector") + reads;
    };
    const std::vector<std::pair<std::string, QByteArray>> allocations{
        {"nothing", {}},
        {"no CBOR", "\xff\xff\xff\xff"},
        {"lists in lists", deep},
        {"maps in maps", deepMaps},
        {"tags on tags", QByteArray(50'000, '\xc1') + '\x01'},
        {"lists in lists under a key that nobody knows", allocationWith(deep)},
        {"maps in maps under a key that nobody knows", allocationWith(deepMaps)},
        {"a list without end", "\x9f" + QByteArray(50'000, '\x01')},
        {"a map without end", "\xbf" + QByteArray("\x61x\x01").repeated(10'000)},
        {"strings in a string without end", allocationWith("\x5f" + QByteArray(50'000, '\x40'))},
        {"a list that says it has 2^64 - 1", list(most64)},
        {"a map that says it has 2^64 - 1", map(most64)},
        {"a map that says it has 2^63", map(1ULL << 63U)},
        {"a string that says it has 2^64 - 1", allocationWith(item(2, most64) + "x")},
        {"a string that says it has 2^40", allocationWith(item(3, 1ULL << 40U) + "x")},
        {"a key that says it has 2^40", map(1) + item(3, 1ULL << 40U) + "x"},
        {"five thousand keys", map(5000) + manyKeys},
        {"a key twice", map(3) + text("allocated-size") + number(5) + allocation(number(6)).mid(item(5, 0).size())},
        {"a key that nobody knows, twice",
         map(4) + text("x") + number(0) + allocationWith(number(0)).mid(item(5, 0).size())},
        {"a key of 5000 letters", map(1) + text(QByteArray(5000, 'k')) + number(0)},
        {"a key that is no text", map(1) + text("\xff\xfe") + number(0)},
        {"numbers for keys", map(1) + number(0) + number(0)},
        {"257 shares", allocation(number(5), numberSet(someNumbers(257), 257))},
        {"share 256", allocation(number(5), numberSet(number(256), 1))},
        {"share 65536", allocation(number(5), numberSet(number(65536), 1))},
        {"share 2^64 - 1", allocation(number(5), numberSet(number(most64), 1))},
        {"a share twice", allocation(number(5), numberSet(number(0) + number(0), 2))},
        {"a size below zero", allocation(item(1, 4))},
        {"a size of 2^64", allocation("\xc2" + bytes("\x01" + QByteArray(8, '\0')))},
        {"a size that is a fraction", allocation("\xfb\x40\x14" + QByteArray(6, '\0'))},
        {"a size that is a text", allocation(text("5"))},
        {"something behind it", allocation(number(5)) + '\x01'},
        {"the half of it", allocation(number(5)).chopped(4)},
        {"a whole share of another size",
         map(3) + text("shares") + map(1) + number(0) + bytes("1234") + allocation(number(5)).mid(item(5, 0).size())},
        {"a whole share that is not asked for",
         map(3) + text("shares") + map(1) + number(1) + bytes("12345") + allocation(number(5)).mid(item(5, 0).size())},
    };
    const std::vector<std::pair<std::string, QByteArray>> changes{
        {"nothing", {}},
        {"lists in lists", deep},
        {"a map that says it has 2^64 - 1", map(most64)},
        {"share 256", slotOf(map(1) + number(256) + change, list(0))},
        {"a share twice", slotOf(map(2) + number(1) + change + number(1) + change, list(0))},
        {"257 shares", slotOf(map(257) + (number(1) + change).repeated(257), list(0))},
        {"a change without its parts", slotOf(map(1) + number(1) + map(0), list(0))},
        {"31 reads", slotOf(map(0), list(31) + thirtyOne)},
        {"2^40 reads", slotOf(map(0), list(1ULL << 40U))},
        {"a specimen that says it has 2^40",
         slotOf(map(1) + number(1) + map(3) + text("test") + list(1) + map(1) + text("specimen") + item(2, 1ULL << 40U),
                list(0))},
        {"a write at 2^63", slotBody("x", 1ULL << 63U)},
        {"a write that ends past 2^64", slotBody("xx", most64)},
        {"something behind it", slotBody("x") + '\x01'},
    };
    Requests all;
    for (const auto& [name, body] : allocations) {
        all.push_back({"an allocation that is " + name, "POST", bucket('d'), uploader(owner), body, 400});
    }
    for (const auto& [name, body] : changes) {
        all.push_back({"a slot's change that is " + name, "POST", slotPath() + "/read-test-write", slotSecrets(owner),
                       body, 400});
    }
    const std::vector<std::pair<std::string, QByteArray>> complaints{
        {"nothing", {}},
        {"lists in lists", deep},
        {"longer than any", map(1) + text("reason") + text(QByteArray(32'766, 'x'))},
        {"no text", map(1) + text("reason") + text("\xff\xfe")},
        {"twice one", map(2) + (text("reason") + text("x")).repeated(2)},
    };
    for (const auto& [name, body] : complaints) {
        all.push_back({"a complaint that is " + name, "POST", bucket('b') + "/0/corrupt", {}, body, 400});
    }
    return all;
}

Requests lengths() {
    const Limits limits;
    const auto over = [](std::uint64_t most) {
        return std::optional(most + 1);
    };
    const QByteArray body = "begin";
    const QByteArray filler = "X-Filler: " + QByteArray(16'000, 'x') + "\r\n";
    constexpr std::uint64_t huge = 1ULL << 62U;
    return {
        {"an allocation over its limit",
         "POST",
         bucket('d'),
         uploader(owner),
         body,
         413,
         {},
         over(formats::gbs::mostAllocateRequest)},
        {"a complaint over its limit",
         "POST",
         bucket('b') + "/0/corrupt",
         {},
         body,
         413,
         {},
         over(limits.mostCborBody)},
        {"a write over its limit",
         "PATCH",
         bucket('c') + "/0",
         writeAt("bytes 0-4/*"),
         body,
         413,
         {},
         over(limits.mostShareBody)},
        {"a slot's change over its limit",
         "POST",
         slotPath() + "/read-test-write",
         slotSecrets(owner),
         body,
         413,
         {},
         over(limits.mostSlotBody)},
        {"a body where none belongs, over its limit",
         "GET",
         "/storage/v1/version",
         {},
         body,
         413,
         {},
         over(limits.mostCborBody)},
        {"an allocation of 2^62 bytes", "POST", bucket('d'), uploader(owner), body, 413, {}, huge},
        {"a write of 2^62 bytes",
         "PATCH",
         bucket('c') + "/0",
         writeAt("bytes 0-4611686018427387903/*"),
         body,
         413,
         {},
         huge},
        {"a write of 2^64 - 1 bytes",
         "PATCH",
         bucket('c') + "/0",
         writeAt("bytes 0-4/*"),
         body,
         413,
         {},
         most64,
         refusedByHttp2},
        {"a head over its limit", "GET", "/storage/v1/version", filler + filler, {}, 431},
    };
}

Requests secrets() {
    const QByteArray allocate = allocateBody({0}, 10);
    const QByteArray renew = RawClient::secret(SecretKind::LeaseRenew, 'r');
    const QByteArray cancel = RawClient::secret(SecretKind::LeaseCancel, 'c');
    const QByteArray upload = RawClient::upload(owner);
    const QByteArray enabler = RawClient::secret(SecretKind::WriteEnabler, owner);
    const QByteArray broken = "X-Tahoe-Authorization: upload-secret %%%\r\n";
    const QByteArray change = slotPath() + "/read-test-write";
    Requests all{
        {"a write with another's secret", "PATCH", bucket('c') + "/0", writeAt("bytes 0-3/*", 'x'), "data", 401},
        {"an abort with another's secret", "PUT", bucket('c') + "/0/abort", RawClient::upload('x'), {}, 401},
        {"a slot's change with another's secret", "POST", change, slotSecrets('x'), slotBody("x"), 401},
        {"a slot's removal with another's secret", "POST", change, slotSecrets('x'), slotBody({}, 0, 0), 401},
        {"a write without a secret", "PATCH", bucket('c') + "/0", "Content-Range: bytes 0-3/*\r\n", "data", 400},
        {"an abort without a secret", "PUT", bucket('c') + "/0/abort", {}, {}, 400},
        {"a lease without its half", "PUT", "/storage/v1/lease/" + bucket('b').mid(22), renew, {}, 400},
        {"a read with a secret", "GET", bucket('b') + "/0", upload, {}, 400},
    };
    for (const auto& [name, fields] : {
             std::pair("no secret", QByteArray()),
             std::pair("no upload secret", renew + cancel),
             std::pair("half a lease", renew + upload),
             std::pair("a secret too many", renew + cancel + upload + enabler),
             std::pair("a secret twice", renew + cancel + upload + upload),
             std::pair("two secrets of a kind", renew + cancel + upload + RawClient::upload('x')),
             std::pair("a secret that is not base64", renew + cancel + broken),
             std::pair("a secret of no kind", renew + cancel + "X-Tahoe-Authorization: x AAAA\r\n"),
             std::pair("a lease secret that is short",
                       cancel + upload + RawClient::secret(SecretKind::LeaseRenew, 'r', 31)),
             std::pair("an upload secret of 257 bytes",
                       renew + cancel + RawClient::secret(SecretKind::Upload, 'u', 257)),
             std::pair("a secret of 8000 bytes", renew + cancel + RawClient::secret(SecretKind::Upload, 'u', 8000)),
         }) {
        all.push_back({std::string("an allocation with ") + name, "POST", bucket('d'), fields, allocate, 400});
    }
    for (const auto& [name, fields] : {
             std::pair("no enabler", RawClient::lease(owner)),
             std::pair("an enabler alone", enabler),
             std::pair("an upload secret", RawClient::lease(owner) + enabler + upload),
             std::pair("an enabler that is short",
                       RawClient::lease(owner) + RawClient::secret(SecretKind::WriteEnabler, owner, 31)),
         }) {
        all.push_back({std::string("a slot's change with ") + name, "POST", change, fields, slotBody("x"), 400});
    }
    return all;
}

Requests writes() {
    const QByteArray complete = bucket('b') + "/0";
    const QByteArray begun = bucket('c') + "/0";
    return {
        {"other bytes where some stand", "PATCH", begun, writeAt("bytes 0-3/*"), "bbbb", 409},
        {"bytes of which the last differs", "PATCH", begun, writeAt("bytes 6-9/*"), "aaab", 409},
        {"bytes of which some are past the allocation", "PATCH", begun, writeAt("bytes 98-101/*"), "data", 400},
        {"a write to a share that is complete", "PATCH", complete, writeAt("bytes 0-3/*"), "some", 404},
        {"a write to a share that nobody allocated", "PATCH", bucket('c') + "/1", writeAt("bytes 0-3/*"), "data", 404},
        {"an abort of a share that is complete", "PUT", complete + "/abort", RawClient::upload(owner), {}, 405},
        {"an abort of a share that nobody allocated",
         "PUT",
         bucket('c') + "/1/abort",
         RawClient::upload(owner),
         {},
         404},
        {"an allocation where a slot stands", "POST", "/storage/v1/immutable/" + slotPath().mid(20), uploader(owner),
         allocateBody({0}, 10), 409},
        {"a slot where a bucket stands", "POST", "/storage/v1/mutable/" + bucket('b').mid(22) + "/read-test-write",
         slotSecrets(owner), slotBody("x"), 409},
        {"a slot's write that is larger than any disk", "POST", slotPath() + "/read-test-write", slotSecrets(owner),
         slotBody("x", 1ULL << 55U), 507},
        {"a method that is none", "BREW", complete, {}, {}, 405},
        {"a method of another place", "PUT", complete, {}, "body", 405},
    };
}

}  // namespace

QByteArray slotPath() {
    return "/storage/v1/mutable/" + QByteArray(25, 's') + 'a';
}

QByteArray slotSecrets(char who) {
    return RawClient::lease(who) + RawClient::secret(SecretKind::WriteEnabler, who);
}

QByteArray slotBody(const QByteArray& data, std::uint64_t offset, std::optional<std::uint64_t> length) {
    formats::gbs::SlotRequest request;
    auto& change = request.changes[ShareNum(1)];
    change.writes.push_back({offset, viewOf(data)});
    change.newLength = length;
    const Bytes body = formats::gbs::writeSlotRequest(request);
    return {reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size())};
}

std::vector<HostileRequest> hostileRequests(const QByteArray& authorization) {
    Requests all;
    for (const Requests& some :
         {strangers(authorization), paths(), ranges(), bombs(), lengths(), secrets(), writes()}) {
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

}  // namespace tarn::server::test
