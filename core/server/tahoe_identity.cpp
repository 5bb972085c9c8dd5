#include "core/server/tahoe_identity.h"

#include "core/foundation/base32.h"

#include <QFile>

#include <charconv>

namespace tarn::server {

namespace {

constexpr qint64 mostFile = 64LL * 1024;
/// For a certificate that nobody is shown.
constexpr WallTime anyTime{std::chrono::hours(24 * 365 * 50)};
constexpr std::string_view privateKeyPrefix = "priv-v0-";

tl::unexpected<Error> unusable(const std::string& file) {
    return failure(ErrorCode::InvalidGrid, "the node's " + file + " is missing or not what it should be");
}

/// A file's text without white space at its end; empty where there is none.
std::string read(const std::filesystem::path& path) {
    QFile file(QString::fromStdString(path.string()));
    if (!file.open(QIODevice::ReadOnly) || file.size() > mostFile) {
        return {};
    }
    std::string text = file.read(mostFile).toStdString();
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
        text.pop_back();
    }
    return text;
}

/// The first PEM block whose name ends so.
std::string blockIn(const std::string& pem, const std::string& ending) {
    constexpr std::string_view beginning = "-----BEGIN ";
    for (std::size_t begin = pem.find(beginning); begin != std::string::npos; begin = pem.find(beginning, begin + 1)) {
        const std::size_t nameEnd = pem.find("-----", begin + beginning.size());
        if (nameEnd == std::string::npos) {
            break;
        }
        const std::string name = pem.substr(begin + beginning.size(), nameEnd - begin - beginning.size());
        const std::string last = "-----END " + name + "-----";
        const std::size_t end = pem.find(last, nameEnd);
        if (end != std::string::npos && name.ends_with(ending)) {
            return pem.substr(begin, end + last.size() - begin);
        }
    }
    return {};
}

/// The port of a location hint `tcp:HOST:PORT`.
std::optional<std::uint16_t> portOf(const std::string& hint) {
    const std::size_t colon = hint.rfind(':');
    std::uint16_t port = 0;
    if (!hint.starts_with("tcp:") || colon == std::string::npos) {
        return std::nullopt;
    }
    const char* const end = hint.data() + hint.size();
    const auto [stopped, error] = std::from_chars(hint.data() + colon + 1, end, port);
    return error == std::errc() && stopped == end && port != 0 ? std::optional(port) : std::nullopt;
}

}  // namespace

Result<std::optional<TahoeIdentity>> readTahoeIdentity(const std::filesystem::path& node) {
    const std::filesystem::path secrets = node / "private";
    if (!QFile::exists(QString::fromStdString((node / "tahoe.cfg").string()))) {
        return std::optional<TahoeIdentity>();
    }
    TahoeIdentity found;
    const std::string pem = read(secrets / "node.pem");
    found.parts.certificate = {blockIn(pem, "CERTIFICATE"), blockIn(pem, "PRIVATE KEY")};
    const auto der = x509::certificateDer(found.parts.certificate.certificatePem);
    // The certificate must be for the key beside it: clients pin the one and the server shows the other.
    const auto again =
        der ? x509::renewSelfSigned(found.parts.certificate.privateKeyPem, anyTime) : failure(der.error());
    const auto againDer = again ? x509::certificateDer(*again) : failure(again.error());
    const auto spki = der ? x509::spkiHash(*der) : failure(der.error());
    const auto againSpki = againDer ? x509::spkiHash(*againDer) : failure(againDer.error());
    if (!spki || !againSpki || *spki != *againSpki) {
        return unusable("private/node.pem");
    }

    const std::string key = read(secrets / "node.privkey");
    const auto seedBytes =
        key.starts_with(privateKeyPrefix) ? fromBase32(key.substr(privateKeyPrefix.size())) : std::nullopt;
    const auto seed = seedBytes ? crypto::Ed25519Seed::fromBytes(*seedBytes) : std::nullopt;
    if (!seed) {
        return unusable("private/node.privkey");
    }
    found.parts.serverKey = *seed;

    const auto furl = formats::parseFurl(read(secrets / "storage.furl"));
    if (!furl || furl->tubId != x509::tubId(*der)) {
        return unusable("private/storage.furl");
    }
    found.parts.swissnum = furl->swissnum;
    found.locations = furl->locationHints;
    for (const std::string& hint : found.locations) {
        if (!found.parts.port) {
            found.parts.port = portOf(hint);
        }
    }

    // A node writes it when it first runs with storage.
    const std::string permutation = read(node / "permutation-seed");
    const auto permutationSeed = fromBase32(permutation);
    if (!permutationSeed) {
        return unusable("permutation-seed");
    }
    found.parts.permutationSeed = *permutationSeed;
    return std::optional<TahoeIdentity>(std::move(found));
}

}  // namespace tarn::server
