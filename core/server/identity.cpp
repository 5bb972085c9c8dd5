#include "core/server/identity.h"

#include "core/bucketstore/file_system.h"
#include "core/foundation/base32.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>
#include <QSslCertificate>
#include <QSslKey>

#include <charconv>
#include <string>

namespace tarn::server {

namespace {

constexpr const char* certificateFile = "certificate.pem";
constexpr const char* privateKeyFile = "private-key.pem";
constexpr const char* serverKeyFile = "server-key";
constexpr const char* swissnumFile = "swissnum";
constexpr const char* checksumFile = "checksum";
constexpr const char* portFile = "port";

constexpr qint64 mostIdentityFile = 64LL * 1024;
constexpr std::size_t swissnumSize = 32;
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

/// What tells that the four files are the ones that were made together: a changed bit in a key or a certificate may
/// still parse, and would give every client another server.
std::string checksumOf(const Identity& identity, std::string_view serverKey) {
    std::string all;
    for (const std::string_view part :
         {std::string_view(identity.certificate.certificatePem), std::string_view(identity.certificate.privateKeyPem),
          serverKey, std::string_view(identity.swissnum.reveal())}) {
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
    if (!spki || QSslCertificate(QByteArray::fromStdString(*certificate), QSsl::Pem).isNull()) {
        return damaged(certificateFile);
    }
    const QSslKey key(QByteArray::fromStdString(*privateKey), QSsl::Ec, QSsl::Pem, QSsl::PrivateKey);
    if (key.isNull()) {
        return damaged(privateKeyFile);
    }
    const auto seedBytes = fromBase32(*serverKey);
    const auto seed = seedBytes ? crypto::Ed25519Seed::fromBytes(*seedBytes) : std::nullopt;
    if (!seed) {
        return damaged(serverKeyFile);
    }
    const auto secret = fromBase32(*swissnum);
    if (!secret || secret->size() < swissnumSize || swissnum->size() > mostSwissnum) {
        return damaged(swissnumFile);
    }
    identity.certificate = {std::move(*certificate), std::move(*privateKey)};
    identity.spkiHash = *spki;
    identity.tubId = x509::tubId(*der);
    identity.publicKey = crypto::publicKeyOf(*seed);
    identity.swissnum = formats::Swissnum(std::move(*swissnum));
    identity.port = readPort(folder);
    if (checksumOf(identity, *serverKey) != *checksum) {
        return damaged("its parts are not the ones that were made together");
    }
    return identity;
}

Result<void> makeIdentity(const std::filesystem::path& folder, Clock& clock, Random& random) {
    auto certificate = x509::makeSelfSigned(clock.wallNow());
    if (!certificate) {
        return failure(certificate.error());
    }
    const std::string serverKey = toBase32(random.make<crypto::Ed25519Seed>().reveal());
    std::array<Byte, swissnumSize> secret{};
    random.fill(secret);
    Identity identity;
    identity.swissnum = formats::Swissnum(toBase32(secret));
    wipe(secret);
    // Kept as it will be read: without the line's end.
    for (std::string* const pem : {&certificate->certificatePem, &certificate->privateKeyPem}) {
        while (pem->ends_with('\n')) {
            pem->pop_back();
        }
    }
    identity.certificate = std::move(*certificate);

    const std::filesystem::path unfinished = folder.string() + ".new";
    QDir(nameOf(unfinished)).removeRecursively();
    if (!QDir().mkdir(nameOf(unfinished), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner)) {
        return failure(ErrorCode::FileUnwritable, "cannot make the folder of the server's identity");
    }
    for (const auto& [name, text] :
         {std::pair<const char*, std::string>(certificateFile, identity.certificate.certificatePem),
          {privateKeyFile, identity.certificate.privateKeyPem},
          {serverKeyFile, serverKey},
          {swissnumFile, identity.swissnum.reveal()},
          {checksumFile, checksumOf(identity, serverKey)}}) {
        if (auto written = writePrivateFile(unfinished / name, text + '\n'); !written) {
            return written;
        }
    }
    const auto files = bucketstore::makePosixFileSystem();
    if (!files->syncFolder(unfinished.string()) || !QDir().rename(nameOf(unfinished), nameOf(folder)) ||
        !files->syncFolder(folder.parent_path().string())) {
        return failure(ErrorCode::FileUnwritable, "cannot keep the server's identity");
    }
    return {};
}

}  // namespace

ServerId Identity::serverId() const {
    return ServerId("v0-" + toBase32(publicKey.bytes()));
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
