#include "core/formats/slot_messages.h"

#include "core/formats/cbor_reader.h"
#include "core/formats/gbs_messages.h"

#include <QByteArray>
#include <QCborStreamWriter>

#include <limits>

namespace tarn::formats::gbs {
namespace {

using Key = CborReader::KeyType;

/// Whoever reads the body has held its length to a limit; the views that come of it take a few times as much at most.
constexpr std::size_t anyBody = std::numeric_limits<std::size_t>::max() / 2;

void appendText(QCborStreamWriter& writer, std::string_view text) {
    writer.appendTextString(text.data(), static_cast<qsizetype>(text.size()));
}

void appendNumber(QCborStreamWriter& writer, std::uint64_t number) {
    writer.append(static_cast<quint64>(number));
}

void appendBytes(QCborStreamWriter& writer, ByteView bytes) {
    writer.appendByteString(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
}

void appendRange(QCborStreamWriter& writer, SlotRead range) {
    appendText(writer, "offset");
    appendNumber(writer, range.offset);
    appendText(writer, "size");
    appendNumber(writer, range.size);
}

void appendReads(QCborStreamWriter& writer, const std::vector<SlotRead>& reads) {
    writer.startArray(reads.size());
    for (const SlotRead& read : reads) {
        writer.startMap(2);
        appendRange(writer, read);
        writer.endMap();
    }
    writer.endArray();
}

void appendChange(QCborStreamWriter& writer, const SlotChange& change) {
    writer.startMap(3);
    appendText(writer, "test");
    writer.startArray(change.tests.size());
    for (const SlotTest& test : change.tests) {
        writer.startMap(3);
        appendRange(writer, test.range);
        appendText(writer, "specimen");
        appendBytes(writer, test.specimen);
        writer.endMap();
    }
    writer.endArray();
    appendText(writer, "write");
    writer.startArray(change.writes.size());
    for (const SlotWrite& write : change.writes) {
        writer.startMap(2);
        appendText(writer, "offset");
        appendNumber(writer, write.offset);
        appendText(writer, "data");
        appendBytes(writer, write.data);
        writer.endMap();
    }
    writer.endArray();
    appendText(writer, "new-length");
    if (change.newLength) {
        appendNumber(writer, *change.newLength);
    } else {
        writer.append(nullptr);
    }
    writer.endMap();
}

/// Reads the parts of a request; counts what only the whole request bounds.
class RequestReader {
public:
    RequestReader(CborReader& reader, SlotRequest& request) : m_reader(reader), m_request(request) {}

    bool readChanges() {
        return m_reader.readNumberedMap(mostShares, [this](std::uint64_t number) {
            return number < mostShares && readChange(m_request.changes[ShareNum(static_cast<std::uint16_t>(number))]);
        });
    }

    bool readReads() {
        return m_reader.readArray(mostSlotReads, [this] { return readRange(m_request.reads.emplace_back(), nullptr); });
    }

private:
    bool readChange(SlotChange& change) {
        unsigned found = 0;
        const bool read = m_reader.readMap(Key::Text, [&](std::string_view key) {
            if (key == "test") {
                ++found;
                return m_reader.readArray(mostSlotTests, [&] {
                    SlotTest& test = change.tests.emplace_back();
                    return readRange(test.range, &test.specimen);
                });
            }
            if (key == "write") {
                ++found;
                return m_reader.readArray(mostSlotWrites, [&] { return readWrite(change.writes.emplace_back()); });
            }
            if (key == "new-length") {
                ++found;
                return m_reader.readUnsignedOrNull(change.newLength);
            }
            return false;
        });
        return read && found == 3;
    }

    /// A range, with a specimen where one belongs.
    bool readRange(SlotRead& range, ByteView* specimen) {
        unsigned found = 0;
        const bool read = m_reader.readMap(Key::Text, [&](std::string_view key) {
            if (key == "specimen" && specimen != nullptr) {
                ++found;
                return readView(*specimen);
            }
            if (key != "offset" && key != "size") {
                return false;
            }
            ++found;
            return m_reader.readUnsigned(key == "offset" ? range.offset : range.size);
        });
        return read && found == (specimen != nullptr ? 3U : 2U);
    }

    bool readWrite(SlotWrite& write) {
        unsigned found = 0;
        const bool read = m_reader.readMap(Key::Text, [&](std::string_view key) {
            if (key == "offset") {
                ++found;
                return m_reader.readUnsigned(write.offset);
            }
            if (key == "data") {
                ++found;
                return readView(write.data);
            }
            return false;
        });
        return read && found == 2 && ++m_writes <= mostSlotWrites;
    }

    bool readView(ByteView& view) {
        SharedBytes joined;
        if (!m_reader.viewByteString(view, joined)) {
            return false;
        }
        if (joined) {
            m_request.kept.push_back(std::move(joined));
        }
        return true;
    }

    CborReader& m_reader;
    SlotRequest& m_request;
    std::size_t m_writes = 0;
};

}  // namespace

Bytes writeSlotRequest(const SlotRequest& request) {
    QByteArray body;
    QCborStreamWriter writer(&body);
    writer.startMap(2);
    appendText(writer, "test-write-vectors");
    writer.startMap(request.changes.size());
    for (const auto& [share, change] : request.changes) {
        appendNumber(writer, share.value());
        appendChange(writer, change);
    }
    writer.endMap();
    appendText(writer, "read-vector");
    appendReads(writer, request.reads);
    writer.endMap();
    return {body.begin(), body.end()};
}

Result<SlotRequest> parseSlotRequest(ByteView body) {
    CborReader reader(body, anyBody);
    SlotRequest request;
    RequestReader parts(reader, request);
    unsigned found = 0;
    const bool read = reader.readMap(Key::Text, [&](std::string_view key) {
        if (key == "test-write-vectors") {
            ++found;
            return parts.readChanges();
        }
        if (key == "read-vector") {
            ++found;
            return parts.readReads();
        }
        return false;
    });
    if (!read || !reader.finished() || found != 2) {
        return failure(ErrorCode::ProtocolViolation, "the read-test-write request does not parse");
    }
    return request;
}

Bytes writeSlotReply(const SlotReply& reply) {
    QByteArray body;
    QCborStreamWriter writer(&body);
    writer.startMap(2);
    appendText(writer, "success");
    writer.append(reply.success);
    appendText(writer, "data");
    writer.startMap(reply.reads.size());
    for (const auto& [share, reads] : reply.reads) {
        appendNumber(writer, share.value());
        writer.startArray(reads.size());
        for (const Bytes& bytes : reads) {
            appendBytes(writer, bytes);
        }
        writer.endArray();
    }
    writer.endMap();
    writer.endMap();
    return {body.begin(), body.end()};
}

Result<SlotReply> parseSlotReply(ByteView body) {
    CborReader reader(body, anyBody);
    SlotReply reply;
    unsigned found = 0;
    const auto readShare = [&](std::uint64_t number) {
        if (number >= mostShares) {
            return false;
        }
        auto& reads = reply.reads[ShareNum(static_cast<std::uint16_t>(number))];
        return reader.readArray(mostSlotReads, [&] {
            ByteView bytes;
            SharedBytes joined;
            const bool read = reader.viewByteString(bytes, joined);
            reads.push_back(copyOf(bytes));
            return read;
        });
    };
    const bool read = reader.readMap(Key::Text, [&](std::string_view key) {
        if (key == "success") {
            ++found;
            return reader.readBool(reply.success);
        }
        if (key == "data") {
            ++found;
            return reader.readNumberedMap(mostShares, readShare);
        }
        return false;
    });
    if (!read || !reader.finished() || found != 2) {
        return failure(ErrorCode::ProtocolViolation, "the server's read-test-write reply does not parse");
    }
    return reply;
}

}  // namespace tarn::formats::gbs
