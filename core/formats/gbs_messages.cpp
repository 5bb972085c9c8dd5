#include "core/formats/gbs_messages.h"

#include "core/formats/cbor_reader.h"

#include <QByteArray>
#include <QCborStreamWriter>
#include <QString>

#include <algorithm>

namespace tarn::formats::gbs {
namespace {

constexpr const char* protocolKey = "http://allmydata.org/tahoe/protocols/storage/v1";
constexpr std::size_t mostBody = 4 * 1024 * 1024;
static_assert(mostAllocateRequest <= mostBody);
constexpr std::size_t mostRequired = 65536;
constexpr std::size_t mostApplication = 1024;

using Key = CborReader::KeyType;

tl::unexpected<Error> violation(const char* detail) {
    return failure(ErrorCode::ProtocolViolation, detail);
}

Bytes takeBytes(const QByteArray& array) {
    return {array.begin(), array.end()};
}

void appendBytes(QCborStreamWriter& writer, std::string_view bytes) {
    writer.appendByteString(bytes.data(), static_cast<qsizetype>(bytes.size()));
}

void appendText(QCborStreamWriter& writer, std::string_view text) {
    writer.appendTextString(text.data(), static_cast<qsizetype>(text.size()));
}

void appendNumber(QCborStreamWriter& writer, std::uint64_t number) {
    writer.append(static_cast<quint64>(number));
}

void appendShares(QCborStreamWriter& writer, const std::set<ShareNum>& shares) {
    writer.append(QCborTag(258));
    writer.startArray(shares.size());
    for (const ShareNum share : shares) {
        appendNumber(writer, share.value());
    }
    writer.endArray();
}

bool readShares(CborReader& reader, std::set<ShareNum>& shares) {
    return reader.readSet(mostShares, [&] {
        std::uint64_t number = 0;
        return reader.readUnsigned(number) && number < mostShares &&
               shares.insert(ShareNum(static_cast<std::uint16_t>(number))).second;
    });
}

/// Shares with their bytes.
template <typename Whole>
void appendWhole(QCborStreamWriter& writer, const Whole& whole) {
    writer.startMap(whole.size());
    for (const auto& [share, bytes] : whole) {
        appendNumber(writer, share.value());
        appendBytes(writer, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    writer.endMap();
}

/// `keep` gets each share's number, a view of its bytes, and what holds them where that is not the body.
template <typename Keep>
bool readWhole(CborReader& reader, const Keep& keep) {
    return reader.readNumberedMap(mostShares, [&](std::uint64_t number) {
        ByteView bytes;
        SharedBytes joined;
        if (number >= mostShares || !reader.viewByteString(bytes, joined)) {
            return false;
        }
        keep(ShareNum(static_cast<std::uint16_t>(number)), bytes, std::move(joined));
        return true;
    });
}

/// Cuts at a character's edge.
std::string_view cutUtf8(std::string_view text, std::size_t most) {
    if (text.size() <= most) {
        return text;
    }
    while (most > 0 && (static_cast<Byte>(text[most]) & 0xC0U) == 0x80U) {
        --most;
    }
    return text.substr(0, most);
}

}  // namespace

Bytes writeVersionReply(const VersionReply& reply) {
    QByteArray body;
    QCborStreamWriter writer(&body);
    writer.startMap(2);
    appendBytes(writer, protocolKey);
    writer.startMap(3);
    appendBytes(writer, "maximum-immutable-share-size");
    appendNumber(writer, reply.maximumImmutableShareSize);
    appendBytes(writer, "maximum-mutable-share-size");
    appendNumber(writer, reply.maximumMutableShareSize);
    appendBytes(writer, "available-space");
    appendNumber(writer, reply.availableSpace);
    writer.endMap();
    appendBytes(writer, "application-version");
    appendBytes(writer, reply.application);
    writer.endMap();
    return takeBytes(body);
}

Result<VersionReply> parseVersionReply(ByteView body) {
    CborReader reader(body, mostBody);
    VersionReply reply;
    unsigned found = 0;
    const auto readLimit = [&](std::uint64_t& limit) {
        ++found;
        // A server that cannot tell its free space says 2^64, which is one more than a plain number holds.
        return reader.readUnsignedOrBig(limit);
    };
    const bool read = reader.readMap(Key::ByteString, [&](std::string_view key) {
        if (key == protocolKey) {
            return reader.readMap(Key::ByteString, [&](std::string_view limit) {
                return limit == "maximum-immutable-share-size" ? readLimit(reply.maximumImmutableShareSize)
                       : limit == "maximum-mutable-share-size" ? readLimit(reply.maximumMutableShareSize)
                       : limit == "available-space"            ? readLimit(reply.availableSpace)
                                                               : false;
            });
        }
        if (key == "application-version") {
            ++found;
            return reader.readByteString(reply.application, mostApplication);
        }
        return false;
    });
    if (!read || !reader.finished() || found != 4) {
        return violation("the server's version reply does not parse");
    }
    return reply;
}

Bytes writeAllocateRequest(const AllocateRequest& request) {
    QByteArray body;
    QCborStreamWriter writer(&body);
    writer.startMap(request.whole.empty() ? 2 : 3);
    appendText(writer, "share-numbers");
    appendShares(writer, request.shares);
    appendText(writer, "allocated-size");
    appendNumber(writer, request.allocatedSize);
    if (!request.whole.empty()) {
        appendText(writer, "shares");
        appendWhole(writer, request.whole);
    }
    writer.endMap();
    return takeBytes(body);
}

Result<AllocateRequest> parseAllocateRequest(ByteView body) {
    CborReader reader(body, mostBody);
    AllocateRequest request;
    unsigned found = 0;
    const auto keep = [&request](ShareNum share, ByteView bytes, SharedBytes joined) {
        request.whole.emplace(share, bytes);
        if (joined) {
            request.joined.push_back(std::move(joined));
        }
    };
    const bool read = reader.readMap(Key::Text, [&](std::string_view key) {
        if (key == "share-numbers") {
            ++found;
            return readShares(reader, request.shares);
        }
        if (key == "allocated-size") {
            ++found;
            return reader.readUnsigned(request.allocatedSize);
        }
        return key == "shares" && readWhole(reader, keep);
    });
    const bool fits = std::ranges::all_of(request.whole, [&request](const auto& share) {
        return request.shares.contains(share.first) && share.second.size() == request.allocatedSize;
    });
    if (!read || !reader.finished() || found != 2 || !fits) {
        return violation("the allocate request does not parse");
    }
    return request;
}

Bytes writeAllocateReply(const AllocateReply& reply) {
    QByteArray body;
    QCborStreamWriter writer(&body);
    writer.startMap(reply.stored.empty() ? 2 : 3);
    appendText(writer, "already-have");
    appendShares(writer, reply.alreadyHave);
    appendText(writer, "allocated");
    appendShares(writer, reply.allocated);
    if (!reply.stored.empty()) {
        appendText(writer, "stored");
        appendShares(writer, reply.stored);
    }
    writer.endMap();
    return takeBytes(body);
}

Result<AllocateReply> parseAllocateReply(ByteView body) {
    CborReader reader(body, mostBody);
    AllocateReply reply;
    unsigned found = 0;
    const bool read = reader.readMap(Key::Text, [&](std::string_view key) {
        if (key == "already-have") {
            ++found;
            return readShares(reader, reply.alreadyHave);
        }
        if (key == "allocated") {
            ++found;
            return readShares(reader, reply.allocated);
        }
        return key == "stored" && readShares(reader, reply.stored);
    });
    if (!read || !reader.finished() || found != 2 || !std::ranges::includes(reply.allocated, reply.stored)) {
        return violation("the server's allocate reply does not parse");
    }
    return reply;
}

Bytes writeWriteReply(const WriteReply& reply) {
    QByteArray body;
    QCborStreamWriter writer(&body);
    writer.startMap(1);
    appendText(writer, "required");
    writer.startArray(reply.required.size());
    for (const auto& [begin, end] : reply.required) {
        writer.startMap(2);
        appendText(writer, "begin");
        appendNumber(writer, begin);
        appendText(writer, "end");
        appendNumber(writer, end);
        writer.endMap();
    }
    writer.endArray();
    writer.endMap();
    return takeBytes(body);
}

Result<WriteReply> parseWriteReply(ByteView body) {
    CborReader reader(body, mostBody);
    WriteReply reply;
    unsigned found = 0;
    const auto readRange = [&] {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        unsigned ends = 0;
        const bool read = reader.readMap(Key::Text, [&](std::string_view key) {
            if (key != "begin" && key != "end") {
                return false;
            }
            ++ends;
            return reader.readUnsigned(key == "begin" ? begin : end);
        });
        if (!read || ends != 2 || begin >= end) {
            return false;
        }
        reply.required.emplace_back(begin, end);
        return true;
    };
    const bool read = reader.readMap(Key::Text, [&](std::string_view key) {
        if (key != "required") {
            return false;
        }
        ++found;
        return reader.readArray(mostRequired, readRange);
    });
    if (!read || !reader.finished() || found != 1) {
        return violation("the server's write reply does not parse");
    }
    return reply;
}

Bytes writeShareSet(const std::set<ShareNum>& shares) {
    QByteArray body;
    QCborStreamWriter writer(&body);
    appendShares(writer, shares);
    return takeBytes(body);
}

Result<std::set<ShareNum>> parseShareSet(ByteView body) {
    CborReader reader(body, mostBody);
    std::set<ShareNum> shares;
    if (!readShares(reader, shares) || !reader.finished()) {
        return violation("the server's list of shares does not parse");
    }
    return shares;
}

Bytes writeFoundReply(const FoundReply& reply) {
    QByteArray body;
    QCborStreamWriter writer(&body);
    writer.startMap(2);
    appendText(writer, "shares");
    appendShares(writer, reply.shares);
    appendText(writer, "whole");
    appendWhole(writer, reply.whole);
    writer.endMap();
    return takeBytes(body);
}

Result<FoundReply> parseFoundReply(ByteView body) {
    constexpr Byte map = 5;
    if (body.empty() || body.front() >> 5U != map) {
        auto shares = parseShareSet(body);
        return shares ? Result<FoundReply>(FoundReply{std::move(*shares)}) : failure(shares.error());
    }
    CborReader reader(body, mostBody);
    FoundReply reply;
    bool found = false;
    const auto keep = [&reply](ShareNum share, ByteView bytes, const SharedBytes& /*joined*/) {
        reply.whole.emplace(share, Bytes(bytes.begin(), bytes.end()));
    };
    const bool read = reader.readMap(Key::Text, [&](std::string_view key) {
        if (key == "shares") {
            found = true;
            return readShares(reader, reply.shares);
        }
        return key == "whole" && readWhole(reader, keep);
    });
    const bool known =
        std::ranges::all_of(reply.whole, [&reply](const auto& share) { return reply.shares.contains(share.first); });
    if (!read || !reader.finished() || !found || !known) {
        return violation("the server's list of shares does not parse");
    }
    return reply;
}

Bytes writeCorruptionAdvice(std::string_view reason) {
    // The protocol wants valid UTF-8, and at least one byte of it.
    const QByteArray valid = QString::fromUtf8(reason.data(), static_cast<qsizetype>(reason.size())).toUtf8();
    const std::string_view text = cutUtf8({valid.data(), static_cast<std::size_t>(valid.size())}, mostCorruptionReason);
    QByteArray body;
    QCborStreamWriter writer(&body);
    writer.startMap(1);
    appendText(writer, "reason");
    appendText(writer, text.empty() ? std::string_view("no reason given") : text);
    writer.endMap();
    return takeBytes(body);
}

Result<std::string> parseCorruptionAdvice(ByteView body) {
    CborReader reader(body, mostBody);
    std::string reason;
    const bool read = reader.readMap(Key::Text, [&](std::string_view key) {
        return key == "reason" && reader.readText(reason, mostCorruptionReason);
    });
    if (!read || !reader.finished() || reason.empty()) {
        return violation("the corruption advice does not parse");
    }
    return reason;
}

}  // namespace tarn::formats::gbs
