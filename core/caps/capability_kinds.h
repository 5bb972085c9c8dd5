#pragma once

// Private to this module: how the kinds are called, for printing and parsing alike.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tarn::caps {

/// What a capability says of the file behind it, in the order of `kindNames`.
enum class FileKind : std::uint8_t { Chk, ChkVerifier, Literal, Ssk, SskRo, SskVerifier, Mdmf, MdmfRo, MdmfVerifier };

struct KindName {
    std::string_view file;       ///< as it stands between the first two colons
    std::string_view directory;  ///< the same for a directory kept in such a file
};

inline constexpr std::array<KindName, 9> kindNames = {{
    {"CHK", "DIR2-CHK"},
    {"CHK-Verifier", "DIR2-CHK-Verifier"},
    {"LIT", "DIR2-LIT"},
    {"SSK", "DIR2"},
    {"SSK-RO", "DIR2-RO"},
    {"SSK-Verifier", "DIR2-Verifier"},
    {"MDMF", "DIR2-MDMF"},
    {"MDMF-RO", "DIR2-MDMF-RO"},
    {"MDMF-Verifier", "DIR2-MDMF-Verifier"},
}};

[[nodiscard]] constexpr const KindName& nameOf(FileKind kind) noexcept {
    return kindNames[static_cast<std::size_t>(kind)];
}

}  // namespace tarn::caps
