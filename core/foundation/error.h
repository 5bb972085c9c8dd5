#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tarn {

/// What went wrong, as one closed list for the whole engine. The desktop and the command line turn each code into a
/// sentence; `errorName` gives the stable name for logs and `--json`.
enum class ErrorCode : std::uint8_t {
    Cancelled,              ///< the person or the program asked to stop
    Internal,               ///< a bug: an invariant did not hold
    InvalidArgument,        ///< a value outside its range (k > n, a reversed range)
    InvalidCapability,      ///< not a capability, or a damaged one
    UnsupportedCapability,  ///< a capability that cannot do what was asked of it
    InvalidLocator,         ///< a NURL or fURL that does not parse
    InvalidGrid,            ///< a servers.yaml, node folder or announcement that does not parse
    FileNotFound,           ///< a local file is not there
    FileUnreadable,         ///< a local file is there and cannot be read
    FileUnwritable,         ///< a local file or folder cannot be written
    FileChanged,            ///< a local file changed while it was read
    DiskFull,               ///< this computer's disk is full
    ProfileMissing,         ///< there is no profile at this place
    ProfileExists,          ///< there is a profile already at this place
    ProfileDamaged,         ///< the profile does not parse or lacks a part
    ProfileLocked,          ///< another program uses this profile or store
    Unreachable,            ///< no connection to a server
    TimedOut,               ///< a server did not answer in time
    WrongCertificate,       ///< a server's key is not the one its NURL names
    Unauthorized,           ///< a server refused a secret
    NotFound,               ///< a server has no such share
    Conflict,               ///< a server holds other bytes at this place
    NoSpace,                ///< a server has no room
    ServerFailed,           ///< a server answered with an error of its own
    ProtocolViolation,      ///< a peer's message breaks the protocol or a limit
    NotEnoughServers,       ///< placement cannot reach the servers of happiness asked for
    NotEnoughShares,        ///< fewer than k good shares can be found
    CorruptShare,           ///< a share's bytes do not match its hashes
    CorruptFile,            ///< verified shares give a file that breaks its own capability
};

/// The code's name as it is written above, for logs and machine-readable output.
[[nodiscard]] std::string_view errorName(ErrorCode code) noexcept;

/// An ordinary failure. `detail` is for a person who looks twice; it never holds a capability, secret or key.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string detail;
    /// Whether the same call may succeed later with nothing changed here.
    bool retryable = false;
};

}  // namespace tarn
