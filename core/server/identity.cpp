#include "core/server/identity.h"

#include "core/bucketstore/file_system.h"
#include "core/foundation/base32.h"
#include "core/tls/context.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>

#include <charconv>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>

namespace tarn::server {

namespace {

constexpr const char* certificateFile = "certificate.pem";
constexpr const char* privateKeyFile = "private-key.pem";
constexpr const char* serverKeyFile = "server-key";
constexpr const char* swissnumFile = "swissnum";
constexpr const char* checksumFile = "checksum";
constexpr const char* portFile = "port";
constexpr const char* permutationSeedFile = "permutation-seed";  // only where it is not the public key

constexpr qint64 mostIdentityFile = 64LL * 1024;
constexpr std::size_t swissnumSize = 32;
constexpr std::size_t leastSwissnum = 16;  // Tahoe-LAFS's have 20 bytes
constexpr std::size_t mostPermutationSeed = 64;
constexpr std::size_t mostSwissnum = 256;

QString nameOf(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

tl::unexpected<Error> damaged(const char* file) {
    return failure(ErrorCode::ProfileDamaged, std::string("the server's identity is damaged: ") + file);
}

/// A file's text without the line's end. Fails: ProfileDamaged.
Result<std::string> readText(const std::filesystem::path& folder, const char* name) {
    QFile file(nameOf(folder / name));
    if (!file.open(QIODevice::ReadOnly) || file.size() > mostIdentityFile) {
        return damaged(name);
    }
    std::string text = file.read(mostIdentityFile).toStdString();
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.pop_back();
    }
    if (text.empty()) {
        return damaged(name);
    }
    return text;
}

/// What tells that the files are the ones that were made together: a changed bit in a key or a certificate may
/// still parse, and would give every client another server.
std::string checksumOf(const Identity& identity, std::string_view serverKey) {
    std::string all;
    const std::string seed =
        identity.permutationSeed == copyOf(identity.publicKey.bytes()) ? "" : toBase32(identity.permutationSeed);
    for (const std::string_view part :
         {std::string_view(identity.certificate.certificatePem), std::string_view(identity.certificate.privateKeyPem),
          serverKey, std::string_view(identity.swissnum.reveal()), std::string_view(seed)}) {
        if (part.empty()) {
            continue;
        }
        all += std::to_string(part.size()) + ':';
        all += part;
    }
    std::string sum = toBase32(crypto::sha256(viewOf(all)).bytes());
    wipe({reinterpret_cast<Byte*>(all.data()), all.size()});
    return sum;
}

std::optional<std::uint16_t> readPort(const std::filesystem::path& folder) {
    const auto text = readText(folder, portFile);
    if (!text) {
        return std::nullopt;
    }
    std::uint16_t port = 0;
    const auto [stopped, error] = std::from_chars(text->data(), text->data() + text->size(), port);
    return error == std::errc() && stopped == text->data() + text->size() && port != 0 ? std::optional(port)
                                                                                       : std::nullopt;
}

Result<Identity> readIdentity(const std::filesystem::path& folder) {
    Identity identity;
    auto certificate = readText(folder, certificateFile);
    auto privateKey = readText(folder, privateKeyFile);
    auto serverKey = readText(folder, serverKeyFile);
    auto swissnum = readText(folder, swissnumFile);
    const auto checksum = readText(folder, checksumFile);
    for (const auto* const part : std::initializer_list<const Result<std::string>*>{&certificate, &privateKey,
                                                                                    &serverKey, &swissnum, &checksum}) {
        if (!*part) {
            return failure(part->error());
        }
    }
    const auto der = x509::certificateDer(*certificate);
    const auto spki = der ? x509::spkiHash(*der) : Result<crypto::Hash>(failure(der.error()));
    if (!spki) {
        return damaged(certificateFile);
    }
    identity.certificate = {std::move(*certificate), std::move(*privateKey)};
    if (!tls::Context::forServer(identity.certificate.certificatePem, identity.certificate.privateKeyPem)) {
        return damaged(privateKeyFile);
    }
    const auto seedBytes = fromBase32(*serverKey);
    const auto seed = seedBytes ? crypto::Ed25519Seed::fromBytes(*seedBytes) : std::nullopt;
    if (!seed) {
        return damaged(serverKeyFile);
    }
    const auto secret = fromBase32(*swissnum);
    if (!secret || secret->size() < leastSwissnum || swissnum->size() > mostSwissnum) {
        return damaged(swissnumFile);
    }
    identity.spkiHash = *spki;
    identity.tubId = x509::tubId(*der);
    identity.publicKey = crypto::publicKeyOf(*seed);
    identity.permutationSeed = copyOf(identity.publicKey.bytes());
    if (QFile::exists(nameOf(folder / permutationSeedFile))) {
        const auto text = readText(folder, permutationSeedFile);
        const auto permutationSeed = text ? fromBase32(*text) : std::nullopt;
        if (!permutationSeed || permutationSeed->empty() || permutationSeed->size() > mostPermutationSeed) {
            return damaged(permutationSeedFile);
        }
        identity.permutationSeed = *permutationSeed;
    }
    identity.swissnum = formats::Swissnum(std::move(*swissnum));
    identity.port = readPort(folder);
    if (checksumOf(identity, *serverKey) != *checksum) {
        return damaged("its parts are not the ones that were made together");
    }
    return identity;
}

std::string withoutEnd(std::string text) {
    while (text.ends_with('\n') || text.ends_with('\r')) {
        text.pop_back();
    }
    return text;
}

/// Writes a whole identity into a folder that is made for it. Fails: FileUnwritable.
Result<void> writeIdentity(const std::filesystem::path& folder, const IdentityParts& parts) {
    QDir(nameOf(folder)).removeRecursively();
    if (!QDir().mkdir(nameOf(folder), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner)) {
        return failure(ErrorCode::FileUnwritable, "cannot make the folder of the server's identity");
    }
    Identity identity;
    // Kept as it will be read: without the line's end.
    identity.certificate = {withoutEnd(parts.certificate.certificatePem), withoutEnd(parts.certificate.privateKeyPem)};
    identity.publicKey = crypto::publicKeyOf(parts.serverKey);
    identity.permutationSeed =
        parts.permutationSeed.empty() ? copyOf(identity.publicKey.bytes()) : parts.permutationSeed;
    identity.swissnum = parts.swissnum;
    const std::string serverKey = toBase32(parts.serverKey.reveal());
    std::vector<std::pair<const char*, std::string>> files{{certificateFile, identity.certificate.certificatePem},
                                                           {privateKeyFile, identity.certificate.privateKeyPem},
                                                           {serverKeyFile, serverKey},
                                                           {swissnumFile, identity.swissnum.reveal()},
                                                           {checksumFile, checksumOf(identity, serverKey)}};
    if (identity.permutationSeed != copyOf(identity.publicKey.bytes())) {
        files.emplace_back(permutationSeedFile, toBase32(identity.permutationSeed));
    }
    if (parts.port) {
        files.emplace_back(portFile, std::to_string(*parts.port));
    }
    for (const auto& [name, text] : files) {
        if (auto written = writePrivateFile(folder / name, text + '\n'); !written) {
            return written;
        }
    }
    return bucketstore::makePosixFileSystem()->syncFolder(folder.string())
               ? Result<void>()
               : failure(ErrorCode::FileUnwritable, "cannot keep the server's identity");
}

/// Gives a whole identity its name.
Result<void> putInPlace(const std::filesystem::path& unfinished, const std::filesystem::path& folder, unsigned how) {
    if (::renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, folder.c_str(), how) != 0 ||
        !bucketstore::makePosixFileSystem()->syncFolder(folder.parent_path().string())) {
        return failure(ErrorCode::FileUnwritable, "cannot keep the server's identity");
    }
    return {};
}

Result<void> makeIdentity(const std::filesystem::path& folder, Clock& clock, Random& random) {
    auto certificate = x509::makeSelfSigned(clock.wallNow());
    if (!certificate) {
        return failure(certificate.error());
    }
    std::array<Byte, swissnumSize> secret{};
    random.fill(secret);
    IdentityParts parts;
    parts.certificate = std::move(*certificate);
    parts.serverKey = random.make<crypto::Ed25519Seed>();
    parts.swissnum = formats::Swissnum(toBase32(secret));
    wipe(secret);
    const std::filesystem::path unfinished = folder.string() + ".new";
    auto written = writeIdentity(unfinished, parts);
    return written ? putInPlace(unfinished, folder, 0) : written;
}

/// A name that no identity has that was replaced before.
std::filesystem::path placeForReplaced(const std::filesystem::path& folder) {
    for (unsigned number = 1;; ++number) {
        std::filesystem::path place = folder / ("identity.replaced-" + std::to_string(number));
        if (!QFile::exists(nameOf(place))) {
            return place;
        }
    }
}

bool isSame(const Identity& a, const Identity& b) {
    return a.spkiHash == b.spkiHash && a.tubId == b.tubId && a.publicKey == b.publicKey &&
           a.permutationSeed == b.permutationSeed &&
           equalConstantTime(viewOf(a.swissnum.reveal()), viewOf(b.swissnum.reveal()));
}

}  // namespace

ServerId Identity::serverId() const {
    return ServerId("v0-" + toBase32(publicKey.bytes()));
}

Result<bool> adoptIdentity(const std::filesystem::path& folder, const IdentityParts& parts, OldIdentity old) {
    const std::filesystem::path own = folder / "identity";
    const bool replaces = QFile::exists(nameOf(own));
    const std::filesystem::path unfinished = replaces ? placeForReplaced(folder) : folder / "identity.new";
    auto done = writeIdentity(unfinished, parts);
    bool changed = true;
    if (done) {
        // What cannot be read back must not take the place of anything.
        const auto adopted = readIdentity(unfinished);
        if (!adopted) {
            done = failure(adopted.error());
        } else if (replaces) {
            const auto there = readIdentity(own);
            changed = !there || !isSame(*there, *adopted);
            if (changed && old == OldIdentity::Stays) {
                done =
                    failure(ErrorCode::ProfileExists, "the server in " + folder.string() +
                                                          " has an identity of its own, by which its clients know it");
            }
        }
    }
    if (done && changed) {
        done = putInPlace(unfinished, own, replaces ? RENAME_EXCHANGE : 0U);
    }
    if (!done || !changed) {
        QDir(nameOf(unfinished)).removeRecursively();
        return done ? Result<bool>(false) : failure(done.error());
    }
    return true;
}

Result<Identity> loadIdentity(const std::filesystem::path& folder, Clock& clock, Random& random) {
    const std::filesystem::path own = folder / "identity";
    if (!QFile::exists(nameOf(own))) {
        if (auto made = makeIdentity(own, clock, random); !made) {
            return failure(made.error());
        }
    }
    return readIdentity(own);
}

Result<void> keepPort(const std::filesystem::path& folder, std::uint16_t port) {
    return writePrivateFile(folder / "identity" / portFile, std::to_string(port) + '\n');
}

Result<void> writePrivateFile(const std::filesystem::path& path, std::string_view text) {
    QSaveFile file(nameOf(path));
    // The permissions are narrowed while the file is still empty.
    const bool written =
        file.open(QIODevice::WriteOnly) && file.setPermissions(QFile::ReadOwner | QFile::WriteOwner) &&
        file.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size()) && file.commit();
    if (!written) {
        return failure(ErrorCode::FileUnwritable, "cannot write " + path.filename().string());
    }
    return {};
}

}  // namespace tarn::server
