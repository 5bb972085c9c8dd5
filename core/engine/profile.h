#pragma once

#include "core/crypto/derive.h"
#include "core/formats/encoding.h"
#include "core/formats/grid_file.h"
#include "core/foundation/random.h"
#include "core/foundation/result.h"
#include "core/upload/upload.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace tarn::engine {

/// What a profile says about itself; the content of `profile.json`.
struct ProfileSettings {
    formats::EncodingParameters encoding;
    bool home = false;                   ///< its only server is the one on this computer
    std::filesystem::path serverFolder;  ///< absolute; where this computer's storage server keeps its shares
    bool serverEnabled = false;          ///< whether the engine runs that server
};

/// A person's place on a grid, as it is kept on disk:
///
///     FOLDER/profile.json          settings
///     FOLDER/grid.yaml             the servers, as a Tahoe-LAFS servers.yaml (not in a home profile)
///     FOLDER/secrets/convergence   base32: enters every convergent key
///     FOLDER/secrets/leases        base32: from it come all lease secrets
///     FOLDER/journal.sqlite        the transfer queue
///     FOLDER/storage/              the storage server's shares, unless another folder was chosen
///
/// Folders are 0700, files 0600; each is replaced whole or not at all. All calls block: run them on the disk pool.
struct Profile {
    std::filesystem::path folder;
    ProfileSettings settings;
    std::vector<formats::ServerAnnouncement> servers;
    std::shared_ptr<const upload::Secrets> secrets;

    [[nodiscard]] std::filesystem::path journalFile() const { return folder / "journal.sqlite"; }
};

/// `tarn` in the XDG data folder (by default `~/.local/share/tarn`).
[[nodiscard]] std::filesystem::path defaultProfileFolder();
/// Where a profile's storage server keeps its shares unless told otherwise.
[[nodiscard]] std::filesystem::path defaultServerFolder(const std::filesystem::path& profileFolder);

/// The settings of a profile that stores on this computer alone: one piece, which is the whole file.
[[nodiscard]] ProfileSettings homeSettings(const std::filesystem::path& profileFolder);

struct NewProfile {
    ProfileSettings settings;
    std::vector<formats::ServerAnnouncement> servers;
    /// Taken over, so that the same files give the same capabilities; a new one is made where it is missing.
    std::optional<crypto::ConvergenceSecret> convergence;
};

/// Makes a profile. `profile.json` comes last: before it there is no profile, after it a whole one.
/// Fails: ProfileExists, InvalidArgument (the encoding), FileUnwritable, DiskFull.
[[nodiscard]] Result<void> createProfile(const std::filesystem::path& folder, const NewProfile& profile,
                                         Random& random);

/// Reads a profile and checks all of it. Fails: ProfileMissing, ProfileDamaged (the detail names the file),
/// FileUnreadable.
[[nodiscard]] Result<Profile> loadProfile(const std::filesystem::path& folder);

/// Remembers whether the engine shall run this computer's storage server. Fails: as `loadProfile`, FileUnwritable,
/// DiskFull.
[[nodiscard]] Result<void> saveServerEnabled(const std::filesystem::path& folder, bool enabled);

}  // namespace tarn::engine
