#include "core/engine/profile.h"

#include "core/engine/private_file.h"
#include "core/engine/profile_settings.h"
#include "core/foundation/base32.h"

#include <QStandardPaths>

#include <string>
#include <utility>

namespace tarn::engine {

namespace {

constexpr std::size_t mostSettings = 64 * 1024;
constexpr std::size_t mostSecret = 4096;
constexpr std::size_t madeConvergence = 16;

std::filesystem::path settingsFile(const std::filesystem::path& folder) {
    return folder / "profile.json";
}
std::filesystem::path gridFile(const std::filesystem::path& folder) {
    return folder / "grid.yaml";
}
std::filesystem::path convergenceFile(const std::filesystem::path& folder) {
    return folder / "secrets" / "convergence";
}
std::filesystem::path leasesFile(const std::filesystem::path& folder) {
    return folder / "secrets" / "leases";
}

/// Reads a part that a profile must have.
Result<std::string> readPart(const std::filesystem::path& path, std::size_t most) {
    auto content = readWholeFile(path, most);
    if (!content && content.error().code == ErrorCode::FileNotFound) {
        return failure(ErrorCode::ProfileDamaged, path.string() + " is missing");
    }
    return content;
}

Result<Bytes> readSecret(const std::filesystem::path& path) {
    auto text = readPart(path, mostSecret);
    if (!text) {
        return failure(std::move(text.error()));
    }
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) {
        text->pop_back();
    }
    auto bytes = fromBase32(*text);
    wipe({reinterpret_cast<Byte*>(text->data()), text->size()});
    if (!bytes || bytes->empty()) {
        return failure(ErrorCode::ProfileDamaged, path.string() + " is not base32");
    }
    return std::move(*bytes);
}

Result<void> writeSecret(const std::filesystem::path& path, ByteView secret) {
    auto text = toBase32(secret) + "\n";
    auto written = writePrivateFile(path, text, IfPresent::Fail);
    wipe({reinterpret_cast<Byte*>(text.data()), text.size()});
    return written;
}

/// Keeps a secret that is there already: it is what an earlier attempt left that was cut off, and two attempts at the
/// same time must agree on one.
Result<void> writeSecretOnce(const std::filesystem::path& path, ByteView secret) {
    auto written = writeSecret(path, secret);
    if (!written && written.error().code == ErrorCode::ProfileExists) {
        if (auto kept = readSecret(path); !kept) {
            return failure(std::move(kept.error()));
        }
        return {};
    }
    return written;
}

}  // namespace

std::filesystem::path defaultProfileFolder() {
    const auto data = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation);
    return std::filesystem::path(data.toStdString()) / "tarn";
}

std::filesystem::path defaultServerFolder(const std::filesystem::path& profileFolder) {
    return profileFolder / "storage";
}

ProfileSettings homeSettings(const std::filesystem::path& profileFolder) {
    ProfileSettings settings;
    settings.encoding.required = 1;
    settings.encoding.happy = 1;
    settings.encoding.total = 1;
    settings.home = true;
    settings.serverFolder = defaultServerFolder(profileFolder);
    settings.serverEnabled = true;
    return settings;
}

Result<void> createProfile(const std::filesystem::path& folder, const NewProfile& profile, Random& random) {
    if (auto checked = profile.settings.encoding.check(); !checked) {
        return checked;
    }
    std::error_code ignored;
    if (std::filesystem::exists(settingsFile(folder), ignored)) {
        return failure(ErrorCode::ProfileExists, folder.string());
    }
    for (const auto& part : {folder, folder / "secrets"}) {
        if (auto made = makePrivateFolder(part); !made) {
            return made;
        }
    }
    if (profile.convergence) {
        // The person's own choice; a profile does not stand here yet, so nothing was stored with another one.
        std::filesystem::remove(convergenceFile(folder), ignored);
    }
    Bytes made(madeConvergence);
    random.fill(made);
    const crypto::ConvergenceSecret convergence = profile.convergence.value_or(crypto::ConvergenceSecret(made));
    wipe(made);
    if (auto written = writeSecretOnce(convergenceFile(folder), convergence.reveal()); !written) {
        return written;
    }
    const auto leases = random.make<crypto::LeaseMaster>();
    if (auto written = writeSecretOnce(leasesFile(folder), leases.reveal()); !written) {
        return written;
    }
    if (!profile.settings.home) {
        const auto grid = formats::writeGridFile(profile.servers);
        if (auto written = writePrivateFile(gridFile(folder), grid, IfPresent::Replace); !written) {
            return written;
        }
    }
    const auto settings = writeSettings(profile.settings, folder);
    auto written = writePrivateFile(settingsFile(folder), settings, IfPresent::Fail);
    if (!written && written.error().code == ErrorCode::ProfileExists) {
        return failure(ErrorCode::ProfileExists, folder.string());
    }
    return written;
}

Result<Profile> loadProfile(const std::filesystem::path& folder) {
    const auto json = readWholeFile(settingsFile(folder), mostSettings);
    if (!json) {
        const bool missing = json.error().code == ErrorCode::FileNotFound;
        return missing ? failure(ErrorCode::ProfileMissing, folder.string()) : failure(json.error());
    }
    auto settings = parseSettings(*json, folder);
    if (!settings) {
        return failure(std::move(settings.error()));
    }
    auto convergence = readSecret(convergenceFile(folder));
    if (!convergence) {
        return failure(std::move(convergence.error()));
    }
    auto leaseBytes = readSecret(leasesFile(folder));
    if (!leaseBytes) {
        return failure(std::move(leaseBytes.error()));
    }
    const auto leases = crypto::LeaseMaster::fromBytes(*leaseBytes);
    wipe(*leaseBytes);
    if (!leases) {
        return failure(ErrorCode::ProfileDamaged, leasesFile(folder).string() + " is not 32 bytes long");
    }
    Profile profile;
    profile.folder = folder;
    profile.settings = std::move(*settings);
    profile.secrets = std::make_shared<const upload::Secrets>(
        upload::Secrets{crypto::ConvergenceSecret(std::move(*convergence)), *leases});
    if (!profile.settings.home) {
        const auto yaml = readPart(gridFile(folder), formats::mostGridFile);
        if (!yaml) {
            return failure(yaml.error());
        }
        auto grid = formats::parseGridFile(*yaml);
        if (!grid || grid->servers.empty()) {
            const auto why = grid ? std::string("names no server") : grid.error().detail;
            return failure(ErrorCode::ProfileDamaged, gridFile(folder).string() + ": " + why);
        }
        profile.servers = std::move(grid->servers);
    }
    return profile;
}

Result<void> saveServerEnabled(const std::filesystem::path& folder, bool enabled) {
    const auto json = readWholeFile(settingsFile(folder), mostSettings);
    if (!json) {
        return failure(json.error());
    }
    auto settings = parseSettings(*json, folder);
    if (!settings) {
        return failure(std::move(settings.error()));
    }
    if (settings->serverEnabled == enabled) {
        return {};
    }
    settings->serverEnabled = enabled;
    return writePrivateFile(settingsFile(folder), writeSettings(*settings, folder), IfPresent::Replace);
}

}  // namespace tarn::engine
