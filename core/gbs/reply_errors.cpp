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

Error transportError(const std::string& server, QNetworkReply::NetworkError error, bool begun) {
    switch (error) {
    case QNetworkReply::TimeoutError: return {ErrorCode::TimedOut, server + " did not answer in time", true};
    case QNetworkReply::SslHandshakeFailedError:
        return {ErrorCode::ProtocolViolation, server + " does not speak TLS as it should", false};
    case QNetworkReply::ProtocolFailure:
    case QNetworkReply::ProtocolUnknownError:
    case QNetworkReply::ProtocolInvalidOperationError:
    case QNetworkReply::UnknownContentError: return violation(server, "does not speak HTTP as it should");
    case QNetworkReply::HostNotFoundError: return {ErrorCode::Unreachable, server + ": no such host", true};
    case QNetworkReply::ConnectionRefusedError:
        return {ErrorCode::Unreachable, server + " refused the connection", true};
    default: break;
    }
    return {ErrorCode::Unreachable,
            begun ? server + " closed the connection in the middle of an answer" : server + " closed the connection",
            true};
}

Error violation(const std::string& server, const std::string& what) {
    return {ErrorCode::ProtocolViolation, server + " " + what, false};
}

}  // namespace tarn::gbs
