#include "core/formats/cbor_reader.h"

#include "core/formats/utf8.h"

#include <algorithm>
#include <limits>
#include <set>

namespace tarn::formats {
namespace {

constexpr std::uint64_t setTag = 258;
constexpr std::uint64_t positiveBignumTag = 2;
constexpr std::size_t mostEntries = 64;
constexpr std::size_t mostKey = 256;
/// How deep a value may nest that nobody asked for.
constexpr int mostSkippedDepth = 8;

}  // namespace

// The bytes are not copied: QCborStreamReader only reads them.
CborReader::CborReader(ByteView body, std::size_t most)
    : m_body(QByteArray::fromRawData(reinterpret_cast<const char*>(body.data()),
                                     static_cast<qsizetype>(body.size() <= most ? body.size() : 0))),
      m_reader(m_body), m_failed(body.empty() || body.size() > most) {}

bool CborReader::fail() {
    m_failed = true;
    return false;
}

bool CborReader::enter() {
    return (!m_failed && m_reader.enterContainer()) || fail();
}

bool CborReader::leave() {
    return (!m_failed && m_reader.lastError() == QCborError::NoError && m_reader.leaveContainer()) || fail();
}

bool CborReader::readMap(KeyType keyType, const OnEntry& onEntry) {
    if (m_failed || !m_reader.isMap() || !enter()) {
        return fail();
    }
    std::set<std::string> seen;
    while (!m_failed && m_reader.hasNext()) {
        std::string key;
        const bool read = keyType == KeyType::Text ? readText(key, mostKey) : readByteString(key, mostKey);
        if (!read || seen.size() == mostEntries || !seen.insert(key).second) {
            return fail();
        }
        if (!onEntry(key) && !skip()) {
            return fail();
        }
    }
    return leave();
}

bool CborReader::readNumberedMap(std::size_t most, const OnNumberedEntry& onEntry) {
    if (m_failed || !m_reader.isMap() || !enter()) {
        return fail();
    }
    std::set<std::uint64_t> seen;
    while (!m_failed && m_reader.hasNext()) {
        std::uint64_t key = 0;
        if (!readUnsigned(key) || seen.size() == most || !seen.insert(key).second || !onEntry(key)) {
            return fail();
        }
    }
    return leave();
}

bool CborReader::readArray(std::size_t most, const OnElement& onElement) {
    if (m_failed || !m_reader.isArray() || !enter()) {
        return fail();
    }
    for (std::size_t count = 0; !m_failed && m_reader.hasNext(); ++count) {
        if (count == most || !onElement()) {
            return fail();
        }
    }
    return leave();
}

bool CborReader::readSet(std::size_t most, const OnElement& onElement) {
    return readTag(setTag) && readArray(most, onElement);
}

bool CborReader::readTag(std::uint64_t tag) {
    if (m_failed || !m_reader.isTag() || static_cast<std::uint64_t>(m_reader.toTag()) != tag || !m_reader.next()) {
        return fail();
    }
    return true;
}

bool CborReader::readUnsigned(std::uint64_t& value) {
    if (m_failed || !m_reader.isUnsignedInteger()) {
        return fail();
    }
    value = m_reader.toUnsignedInteger();
    return m_reader.next() || fail();
}

bool CborReader::readUnsignedOrBig(std::uint64_t& value) {
    if (m_failed || !m_reader.isTag()) {
        return readUnsigned(value);
    }
    std::string digits;
    if (!readTag(positiveBignumTag) || !readByteString(digits, 32)) {
        return false;
    }
    value = 0;
    for (const char digit : digits) {
        if (value > std::numeric_limits<std::uint64_t>::max() >> 8U) {
            value = std::numeric_limits<std::uint64_t>::max();
            return true;
        }
        value = value << 8U | static_cast<Byte>(digit);
    }
    return true;
}

bool CborReader::readUnsignedOrNull(std::optional<std::uint64_t>& value) {
    if (m_failed || !m_reader.isNull()) {
        std::uint64_t number = 0;
        const bool read = readUnsigned(number);
        value = number;
        return read;
    }
    value.reset();
    return m_reader.next() || fail();
}

bool CborReader::readBool(bool& value) {
    if (m_failed || !m_reader.isBool()) {
        return fail();
    }
    value = m_reader.toBool();
    return m_reader.next() || fail();
}

bool CborReader::readText(std::string& text, std::size_t most) {
    if (m_failed || !m_reader.isString() || !readString(text, most)) {
        return fail();
    }
    return isUtf8(text) || fail();
}

bool CborReader::readByteString(std::string& bytes, std::size_t most) {
    return (!m_failed && m_reader.isByteArray() && readString(bytes, most)) || fail();
}

bool CborReader::viewByteString(ByteView& bytes, SharedBytes& joined) {
    if (m_failed || !m_reader.isByteArray()) {
        return fail();
    }
    if (!m_reader.isLengthKnown()) {
        std::string text;
        if (!readByteString(text, static_cast<std::size_t>(m_body.size()))) {
            return false;
        }
        joined = std::make_shared<const Bytes>(text.begin(), text.end());
        bytes = *joined;
        return true;
    }
    const qsizetype size = m_reader.currentStringChunkSize();
    // The head is read by this call, and the string itself passed over: it ends where the reader then stands.
    if (size < 0 || m_reader.readStringChunk(static_cast<char*>(nullptr), 0).status != QCborStreamReader::Ok ||
        m_reader.readStringChunk(static_cast<char*>(nullptr), 0).status != QCborStreamReader::EndOfString) {
        return fail();
    }
    const auto end = static_cast<std::size_t>(m_reader.currentOffset());
    const ByteView body(reinterpret_cast<const Byte*>(m_body.constData()), static_cast<std::size_t>(m_body.size()));
    bytes = body.subspan(end - static_cast<std::size_t>(size), static_cast<std::size_t>(size));
    return true;
}

bool CborReader::readString(std::string& out, std::size_t most) {
    out.clear();
    for (;;) {
        const qsizetype chunk = m_reader.currentStringChunkSize();
        if (chunk < 0 || static_cast<std::size_t>(chunk) > most - out.size()) {
            return fail();
        }
        const std::size_t before = out.size();
        out.resize(before + static_cast<std::size_t>(chunk));
        const auto read = m_reader.readStringChunk(out.data() + before, chunk);
        if (read.status == QCborStreamReader::Error) {
            return fail();
        }
        if (read.status == QCborStreamReader::EndOfString) {
            out.resize(before);
            return true;
        }
        out.resize(before + static_cast<std::size_t>(read.data));
    }
}

bool CborReader::skip() {
    // A tag is an item of its own to the reader, in front of what it tags.
    while (!m_failed && m_reader.isTag()) {
        if (!m_reader.next()) {
            return fail();
        }
    }
    return (!m_failed && m_reader.next(mostSkippedDepth)) || fail();
}

bool CborReader::finished() {
    return !m_failed && m_reader.lastError() == QCborError::NoError && m_reader.currentOffset() == m_body.size();
}

}  // namespace tarn::formats
