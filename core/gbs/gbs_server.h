#pragma once

#include "core/formats/grid_file.h"
#include "core/storage/storage_server.h"

#include <memory>

namespace tarn::gbs {

/// How long the client waits, and what it will take, from one server.
struct Limits {
    std::chrono::milliseconds connectTimeout{10'000};
    /// From the last sign of life (a byte in either direction) of a request.
    std::chrono::milliseconds silenceTimeout{30'000};
    std::size_t mostMessage = 1024 * 1024;    ///< of a CBOR reply
    std::size_t mostRead = 64 * 1024 * 1024;  ///< of one share read
    bool http2 = true;                        ///< where the server offers it
};

/// A storage server reached over HTTPS by its NURL, or by the next of several when one leads nowhere.
///
/// TLS is pinned: no byte of a request leaves before the server has shown the key that the NURL names; where it shows
/// another, every call under way fails with WrongCertificate. Over HTTP/2, where the server offers it, all calls share
/// one connection; over HTTP/1.1 six at most, which are kept open. TCP_NODELAY is set on them. Fails beyond what
/// StorageServer says: InvalidArgument (a read over `mostRead`). When the last reference goes, calls under way end with
/// Cancelled. Thread: that of the event loop it was made on. Source: Tahoe-LAFS
/// docs/specifications/http-storage-node-protocol.rst.
[[nodiscard]] std::shared_ptr<storage::StorageServer> makeGbsServer(const formats::ServerAnnouncement& announcement,
                                                                    Limits limits = {});

}  // namespace tarn::gbs
