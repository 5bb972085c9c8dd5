#include "core/server/shown_certificate.h"

#include "core/x509/certificate.h"

#include <QFile>

namespace tarn::server {

namespace {

constexpr const char* renewedFile = "renewed-certificate.pem";
constexpr qint64 mostFile = 64LL * 1024;

std::string read(const std::filesystem::path& path) {
    QFile file(QString::fromStdString(path.string()));
    return file.open(QIODevice::ReadOnly) && file.size() <= mostFile ? file.readAll().toStdString() : std::string();
}

/// Until when it holds, if it may be shown: for the right key, and neither from the future nor soon at its end.
std::optional<WallTime> goodUntil(const std::string& pem, const Identity& identity, WallTime now) {
    const auto der = x509::certificateDer(pem);
    const auto spki = der ? x509::spkiHash(*der) : Result<crypto::Hash>(failure(der.error()));
    if (!spki || *spki != identity.spkiHash) {
        return std::nullopt;
    }
    const auto validity = x509::validityOf(*der);
    if (!validity || validity->from > now || validity->until < now + renewalAhead) {
        return std::nullopt;
    }
    return validity->until;
}

}  // namespace

Result<ShownCertificate> showCertificate(const std::filesystem::path& folder, const Identity& identity, WallTime now,
                                         bool anew) {
    const std::filesystem::path path = folder / "identity" / renewedFile;
    if (!anew) {
        std::string renewed = read(path);
        if (const auto until = goodUntil(renewed, identity, now)) {
            return ShownCertificate{std::move(renewed), *until};
        }
        if (const auto until = goodUntil(identity.certificate.certificatePem, identity, now)) {
            return ShownCertificate{identity.certificate.certificatePem, *until};
        }
    }
    auto made = x509::renewSelfSigned(identity.certificate.privateKeyPem, now);
    if (!made) {
        return failure(made.error());
    }
    const auto until = goodUntil(*made, identity, now);
    if (!until) {
        return failure(ErrorCode::Internal, "the renewed certificate is not for the server's key");
    }
    const bool kept = writePrivateFile(path, *made).has_value();
    return ShownCertificate{std::move(*made), *until, true, kept};
}

}  // namespace tarn::server
