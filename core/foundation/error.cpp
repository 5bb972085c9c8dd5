#include "core/foundation/error.h"

namespace tarn {

std::string_view errorName(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::Cancelled: return "Cancelled";
    case ErrorCode::Internal: return "Internal";
    case ErrorCode::InvalidArgument: return "InvalidArgument";
    case ErrorCode::InvalidCapability: return "InvalidCapability";
    case ErrorCode::UnsupportedCapability: return "UnsupportedCapability";
    case ErrorCode::InvalidLocator: return "InvalidLocator";
    case ErrorCode::InvalidGrid: return "InvalidGrid";
    case ErrorCode::FileNotFound: return "FileNotFound";
    case ErrorCode::FileUnreadable: return "FileUnreadable";
    case ErrorCode::FileUnwritable: return "FileUnwritable";
    case ErrorCode::FileChanged: return "FileChanged";
    case ErrorCode::DiskFull: return "DiskFull";
    case ErrorCode::ProfileMissing: return "ProfileMissing";
    case ErrorCode::ProfileExists: return "ProfileExists";
    case ErrorCode::ProfileDamaged: return "ProfileDamaged";
    case ErrorCode::ProfileLocked: return "ProfileLocked";
    case ErrorCode::Unreachable: return "Unreachable";
    case ErrorCode::TimedOut: return "TimedOut";
    case ErrorCode::WrongCertificate: return "WrongCertificate";
    case ErrorCode::Unauthorized: return "Unauthorized";
    case ErrorCode::NotFound: return "NotFound";
    case ErrorCode::Conflict: return "Conflict";
    case ErrorCode::NoSpace: return "NoSpace";
    case ErrorCode::ServerFailed: return "ServerFailed";
    case ErrorCode::ProtocolViolation: return "ProtocolViolation";
    case ErrorCode::NotEnoughServers: return "NotEnoughServers";
    case ErrorCode::NotEnoughShares: return "NotEnoughShares";
    case ErrorCode::CorruptShare: return "CorruptShare";
    case ErrorCode::CorruptFile: return "CorruptFile";
    }
    return "Internal";
}

}  // namespace tarn
