#pragma once

#include "core/foundation/bytes.h"

#include <QByteArray>
#include <QCborStreamReader>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tarn::formats {

/// Walks one CBOR item of a known shape that comes from a peer who is not trusted.
///
/// Every call either reads the next thing and returns true, or returns false for ever after. Definite and indefinite
/// lengths are both taken; nothing is reserved on the word of a length. `body` must outlive the reader.
class CborReader {
public:
    /// A body longer than `most` bytes fails at once.
    CborReader(ByteView body, std::size_t most);

    enum class KeyType : std::uint8_t { Text, ByteString };
    /// Reads the value of an entry and returns true, or returns false without reading: then the value is passed over.
    using OnEntry = std::function<bool(std::string_view key)>;
    /// Reads one element; what it returns is what the reader's calls returned.
    using OnElement = std::function<bool()>;

    /// A map whose keys all have one type. Fails on a key that comes twice.
    [[nodiscard]] bool readMap(KeyType keyType, const OnEntry& onEntry);
    /// Reads the value of an entry; what it returns is what the reader's calls returned.
    using OnNumberedEntry = std::function<bool(std::uint64_t key)>;
    /// A map whose keys are all numbers, of at most `most` entries. Fails on a key that comes twice.
    [[nodiscard]] bool readNumberedMap(std::size_t most, const OnNumberedEntry& onEntry);
    [[nodiscard]] bool readArray(std::size_t most, const OnElement& onElement);
    /// Tag 258, then an array.
    [[nodiscard]] bool readSet(std::size_t most, const OnElement& onElement);
    [[nodiscard]] bool readUnsigned(std::uint64_t& value);
    /// As `readUnsigned`, and takes big numbers too: what is over 2^64 - 1 becomes that.
    [[nodiscard]] bool readUnsignedOrBig(std::uint64_t& value);
    /// A number, or CBOR's null for none.
    [[nodiscard]] bool readUnsignedOrNull(std::optional<std::uint64_t>& value);
    [[nodiscard]] bool readBool(bool& value);
    /// Valid UTF-8 of at most `most` bytes.
    [[nodiscard]] bool readText(std::string& text, std::size_t most);
    [[nodiscard]] bool readByteString(std::string& bytes, std::size_t most);
    /// A byte string of any length that the body holds, without a copy: `bytes` views the body. Where a peer gave the
    /// string in pieces, they are joined in `joined`, which `bytes` then views.
    [[nodiscard]] bool viewByteString(ByteView& bytes, SharedBytes& joined);
    /// Whether all went well, and the item was all there was.
    [[nodiscard]] bool finished();
    [[nodiscard]] bool failed() const { return m_failed; }

private:
    [[nodiscard]] bool readTag(std::uint64_t tag);
    [[nodiscard]] bool readString(std::string& out, std::size_t most);
    [[nodiscard]] bool skip();
    [[nodiscard]] bool enter();
    [[nodiscard]] bool leave();
    bool fail();

    QByteArray m_body;
    QCborStreamReader m_reader;
    bool m_failed = false;
};

}  // namespace tarn::formats
