#include "core/gbs/gbs_server.h"

#include "core/formats/gbs_messages.h"
#include "core/formats/slot_messages.h"
#include "core/foundation/base32.h"
#include "core/gbs/exchange.h"
#include "core/gbs/pinned_access.h"
#include "core/gbs/reply_errors.h"

#include <algorithm>
#include <limits>

namespace tarn::gbs {

namespace {

namespace wire = formats::gbs;
using storage::Allocation;
using storage::ServerDescription;
using storage::ServerVersion;
using storage::WriteProgress;

constexpr const char* cborType = "application/cbor";
constexpr const char* shareType = "application/octet-stream";
constexpr std::size_t mostName = 64;

/// The ways to one server, one a NURL. Calls take the current one; where it fails to lead anywhere, later calls take
/// the next. Held by every call under way.
struct Ways {
    std::vector<std::shared_ptr<PinnedAccess>> accesses;
    std::size_t current = 0;
    /// It has called itself one of ours, which take whole shares along with the question for their room.
    bool isTarn = false;
};

/// What a server calls itself, fit for a line of text: it comes from outside.
std::string cleanName(const std::string& nickname) {
    std::string name = nickname.substr(0, mostName);
    while (nickname.size() > mostName && !name.empty() && (static_cast<Byte>(nickname[name.size()]) & 0xC0U) == 0x80U) {
        name.pop_back();  // the cut went through a character
    }
    std::ranges::replace_if(
        name, [](char c) { return static_cast<Byte>(c) < 0x20 || c == 0x7F; }, ' ');
    return name;
}

std::string nameOf(const formats::ServerAnnouncement& announcement, const formats::Nurl& nurl) {
    const std::string name = cleanName(announcement.nickname);
    return name.empty() ? nurl.address() : name + " (" + nurl.address() + ")";
}

bool leadsNowhere(const Error& error) {
    return error.code == ErrorCode::Unreachable || error.code == ErrorCode::TimedOut ||
           error.code == ErrorCode::WrongCertificate;
}

struct Reply {
    Answer answer;
    std::string server;
};

async::Task<Reply> ask(std::shared_ptr<Ways> ways, Request request, std::stop_token stop) {
    if (ways->accesses.empty()) {
        co_return failure(ErrorCode::InvalidLocator, "the server announces no HTTPS address");
    }
    const std::size_t taken = ways->current;
    const std::shared_ptr<PinnedAccess> access = ways->accesses[taken];
    const bool tellsItsName = request.answerType != nullptr;
    Result<Answer> answer = co_await access->send(std::move(request), stop);
    if (!answer) {
        if (leadsNowhere(answer.error()) && ways->current == taken) {
            ways->current = (taken + 1) % ways->accesses.size();
        }
        co_return failure(answer.error());
    }
    if (tellsItsName) {
        ways->isTarn = answer->fromTarn;
    }
    co_return Reply{std::move(*answer), access->server()};
}

/// The two halves of the protocol, by their names in paths.
enum class Half : std::uint8_t { Immutable, Mutable };

std::string bucketPath(const StorageIndex& index, Half half = Half::Immutable) {
    return (half == Half::Immutable ? "/storage/v1/immutable/" : "/storage/v1/mutable/") + toBase32(index.bytes());
}

std::string sharePath(const StorageIndex& index, ShareNum share, Half half = Half::Immutable) {
    return bucketPath(index, half) + '/' + std::to_string(share.value());
}

std::vector<std::string> leaseHeaders(const LeaseSecrets& lease) {
    return {wire::writeSecretHeader(wire::SecretKind::LeaseRenew, lease.renew.reveal()),
            wire::writeSecretHeader(wire::SecretKind::LeaseCancel, lease.cancel.reveal())};
}

/// A fault that a parser found, with the name of the server that sent it.
tl::unexpected<Error> blame(const std::string& server, const Error& error) {
    return failure(ErrorCode::ProtocolViolation, server + ": " + error.detail);
}

async::Task<ServerVersion> askVersion(std::shared_ptr<Ways> ways, std::size_t mostMessage, std::stop_token stop) {
    Request request;
    request.path = "/storage/v1/version";
    request.accepted = {200};
    request.answerType = cborType;
    request.mostAnswer = mostMessage;
    Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    auto version = wire::parseVersionReply(reply->answer.body);
    if (!version) {
        co_return blame(reply->server, version.error());
    }
    co_return ServerVersion{ByteCount(version->maximumImmutableShareSize), ByteCount(version->maximumMutableShareSize),
                            ByteCount(version->availableSpace), std::move(version->application)};
}

async::Task<Allocation> askAllocate(std::shared_ptr<Ways> ways, std::size_t mostMessage, StorageIndex index,
                                    std::set<ShareNum> shares, ByteCount size, storage::WholeShares whole,
                                    UploadSecret upload, LeaseSecrets lease, std::stop_token stop) {
    if (shares.size() > wire::mostShares) {
        co_return failure(ErrorCode::InvalidArgument, "more shares than the protocol can allocate at once");
    }
    wire::AllocateRequest message{shares, size.value()};
    for (const auto& [share, bytes] : whole) {
        message.whole.emplace(share, *bytes);
    }
    Request request;
    request.verb = Request::Verb::Post;
    request.path = bucketPath(index);
    request.secrets = leaseHeaders(lease);
    request.secrets.push_back(wire::writeSecretHeader(wire::SecretKind::Upload, upload.reveal()));
    request.body = std::make_shared<const Bytes>(wire::writeAllocateRequest(message));
    request.bodyType = cborType;
    request.accepted = {200, 201};
    request.answerType = cborType;
    request.mostAnswer = mostMessage;
    Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    auto allocation = wire::parseAllocateReply(reply->answer.body);
    if (!allocation) {
        co_return blame(reply->server, allocation.error());
    }
    if (!std::ranges::includes(shares, allocation->allocated)) {
        co_return failure(violation(reply->server, "allocated shares that nobody asked for"));
    }
    if (!std::ranges::all_of(allocation->stored, [&whole](ShareNum share) { return whole.contains(share); })) {
        co_return failure(violation(reply->server, "stored shares that it was not given"));
    }
    co_return Allocation{std::move(allocation->alreadyHave), std::move(allocation->allocated),
                         std::move(allocation->stored)};
}

async::Task<WriteProgress> askWrite(std::shared_ptr<Ways> ways, std::size_t mostMessage, StorageIndex index,
                                    ShareNum share, UploadSecret upload, ByteOffset offset, SharedBytes data,
                                    std::stop_token stop) {
    if (data->empty() || data->size() > std::numeric_limits<std::uint64_t>::max() - offset.value()) {
        co_return failure(ErrorCode::InvalidArgument, "nothing to write, or past the largest offset");
    }
    Request request;
    request.verb = Request::Verb::Patch;
    request.path = sharePath(index, share);
    request.secrets = {wire::writeSecretHeader(wire::SecretKind::Upload, upload.reveal())};
    request.range = wire::Range{offset.value(), offset.value() + data->size()};
    request.body = std::move(data);
    request.bodyType = shareType;
    request.accepted = {200, 201};
    request.answerType = cborType;
    request.mostAnswer = mostMessage;
    Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    const auto parsed = wire::parseWriteReply(reply->answer.body);
    if (!parsed) {
        co_return blame(reply->server, parsed.error());
    }
    WriteProgress progress;
    progress.complete = reply->answer.status == 201;
    for (const auto& [begin, end] : parsed->required) {
        progress.required.push_back({ByteOffset(begin), ByteOffset(end)});
    }
    if (progress.complete != progress.required.empty()) {
        co_return failure(violation(reply->server, "contradicts itself about what a share still misses"));
    }
    co_return progress;
}

async::Task<void> askAbort(std::shared_ptr<Ways> ways, StorageIndex index, ShareNum share, UploadSecret upload,
                           std::stop_token stop) {
    Request request;
    request.verb = Request::Verb::Put;
    request.path = sharePath(index, share) + "/abort";
    request.secrets = {wire::writeSecretHeader(wire::SecretKind::Upload, upload.reveal())};
    request.accepted = {200, 204};
    request.notAllowedMeansConflict = true;
    const Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    co_return {};
}

async::Task<std::set<ShareNum>> askShares(std::shared_ptr<Ways> ways, std::size_t mostMessage, Half half,
                                          StorageIndex index, std::stop_token stop) {
    Request request;
    request.path = bucketPath(index, half) + "/shares";
    request.accepted = {200};
    request.answerType = cborType;
    request.mostAnswer = mostMessage;
    const Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    auto shares = wire::parseShareSet(reply->answer.body);
    if (!shares) {
        co_return blame(reply->server, shares.error());
    }
    co_return std::move(*shares);
}

async::Task<storage::FoundShares> askFoundShares(std::shared_ptr<Ways> ways, std::size_t mostMessage,
                                                 StorageIndex index, ByteCount along, std::stop_token stop) {
    Request request;
    request.path = bucketPath(index) + "/shares";
    request.accepted = {200};
    request.answerType = cborType;
    const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(along.value(), wire::mostAlong));
    if (most > 0) {
        request.along = most;
    }
    request.mostAnswer = mostMessage + most;
    const Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    auto found = wire::parseFoundReply(reply->answer.body);
    if (!found) {
        co_return blame(reply->server, found.error());
    }
    std::size_t came = 0;
    for (const auto& [share, bytes] : found->whole) {
        came += bytes.size();
    }
    if (came > most) {
        co_return failure(violation(reply->server, "sent more of its shares than was asked for"));
    }
    co_return storage::FoundShares{std::move(found->shares), std::move(found->whole)};
}

async::Task<Bytes> askRead(std::shared_ptr<Ways> ways, std::size_t mostRead, Half half, StorageIndex index,
                           ShareNum share, ByteOffset offset, ByteCount length, std::stop_token stop) {
    if (length.value() > mostRead) {
        co_return failure(ErrorCode::InvalidArgument, "more than may be read at once");
    }
    // A range on the wire cannot be empty: to learn whether the share is there, one byte is asked for and dropped.
    const std::uint64_t asked = std::max<std::uint64_t>(length.value(), 1);
    if (asked > std::numeric_limits<std::uint64_t>::max() - offset.value()) {
        co_return failure(ErrorCode::InvalidArgument, "past the largest offset");
    }
    Request request;
    request.path = sharePath(index, share, half);
    request.range = wire::Range{offset.value(), offset.value() + asked};
    request.accepted = {206, 204};
    request.answerType = shareType;
    request.mostAnswer = static_cast<std::size_t>(asked);
    Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    if (reply->answer.status == 204) {
        co_return Bytes();
    }
    const auto& given = reply->answer.contentRange;
    Bytes& body = reply->answer.body;
    if (!given || given->begin != offset.value() || given->end - given->begin != body.size()) {
        co_return failure(violation(reply->server, "answered with another range than was asked for"));
    }
    body.resize(std::min<std::size_t>(body.size(), static_cast<std::size_t>(length.value())));
    co_return std::move(body);
}

/// What a reply to `request` may take: its reads, and what goes around them.
std::size_t mostSlotAnswer(const wire::SlotRequest& request, std::size_t mostRead, std::size_t mostMessage) {
    std::uint64_t each = 0;
    for (const wire::SlotRead& read : request.reads) {
        each = std::min<std::uint64_t>(mostRead, each + std::min<std::uint64_t>(read.size, mostRead));
    }
    return mostMessage + static_cast<std::size_t>(std::min<std::uint64_t>(mostRead, each * wire::mostShares));
}

/// Whether a reply can be one to `request`.
bool fits(const wire::SlotReply& reply, const wire::SlotRequest& request) {
    return std::ranges::all_of(reply.reads, [&request](const auto& share) {
        return std::ranges::equal(share.second, request.reads, [](const Bytes& given, const wire::SlotRead& asked) {
            return given.size() <= asked.size;
        });
    });
}

async::Task<wire::SlotReply> askReadTestWrite(std::shared_ptr<Ways> ways, Limits limits, StorageIndex index,
                                              WriteEnabler enabler, LeaseSecrets lease, wire::SlotRequest slotRequest,
                                              std::stop_token stop) {
    Request request;
    request.verb = Request::Verb::Post;
    request.path = bucketPath(index, Half::Mutable) + "/read-test-write";
    request.secrets = leaseHeaders(lease);
    request.secrets.push_back(wire::writeSecretHeader(wire::SecretKind::WriteEnabler, enabler.reveal()));
    request.body = std::make_shared<const Bytes>(wire::writeSlotRequest(slotRequest));
    request.bodyType = cborType;
    request.mayRepeat = false;
    request.accepted = {200};
    request.answerType = cborType;
    request.mostAnswer = mostSlotAnswer(slotRequest, limits.mostRead, limits.mostMessage);
    Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    auto parsed = wire::parseSlotReply(reply->answer.body);
    if (!parsed) {
        co_return blame(reply->server, parsed.error());
    }
    if (!fits(*parsed, slotRequest)) {
        co_return failure(violation(reply->server, "read other ranges of a slot than was asked for"));
    }
    co_return std::move(*parsed);
}

async::Task<void> askAddLease(std::shared_ptr<Ways> ways, StorageIndex index, LeaseSecrets lease,
                              std::stop_token stop) {
    Request request;
    request.verb = Request::Verb::Put;
    request.path = "/storage/v1/lease/" + toBase32(index.bytes());
    request.secrets = leaseHeaders(lease);
    request.accepted = {204, 200};
    const Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    co_return {};
}

async::Task<void> askAdviseCorrupt(std::shared_ptr<Ways> ways, Half half, StorageIndex index, ShareNum share,
                                   std::string reason, std::stop_token stop) {
    if (reason.empty() || reason.size() > wire::mostCorruptionReason) {
        co_return failure(ErrorCode::InvalidArgument, "a reason of 1 to 32765 bytes is needed");
    }
    Request request;
    request.verb = Request::Verb::Post;
    request.path = sharePath(index, share, half) + "/corrupt";
    request.body = std::make_shared<const Bytes>(wire::writeCorruptionAdvice(reason));
    request.bodyType = cborType;
    request.accepted = {200, 204};
    const Result<Reply> reply = co_await ask(ways, std::move(request), stop);
    if (!reply) {
        co_return failure(reply.error());
    }
    co_return {};
}

class GbsServer final : public storage::StorageServer {
public:
    GbsServer(const formats::ServerAnnouncement& announcement, const Limits& limits)
        : m_description{announcement.id, announcement.nickname, announcement.permutationSeed, announcement.leaseSeed},
          m_limits(limits), m_ways(std::make_shared<Ways>()) {
        for (const formats::Nurl& nurl : announcement.nurls) {
            m_ways->accesses.push_back(std::make_shared<PinnedAccess>(nurl, nameOf(announcement, nurl), limits));
        }
    }
    GbsServer(const GbsServer&) = delete;
    GbsServer& operator=(const GbsServer&) = delete;
    ~GbsServer() override {
        for (const auto& access : m_ways->accesses) {
            access->close();
        }
    }

    [[nodiscard]] const ServerDescription& description() const noexcept override { return m_description; }

    [[nodiscard]] async::Task<ServerVersion> version(std::stop_token stop) override {
        return askVersion(m_ways, m_limits.mostMessage, std::move(stop));
    }
    [[nodiscard]] async::Task<Allocation> allocate(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                                   UploadSecret upload, LeaseSecrets lease,
                                                   std::stop_token stop) override {
        return askAllocate(m_ways, m_limits.mostMessage, index, std::move(shares), size, {}, upload, lease,
                           std::move(stop));
    }
    [[nodiscard]] bool takesWholeShares() const noexcept override { return m_ways->isTarn; }
    [[nodiscard]] async::Task<Allocation> allocateAndWrite(StorageIndex index, std::set<ShareNum> shares,
                                                           ByteCount size, storage::WholeShares whole,
                                                           UploadSecret upload, LeaseSecrets lease,
                                                           std::stop_token stop) override {
        if (!takesWholeShares()) {
            whole.clear();
        }
        return askAllocate(m_ways, m_limits.mostMessage, index, std::move(shares), size, std::move(whole), upload,
                           lease, std::move(stop));
    }
    [[nodiscard]] async::Task<WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload,
                                                   ByteOffset offset, SharedBytes data, std::stop_token stop) override {
        return askWrite(m_ways, m_limits.mostMessage, index, share, upload, offset, std::move(data), std::move(stop));
    }
    [[nodiscard]] async::Task<void> abort(StorageIndex index, ShareNum share, UploadSecret upload,
                                          std::stop_token stop) override {
        return askAbort(m_ways, index, share, upload, std::move(stop));
    }
    [[nodiscard]] async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) override {
        return askShares(m_ways, m_limits.mostMessage, Half::Immutable, index, std::move(stop));
    }
    [[nodiscard]] async::Task<storage::FoundShares> findShares(StorageIndex index, ByteCount along,
                                                               std::stop_token stop) override {
        return askFoundShares(m_ways, m_limits.mostMessage, index, along, std::move(stop));
    }
    [[nodiscard]] async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                          std::stop_token stop) override {
        return askRead(m_ways, m_limits.mostRead, Half::Immutable, index, share, offset, length, std::move(stop));
    }
    [[nodiscard]] async::Task<wire::SlotReply> readTestWrite(StorageIndex index, WriteEnabler enabler,
                                                             LeaseSecrets lease, wire::SlotRequest request,
                                                             std::stop_token stop) override {
        return askReadTestWrite(m_ways, m_limits, index, enabler, lease, std::move(request), std::move(stop));
    }
    [[nodiscard]] async::Task<std::set<ShareNum>> listMutableShares(StorageIndex index, std::stop_token stop) override {
        return askShares(m_ways, m_limits.mostMessage, Half::Mutable, index, std::move(stop));
    }
    [[nodiscard]] async::Task<Bytes> readMutable(StorageIndex index, ShareNum share, ByteOffset offset,
                                                 ByteCount length, std::stop_token stop) override {
        return askRead(m_ways, m_limits.mostRead, Half::Mutable, index, share, offset, length, std::move(stop));
    }
    [[nodiscard]] async::Task<void> adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                         std::stop_token stop) override {
        return askAdviseCorrupt(m_ways, Half::Mutable, index, share, std::move(reason), std::move(stop));
    }
    [[nodiscard]] async::Task<void> addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) override {
        return askAddLease(m_ways, index, lease, std::move(stop));
    }
    [[nodiscard]] async::Task<void> adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                  std::stop_token stop) override {
        return askAdviseCorrupt(m_ways, Half::Immutable, index, share, std::move(reason), std::move(stop));
    }

private:
    ServerDescription m_description;
    Limits m_limits;
    std::shared_ptr<Ways> m_ways;
};

}  // namespace

std::shared_ptr<storage::StorageServer> makeGbsServer(const formats::ServerAnnouncement& announcement, Limits limits) {
    return std::make_shared<GbsServer>(announcement, limits);
}

}  // namespace tarn::gbs
