#include "core/server/operations.h"
#include "core/server/request_head.h"

#include <QtTest>

namespace tarn::server::test {

namespace {

using bucketstore::BucketStore;

/// A store in which everything goes wrong in one way.
class FailingStore final : public BucketStore {
public:
    explicit FailingStore(ErrorCode code) : m_error{code, "as told", false} {}

    void nameNode(const LeaseSeed&) override {}
    Result<bucketstore::Allocation> allocate(StorageIndex, const std::set<ShareNum>&, ByteCount, const UploadSecret&,
                                             const LeaseSecrets&, std::string_view) override {
        return failure(m_error);
    }
    Result<bucketstore::WriteProgress> write(StorageIndex, ShareNum, const UploadSecret&, ByteOffset,
                                             ByteView) override {
        return failure(m_error);
    }
    std::set<ShareNum> writeWhole(StorageIndex, const std::map<ShareNum, ByteView>&, const UploadSecret&) override {
        return {};
    }
    Result<void> abort(StorageIndex, ShareNum, const UploadSecret&) override { return failure(m_error); }
    Result<std::set<ShareNum>> list(StorageIndex) const override { return failure(m_error); }
    Result<std::shared_ptr<const bucketstore::ShareReader>> openShare(StorageIndex, ShareNum) const override {
        return failure(m_error);
    }
    Result<formats::gbs::SlotReply> readTestWrite(StorageIndex, const WriteEnabler&, const LeaseSecrets&,
                                                  const formats::gbs::SlotRequest&, std::string_view) override {
        return failure(m_error);
    }
    Result<std::set<ShareNum>> listSlot(StorageIndex) const override { return failure(m_error); }
    Result<std::shared_ptr<const bucketstore::ShareReader>> openSlotShare(StorageIndex, ShareNum) const override {
        return failure(m_error);
    }
    Result<void> addLease(StorageIndex, const LeaseSecrets&, std::string_view) override { return failure(m_error); }
    Result<void> adviseCorrupt(StorageIndex, ShareNum, std::string_view) override { return failure(m_error); }
    bucketstore::Usage usage() const override { return {}; }
    void dropStaleIncoming() override {}
    bucketstore::StoreReport report() override { return {}; }
    [[nodiscard]] Result<void> pauseExpiry(bool) override { return {}; }

private:
    Error m_error;
};

/// A share whose file ends before its length says.
class ShortReader final : public bucketstore::ShareReader {
public:
    ByteCount size() const noexcept override { return ByteCount(100); }
    Result<std::size_t> read(ByteOffset, MutableByteView) const override { return 10; }
};

}  // namespace

class OperationsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachFailureHasItsStatus() {
        Call call;
        call.range = formats::gbs::Range{0, 4};
        const Bytes data(4);
        for (const auto& [code, status] : {std::pair(ErrorCode::NoSpace, HttpStatus::NoSpace),
                                           std::pair(ErrorCode::ServerFailed, HttpStatus::ServerFailed),
                                           std::pair(ErrorCode::NotFound, HttpStatus::NotFound),
                                           std::pair(ErrorCode::Unauthorized, HttpStatus::Unauthorized),
                                           std::pair(ErrorCode::InvalidArgument, HttpStatus::BadRequest),
                                           std::pair(ErrorCode::Internal, HttpStatus::ServerFailed)}) {
            FailingStore store(code);
            QCOMPARE(writePiece(store, call, 0, data).status, status);
            QCOMPARE(abortShare(store, call).status, status);
            QCOMPARE(listShares(store, call).status, status);
            QCOMPARE(addLease(store, call).status, status);
            QCOMPARE(beginRead(store, call, 100).status, status);
            QCOMPARE(allocate(store, call, formats::gbs::writeAllocateRequest({{ShareNum(1)}, 4})).status, status);
            QCOMPARE(adviseCorrupt(store, call, formats::gbs::writeCorruptionAdvice("why")).status, status);
        }
        FailingStore conflicting(ErrorCode::Conflict);
        QCOMPARE(writePiece(conflicting, call, 0, data).status, HttpStatus::Conflict);
        QCOMPARE(abortShare(conflicting, call).status, HttpStatus::MethodNotAllowed);
    }

    void aShareThatEndsEarlyIsNotPassedOffAsWhole() { QVERIFY(readPiece(ShortReader(), 0, 100).isEmpty()); }

    void aHeadIsFoundHoweverItIsCut() {
        const std::string text = "GET / HTTP/1.1\r\nA: b\r\n\r\nGET";
        std::optional<std::size_t> found;
        std::size_t searched = 0;
        for (std::size_t size = 0; size <= text.size() && !found; ++size) {
            found = headLength(std::string_view(text).substr(0, size), searched);
            searched = size;
        }
        QCOMPARE(found, std::optional(text.size() - 3));
    }

    void theFieldsThatMatterAreKept() {
        const auto head =
            parseRequestHead("PATCH /x HTTP/1.1\r\nauthorization: one\r\nX-TAHOE-Authorization: two\r\n"
                             "x-tahoe-authorization: three\r\nContent-Length: 18446744073709551615\r\n"
                             "Content-range:   bytes 0-3/*  \r\nUnknown: z\r\nExpect: 100-continue\r\n\r\n");
        QVERIFY(head.has_value());
        QCOMPARE(head->method, std::string("PATCH"));
        QCOMPARE(head->target, std::string("/x"));
        QCOMPARE(head->authorization, std::optional<std::string>("one"));
        QCOMPARE(head->tahoeAuthorization, (std::vector<std::string>{"two", "three"}));
        QCOMPARE(head->contentLength, ~0ULL);
        QCOMPARE(head->contentRange, std::optional<std::string>("bytes 0-3/*"));
        QVERIFY(head->keepAlive && head->expect && !head->chunked && !head->repeatedField);
        QVERIFY(parseRequestHead("GET / HTTP/1.1\r\nRange: a\r\nRange: b\r\n\r\n")->repeatedField);
    }
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::OperationsTest)
#include "operations_test.moc"
