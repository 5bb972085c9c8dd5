#pragma once

#include "core/foundation/result.h"
#include "core/server/server.h"

#include <QByteArray>
#include <QJsonObject>

namespace tarn::server {

/// A server's status as one JSON object, for its owner's eyes: figures and client addresses, no secret and no storage
/// index. Of the clients the `mostClientsTold` that were seen last.
[[nodiscard]] QJsonObject statusDocument(const Status& status);
/// The part of it that is called "store": the index, who holds leases, and what expiry does.
[[nodiscard]] QJsonObject storeDocument(const bucketstore::StoreReport& report);
inline constexpr std::size_t mostClientsTold = 100;

/// Reads it. Members that are missing are as in an empty status: the server may be an older or newer one.
/// Fails: ProtocolViolation when it is no such document.
[[nodiscard]] Result<Status> parseStatusDocument(const QByteArray& json);

}  // namespace tarn::server
