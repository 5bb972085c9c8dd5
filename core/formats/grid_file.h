#pragma once

#include "core/formats/nurl.h"
#include "core/foundation/bytes.h"
#include "core/foundation/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace tarn::formats {

/// One storage server as a grid file announces it.
struct ServerAnnouncement {
    ServerId id;
    std::string nickname;
    Bytes permutationSeed;
    LeaseSeed leaseSeed;      ///< the TubID in anonymous-storage-FURL
    std::vector<Nurl> nurls;  ///< where it speaks GBS; at least one
};

struct GridFile {
    std::vector<ServerAnnouncement> servers;
    /// Servers that were left out, each with a plain reason ("v0-abc…: announces no HTTPS address").
    std::vector<std::string> leftOut;
};

/// The most characters (Unicode code points) of a nickname that are kept.
inline constexpr int mostNickname = 128;

/// The most that is read of a grid file, and the most servers in it.
inline constexpr std::size_t mostGridFile = 4 * 1024 * 1024;
inline constexpr std::size_t mostGridServers = 4096;

/// Reads a Tahoe-LAFS `servers.yaml` (a `storage:` map) or an `introducer_default_cache.yaml` (a list of `ann` and
/// `key_s`).
///
/// A server that cannot be used is left out and the others stay; of two with one id the first is kept. Aliases and
/// anchors are refused, and so is a file that is too long, too deep or not UTF-8. Nicknames lose control characters and
/// whatever turns the direction of text. Fails: InvalidGrid (the detail never repeats the file). Source: Tahoe-LAFS
/// docs/configuration.rst, storage_client.py, introducer/client.py.
[[nodiscard]] Result<GridFile> parseGridFile(std::string_view yaml);

/// Writes a whole `servers.yaml` with one server, which Tahoe-LAFS and Tarn both read.
[[nodiscard]] std::string writeAnnouncement(const ServerAnnouncement& server, std::string_view anonymousStorageFurl);
/// Writes the grid as a `servers.yaml`. Every server's FURL is rebuilt from its lease seed and its first NURL, as a
/// Tahoe-LAFS server forms it: one port and one swissnum for both protocols.
[[nodiscard]] std::string writeGridFile(const std::vector<ServerAnnouncement>& servers);

}  // namespace tarn::formats
