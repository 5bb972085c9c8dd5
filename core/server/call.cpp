#include "core/server/call.h"

#include "core/crypto/hash.h"
#include "core/formats/decimal.h"
#include "core/formats/gbs_messages.h"
#include "core/foundation/base32.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tarn::server {

namespace {

namespace gbs = formats::gbs;

constexpr std::uint16_t mostShareNumber = 255;
constexpr std::string_view cborType = "application/cbor";

/// What an endpoint wants of its request, beyond the path.
struct Rules {
    Endpoint endpoint;
    std::string_view method;
    bool leaseSecrets = false;
    bool uploadSecret = false;
    bool writeEnabler = false;
    bool cborBody = false;
    bool cborReply = false;
};

constexpr std::array rules{
    Rules{.endpoint = Endpoint::Version, .method = "GET", .cborReply = true},
    Rules{.endpoint = Endpoint::Allocate,
          .method = "POST",
          .leaseSecrets = true,
          .uploadSecret = true,
          .cborBody = true,
          .cborReply = true},
    Rules{.endpoint = Endpoint::WriteShare, .method = "PATCH", .uploadSecret = true, .cborReply = true},
    Rules{.endpoint = Endpoint::ReadShare, .method = "GET"},
    Rules{.endpoint = Endpoint::AbortShare, .method = "PUT", .uploadSecret = true},
    Rules{.endpoint = Endpoint::AdviseCorrupt, .method = "POST", .cborBody = true},
    Rules{.endpoint = Endpoint::ListShares, .method = "GET", .cborReply = true},
    Rules{.endpoint = Endpoint::AddLease, .method = "PUT", .leaseSecrets = true},
    Rules{.endpoint = Endpoint::ReadTestWrite,
          .method = "POST",
          .leaseSecrets = true,
          .writeEnabler = true,
          .cborBody = true,
          .cborReply = true},
    Rules{.endpoint = Endpoint::ListSlot, .method = "GET", .cborReply = true},
    Rules{.endpoint = Endpoint::ReadSlotShare, .method = "GET"},
};

/// A path that exists, and the endpoints that different methods reach there.
struct Place {
    StorageIndex index;
    ShareNum share;
    std::vector<Endpoint> endpoints;
};

std::optional<StorageIndex> readIndex(std::string_view text) {
    const auto bytes = fromBase32(text);
    return bytes ? StorageIndex::fromBytes(*bytes) : std::nullopt;
}

std::optional<ShareNum> readShare(std::string_view text) {
    std::uint16_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stopped != end || number > mostShareNumber ||
        (text.size() > 1 && text.front() == '0')) {
        return std::nullopt;
    }
    return ShareNum(number);
}

/// The part of `rest` before the next slash; `rest` keeps what follows, or nothing at all.
std::string_view takeSegment(std::optional<std::string_view>& rest) {
    if (!rest) {
        return {};
    }
    const std::size_t slash = rest->find('/');
    const std::string_view segment = rest->substr(0, slash);
    rest = slash == std::string_view::npos ? std::nullopt : std::optional(rest->substr(slash + 1));
    return segment;
}

std::optional<Place> findImmutable(const StorageIndex& index, std::optional<std::string_view> rest) {
    if (!rest) {
        return Place{index, {}, {Endpoint::Allocate}};
    }
    const std::string_view name = takeSegment(rest);
    if (name == "shares") {
        return rest ? std::nullopt : std::optional(Place{index, {}, {Endpoint::ListShares}});
    }
    const auto share = readShare(name);
    if (!share) {
        return std::nullopt;
    }
    if (!rest) {
        return Place{index, *share, {Endpoint::ReadShare, Endpoint::WriteShare}};
    }
    if (*rest == "abort") {
        return Place{index, *share, {Endpoint::AbortShare}};
    }
    if (*rest == "corrupt") {
        return Place{index, *share, {Endpoint::AdviseCorrupt}};
    }
    return std::nullopt;
}

std::optional<Place> findMutable(const StorageIndex& index, std::optional<std::string_view> rest) {
    const std::string_view name = takeSegment(rest);
    if (name == "read-test-write") {
        return rest ? std::nullopt : std::optional(Place{index, {}, {Endpoint::ReadTestWrite}});
    }
    if (name == "shares") {
        return rest ? std::nullopt : std::optional(Place{index, {}, {Endpoint::ListSlot}});
    }
    const auto share = readShare(name);
    if (!share) {
        return std::nullopt;
    }
    if (!rest) {
        return Place{index, *share, {Endpoint::ReadSlotShare}};
    }
    return *rest == "corrupt" ? std::optional(Place{index, *share, {Endpoint::AdviseCorrupt}}) : std::nullopt;
}

/// Finds a path. There is nothing to decode in one of ours, so nothing is decoded: a path with `%`, `..` or a query is
/// just one that does not exist.
std::optional<Place> findPlace(std::string_view target) {
    constexpr std::string_view prefix = "/storage/v1/";
    if (!target.starts_with(prefix)) {
        return std::nullopt;
    }
    std::optional rest(target.substr(prefix.size()));
    const std::string_view kind = takeSegment(rest);
    if (kind == "version") {
        return rest ? std::nullopt : std::optional(Place{{}, {}, {Endpoint::Version}});
    }
    const auto index = readIndex(takeSegment(rest));
    if (!index) {
        return std::nullopt;
    }
    if (kind == "lease") {
        return rest ? std::nullopt : std::optional(Place{*index, {}, {Endpoint::AddLease}});
    }
    if (kind == "immutable") {
        return findImmutable(*index, rest);
    }
    return kind == "mutable" ? findMutable(*index, rest) : std::nullopt;
}

std::string_view mediaType(std::string_view value) {
    value = value.substr(0, value.find(';'));
    const std::size_t first = value.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return value.substr(first, value.find_last_not_of(" \t") - first + 1);
}

bool sameText(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool acceptsCbor(std::string_view value) {
    while (true) {
        const std::size_t comma = value.find(',');
        const std::string_view type = mediaType(value.substr(0, comma));
        if (sameText(type, cborType) || sameText(type, "application/*") || type == "*/*") {
            return true;
        }
        if (comma == std::string_view::npos) {
            return false;
        }
        value.remove_prefix(comma + 1);
    }
}

/// Takes the secrets that the endpoint wants, no fewer and no more.
bool readSecrets(const RequestHead& head, const Rules& wanted, Call& call) {
    std::optional<LeaseRenewSecret> renew;
    std::optional<LeaseCancelSecret> cancel;
    std::optional<UploadSecret> upload;
    std::optional<WriteEnabler> enabler;
    for (const std::string& line : head.tahoeAuthorization) {
        const auto secrets = gbs::parseSecretHeader(line);
        if (!secrets) {
            return false;
        }
        for (const auto& [kind, bytes] : *secrets) {
            bool twice = false;
            switch (kind) {
            case gbs::SecretKind::LeaseRenew:
                twice = renew.has_value();
                renew = LeaseRenewSecret::fromBytes(bytes);
                break;
            case gbs::SecretKind::LeaseCancel:
                twice = cancel.has_value();
                cancel = LeaseCancelSecret::fromBytes(bytes);
                break;
            case gbs::SecretKind::Upload:
                twice = upload.has_value();
                // An upload secret may have any length (Tahoe-LAFS makes 20 bytes); its digest stands for it.
                upload = UploadSecret::fromBytes(crypto::blake2b(bytes).bytes());
                break;
            case gbs::SecretKind::WriteEnabler:
                twice = enabler.has_value();
                enabler = WriteEnabler::fromBytes(bytes);
                break;
            }
            if (twice) {
                return false;
            }
        }
    }
    if (renew.has_value() != wanted.leaseSecrets || cancel.has_value() != wanted.leaseSecrets ||
        upload.has_value() != wanted.uploadSecret || enabler.has_value() != wanted.writeEnabler) {
        return false;
    }
    if (renew && cancel) {
        call.lease = {*renew, *cancel};
    }
    if (upload) {
        call.upload = *upload;
    }
    if (enabler) {
        call.enabler = *enabler;
    }
    return true;
}

/// Why the body that is announced cannot be taken, or nothing.
std::optional<HttpStatus> checkBody(const RequestHead& head, const Rules& wanted, const Limits& limits) {
    if (wanted.cborBody) {
        if (head.contentType && !sameText(mediaType(*head.contentType), cborType)) {
            return HttpStatus::UnsupportedMediaType;
        }
        std::uint64_t most = limits.mostCborBody;
        if (wanted.endpoint == Endpoint::Allocate) {
            most = gbs::mostAllocateRequest;
        } else if (wanted.endpoint == Endpoint::ReadTestWrite) {
            most = limits.mostSlotBody;
        }
        return head.contentLength > most ? std::optional(HttpStatus::TooLarge) : std::nullopt;
    }
    // Where no body belongs, a small one is read and dropped.
    const std::uint64_t most =
        wanted.endpoint == Endpoint::WriteShare ? limits.mostShareBody : std::uint64_t{limits.mostCborBody};
    if (head.contentLength > most) {
        return HttpStatus::TooLarge;
    }
    return std::nullopt;
}

std::optional<HttpStatus> checkRange(const RequestHead& head, Call& call) {
    if (call.endpoint == Endpoint::WriteShare) {
        call.range = head.contentRange ? gbs::parseContentRange(*head.contentRange) : std::nullopt;
        if (!call.range) {
            return HttpStatus::RangeNotSatisfiable;
        }
        if (call.range->end - call.range->begin != head.contentLength) {
            return HttpStatus::BadRequest;
        }
    } else if ((call.endpoint == Endpoint::ReadShare || call.endpoint == Endpoint::ReadSlotShare) && head.range) {
        call.range = gbs::parseRange(*head.range);
        if (!call.range) {
            return HttpStatus::RangeNotSatisfiable;
        }
    }
    return std::nullopt;
}

/// How much of a bucket's shares may come along with their list; false where that does not parse.
bool readAlong(const RequestHead& head, Call& call) {
    if (call.endpoint != Endpoint::ListShares || !head.along) {
        return true;
    }
    if (const auto asked = formats::parseDecimal(*head.along)) {
        call.along = static_cast<std::size_t>(std::min<std::uint64_t>(*asked, gbs::mostAlong));
    }
    return call.along.has_value();
}

}  // namespace

std::variant<Call, Refusal> readCall(const RequestHead& head, std::string_view authorization, const Limits& limits) {
    if (!equalConstantTime(viewOf(head.authorization.value_or(std::string())), viewOf(authorization))) {
        return Refusal{HttpStatus::Unauthorized, false};
    }
    const auto refuse = [](HttpStatus status) {
        return Refusal{status, true};
    };
    if (head.repeatedField) {
        return refuse(HttpStatus::BadRequest);
    }
    if (head.chunked) {
        return refuse(HttpStatus::LengthRequired);
    }
    if (head.expect && !sameText(*head.expect, "100-continue")) {
        return refuse(HttpStatus::ExpectationFailed);
    }
    const auto place = findPlace(head.target);
    if (!place) {
        return refuse(HttpStatus::NotFound);
    }
    const auto wanted = std::ranges::find_if(rules, [&](const Rules& one) {
        return one.method == head.method && std::ranges::count(place->endpoints, one.endpoint) != 0;
    });
    if (wanted == rules.end()) {
        return refuse(HttpStatus::MethodNotAllowed);
    }
    Call call;
    call.endpoint = wanted->endpoint;
    call.index = place->index;
    call.share = place->share;
    call.bodyLength = head.contentLength;
    if (!readSecrets(head, *wanted, call)) {
        return refuse(HttpStatus::BadRequest);
    }
    if (wanted->cborReply && head.accept && !acceptsCbor(*head.accept)) {
        return refuse(HttpStatus::NotAcceptable);
    }
    if (const auto status = checkBody(head, *wanted, limits)) {
        return refuse(*status);
    }
    if (const auto status = checkRange(head, call)) {
        return refuse(*status);
    }
    if (!readAlong(head, call)) {
        return refuse(HttpStatus::BadRequest);
    }
    return call;
}

}  // namespace tarn::server
