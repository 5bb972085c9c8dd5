#include "core/formats/ueb.h"

#include "core/formats/decimal.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tarn::formats {
namespace {

constexpr std::string_view codecName = "crs";
/// No writer ever put more than about fifteen keys in.
constexpr std::size_t mostKeys = 64;

std::string codecParameters(std::uint64_t dataSize, const Geometry& geometry) {
    return std::to_string(dataSize) + '-' + std::to_string(geometry.required) + '-' + std::to_string(geometry.total);
}

/// Every number in the block, under its key. The hashes are apart.
std::map<std::string_view, std::string> textFields(const Geometry& geometry) {
    return {
        {"codec_name", std::string(codecName)},
        {"codec_params", codecParameters(geometry.segmentSize, geometry)},
        {"needed_shares", std::to_string(geometry.required)},
        {"num_segments", std::to_string(geometry.segmentCount)},
        {"segment_size", std::to_string(geometry.segmentSize)},
        {"size", std::to_string(geometry.fileSize)},
        {"tail_codec_params", codecParameters(geometry.paddedTailSize, geometry)},
        {"total_shares", std::to_string(geometry.total)},
    };
}

Bytes pack(const std::map<std::string_view, std::string>& fields) {
    Bytes packed;
    const auto append = [&packed](std::string_view text) {
        packed.insert(packed.end(), text.begin(), text.end());
    };
    for (const auto& [key, value] : fields) {
        append(key);
        append(":");
        append(std::to_string(value.size()));
        append(":");
        append(value);
        append(",");
    }
    return packed;
}

using Fields = std::map<std::string_view, std::string_view>;

tl::unexpected<Error> damaged(std::string detail) {
    return failure(ErrorCode::CorruptFile, "the URI extension block " + std::move(detail));
}

/// Cuts the block into its keys and values, which stay views of `packed`.
Result<Fields> unpack(std::string_view packed) {
    Fields fields;
    while (!packed.empty()) {
        const std::size_t keyEnd = packed.find(':');
        if (keyEnd == std::string_view::npos || keyEnd == 0) {
            return damaged("has a key without a value");
        }
        const std::string_view key = packed.substr(0, keyEnd);
        packed.remove_prefix(keyEnd + 1);

        const std::size_t lengthEnd = packed.find(':');
        const auto length = parseDecimal(packed.substr(0, lengthEnd));
        if (lengthEnd == std::string_view::npos || !length) {
            return damaged("has a value without a length");
        }
        packed.remove_prefix(lengthEnd + 1);
        if (*length >= packed.size() || packed[*length] != ',') {
            return damaged("has a value that does not end where it should");
        }
        if (fields.size() == mostKeys || !fields.emplace(key, packed.substr(0, *length)).second) {
            return damaged("repeats a key or has too many");
        }
        packed.remove_prefix(*length + 1);
    }
    return fields;
}

std::optional<crypto::Hash> hashField(const Fields& fields, std::string_view key) {
    const auto field = fields.find(key);
    return field == fields.end() ? std::nullopt : crypto::Hash::fromBytes(viewOf(field->second));
}

}  // namespace

Bytes packUriExtension(const UriExtension& extension) {
    auto fields = textFields(extension.geometry);
    fields.emplace("crypttext_hash", textOf(extension.crypttextHash.bytes()));
    fields.emplace("crypttext_root_hash", textOf(extension.crypttextRootHash.bytes()));
    fields.emplace("share_root_hash", textOf(extension.shareRootHash.bytes()));
    return pack(fields);
}

std::size_t packedUriExtensionSize(const Geometry& geometry) {
    return packUriExtension({geometry, {}, {}, {}}).size();
}

Result<UriExtension> parseUriExtension(ByteView packed, unsigned required, unsigned total, ByteCount size) {
    if (packed.size() > mostUriExtension) {
        return damaged("is too long");
    }
    const auto fields = unpack(textOf(packed));
    if (!fields) {
        return failure(fields.error());
    }

    const auto segmentSizeText = fields->find("segment_size");
    const auto segmentSize = segmentSizeText == fields->end() ? std::nullopt : parseDecimal(segmentSizeText->second);
    if (!segmentSize) {
        return damaged("does not say how long a segment is");
    }
    auto geometry = Geometry::fromSegmentSize(required, total, size, *segmentSize);
    if (!geometry) {
        return damaged("gives sizes that cannot be: " + geometry.error().detail);
    }
    // All other numbers follow from these four, so the whole text of each is known.
    for (const auto& [key, value] : textFields(*geometry)) {
        const auto given = fields->find(key);
        if (given != fields->end() && given->second != value) {
            return damaged("contradicts the capability or itself in " + std::string(key));
        }
    }

    const auto crypttextHash = hashField(*fields, "crypttext_hash");
    const auto crypttextRootHash = hashField(*fields, "crypttext_root_hash");
    const auto shareRootHash = hashField(*fields, "share_root_hash");
    if (!crypttextHash || !crypttextRootHash || !shareRootHash) {
        return damaged("lacks a hash");
    }
    return UriExtension{*geometry, *crypttextHash, *crypttextRootHash, *shareRootHash};
}

}  // namespace tarn::formats
