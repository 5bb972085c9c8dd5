#include "core/caps/capability.h"
#include "core/caps/capability_kinds.h"
#include "core/foundation/base32.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace tarn::caps {

namespace {

constexpr unsigned mostShares = 256;

/// Reads a capability's fields from the left. After a failure every further answer is a failure too.
class Fields {
public:
    explicit Fields(std::string_view text) : m_rest(text) {}

    /// A field of exactly `Fixed::size` bytes.
    template <typename Fixed>
    Fixed bytes() {
        constexpr std::size_t length = (Fixed::size * 8 + 4) / 5;
        auto decoded = fromBase32(m_rest.substr(0, length));
        auto value = decoded ? Fixed::fromBytes(*decoded) : std::nullopt;
        if (decoded) {
            wipe(*decoded);
        }
        if (!value) {
            m_failed = true;
            return Fixed();
        }
        m_rest.remove_prefix(length);
        return *value;
    }

    std::uint64_t number() {
        std::uint64_t value = 0;
        // from_chars would take a sign for a signed type only; digits alone are left for an unsigned one.
        const auto [end, error] = std::from_chars(m_rest.data(), m_rest.data() + m_rest.size(), value);
        m_failed = m_failed || error != std::errc();
        m_rest.remove_prefix(static_cast<std::size_t>(end - m_rest.data()));
        return value;
    }

    Fields& colon() {
        m_failed = m_failed || !m_rest.starts_with(':');
        m_rest.remove_prefix(m_failed ? 0 : 1);
        return *this;
    }

    [[nodiscard]] bool failed() const { return m_failed; }
    [[nodiscard]] bool endHere() const { return !m_failed && m_rest.empty(); }
    [[nodiscard]] bool endHereOrColon() const { return !m_failed && (m_rest.empty() || m_rest.starts_with(':')); }

private:
    std::string_view m_rest;
    bool m_failed = false;
};

/// The three numbers that end both immutable kinds.
template <typename Immutable>
bool readShape(Fields& fields, Immutable& cap) {
    const std::uint64_t required = fields.colon().number();
    const std::uint64_t total = fields.colon().number();
    cap.size = ByteCount(fields.colon().number());
    if (fields.failed() || required < 1 || required > total || total > mostShares) {
        return false;
    }
    cap.required = static_cast<unsigned>(required);
    cap.total = static_cast<unsigned>(total);
    return true;
}

std::optional<Chk> parseChk(std::string_view text) {
    Fields fields(text);
    Chk cap;
    cap.key = fields.bytes<crypto::FileKey>();
    cap.uriExtensionHash = fields.colon().bytes<crypto::Hash>();
    return readShape(fields, cap) && fields.endHere() ? std::optional(std::move(cap)) : std::nullopt;
}

std::optional<ChkVerifier> parseChkVerifier(std::string_view text) {
    Fields fields(text);
    ChkVerifier cap;
    cap.storageIndex = fields.bytes<StorageIndex>();
    cap.uriExtensionHash = fields.colon().bytes<crypto::Hash>();
    // Tahoe-LAFS does not look at what follows the last number of this kind.
    return readShape(fields, cap) ? std::optional(cap) : std::nullopt;
}

std::optional<Literal> parseLiteral(std::string_view text) {
    auto data = fromBase32(text);
    return data ? std::optional(Literal{std::move(*data)}) : std::nullopt;
}

/// The mutable kinds differ in what their first field is; `Cap` is one of them and `First` that field's type.
template <typename Cap, typename First>
std::optional<Cap> parseMutable(MutableFormat format, std::string_view text) {
    Fields fields(text);
    const First first = fields.bytes<First>();
    const auto fingerprint = fields.colon().bytes<crypto::Hash>();
    // Earlier versions of Tahoe-LAFS wrote hints about the encoding behind an MDMF capability.
    const bool ends = format == MutableFormat::Mdmf ? fields.endHereOrColon() : fields.endHere();
    return ends ? std::optional(Cap{format, first, fingerprint}) : std::nullopt;
}

template <typename File>
std::optional<Capability> wrapped(std::optional<File> file, bool isDirectory) {
    if (!file) {
        return std::nullopt;
    }
    return isDirectory ? Capability(Directory<File>{std::move(*file)}) : Capability(std::move(*file));
}

std::optional<Capability> parseKind(FileKind kind, bool isDirectory, std::string_view text) {
    constexpr auto write = parseMutable<MutableWrite, WriteKey>;
    constexpr auto read = parseMutable<MutableRead, ReadKey>;
    constexpr auto verify = parseMutable<MutableVerifier, StorageIndex>;
    switch (kind) {
    case FileKind::Chk: return wrapped(parseChk(text), isDirectory);
    case FileKind::ChkVerifier: return wrapped(parseChkVerifier(text), isDirectory);
    case FileKind::Literal: return wrapped(parseLiteral(text), isDirectory);
    case FileKind::Ssk: return wrapped(write(MutableFormat::Sdmf, text), isDirectory);
    case FileKind::SskRo: return wrapped(read(MutableFormat::Sdmf, text), isDirectory);
    case FileKind::SskVerifier: return wrapped(verify(MutableFormat::Sdmf, text), isDirectory);
    case FileKind::Mdmf: return wrapped(write(MutableFormat::Mdmf, text), isDirectory);
    case FileKind::MdmfRo: return wrapped(read(MutableFormat::Mdmf, text), isDirectory);
    case FileKind::MdmfVerifier: return wrapped(verify(MutableFormat::Mdmf, text), isDirectory);
    }
    return std::nullopt;
}

bool isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && isSpace(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && isSpace(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

/// What may be carried without being understood: no character that would end a line or act on a terminal.
bool isPlainText(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
}

bool isKindName(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

/// Splits `URI:<kind>:<rest>`.
std::optional<std::pair<std::string_view, std::string_view>> splitKind(std::string_view text) {
    if (!text.starts_with("URI:")) {
        return std::nullopt;
    }
    text.remove_prefix(4);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || !isKindName(text.substr(0, colon))) {
        return std::nullopt;
    }
    return std::pair(text.substr(0, colon), text.substr(colon + 1));
}

/// Whether `text` has the shape of some capability, be it of a kind known or unknown.
bool looksLikeCapability(std::string_view text) {
    return splitKind(text) || text.starts_with("lafs://") || text.starts_with("x-");
}

}  // namespace

Result<Capability> parse(std::string_view text) {
    text = trimmed(text);
    if (text.empty() || text.size() > mostCapabilityText || !isPlainText(text)) {
        return failure(ErrorCode::InvalidCapability, "not a capability");
    }
    if (const auto split = splitKind(text)) {
        for (std::size_t i = 0; i < kindNames.size(); ++i) {
            const bool isDirectory = split->first == kindNames[i].directory;
            if (!isDirectory && split->first != kindNames[i].file) {
                continue;
            }
            if (auto capability = parseKind(static_cast<FileKind>(i), isDirectory, split->second)) {
                return std::move(*capability);
            }
            return failure(ErrorCode::InvalidCapability, "a damaged " + std::string(split->first) + " capability");
        }
    }
    std::string_view bare = text;
    for (const std::string_view prefix : {"ro.", "imm."}) {
        if (bare.starts_with(prefix)) {
            bare.remove_prefix(prefix.size());
            break;
        }
    }
    if (!looksLikeCapability(bare)) {
        return failure(ErrorCode::InvalidCapability, "not a capability");
    }
    return Capability(Unknown{std::string(text)});
}

}  // namespace tarn::caps
