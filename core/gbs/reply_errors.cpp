#include "core/gbs/reply_errors.h"

namespace tarn::gbs {

namespace {

ErrorCode codeOfStatus(int status) {
    switch (status) {
    case 401: return ErrorCode::Unauthorized;
    case 404: return ErrorCode::NotFound;
    case 409: return ErrorCode::Conflict;
    case 507: return ErrorCode::NoSpace;
    case 429:  // asks for patience, as 503 does
        return ErrorCode::ServerFailed;
    default: return status >= 500 && status < 600 ? ErrorCode::ServerFailed : ErrorCode::ProtocolViolation;
    }
}

}  // namespace

Error statusError(const std::string& server, int status) {
    const ErrorCode code = codeOfStatus(status);
    std::string detail = server + " answered with status " + std::to_string(status);
    if (status >= 300 && status < 400) {
        detail += "; a storage server that moves elsewhere is not followed";
    }
    return {code, std::move(detail), code == ErrorCode::ServerFailed};
}

Error connectError(const std::string& server, QAbstractSocket::SocketError error) {
    switch (error) {
    case QAbstractSocket::SslHandshakeFailedError:
        return {ErrorCode::ProtocolViolation, server + " does not speak TLS as it should", false};
    case QAbstractSocket::HostNotFoundError: return {ErrorCode::Unreachable, server + ": no such host", true};
    case QAbstractSocket::ConnectionRefusedError:
        return {ErrorCode::Unreachable, server + " refused the connection", true};
    case QAbstractSocket::RemoteHostClosedError:
        return {ErrorCode::Unreachable, server + " closed the connection", true};
    case QAbstractSocket::SocketTimeoutError:
        return {ErrorCode::TimedOut, server + " could not be connected to in time", true};
    default: return {ErrorCode::Unreachable, server + " cannot be reached", true};
    }
}

Error brokenOff(const std::string& server, bool begun) {
    return {ErrorCode::Unreachable,
            begun ? server + " closed the connection in the middle of an answer" : server + " closed the connection",
            true};
}

Error violation(const std::string& server, const std::string& what) {
    return {ErrorCode::ProtocolViolation, server + " " + what, false};
}

}  // namespace tarn::gbs
