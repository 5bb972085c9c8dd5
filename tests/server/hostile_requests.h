#pragma once

#include <QByteArray>

#include <optional>
#include <string>
#include <vector>

namespace tarn::server::test {

/// One request as only a stranger, a broken client or a malicious one sends it, and the status that it gets, whichever
/// version of HTTP carries it.
struct HostileRequest {
    std::string name;
    QByteArray method;
    QByteArray path;
    QByteArray fields;  ///< whole lines
    QByteArray body;
    int status = 0;
    /// In place of the right one; a null array: the field is left out.
    std::optional<QByteArray> authorization{};
    /// The length that the head gives, of which `body` is but the beginning.
    std::optional<std::uint64_t> announced{};
    /// Where HTTP/2's own grammar refuses it: the code of the stream's end, below 0.
    std::optional<int> onHttp2{};
};

/// What is in the store that the requests are made for, besides a mutable slot of `slotData` as share 1.
inline const QByteArray completeShare = "some bytes";  ///< share 0 of bucket 'b'
inline const QByteArray begunBytes = "aaaaaaaaaa";     ///< the first of 100 bytes of share 0 of bucket 'c'
inline const QByteArray slotData = "abc";
inline constexpr int begunSize = 100;
inline constexpr char owner = 'u';  ///< fills the secrets that all of it was made with

[[nodiscard]] QByteArray slotPath();
[[nodiscard]] QByteArray slotSecrets(char who);
/// Writes `data` at `offset` of the slot's share 1, and cuts it to `length`.
[[nodiscard]] QByteArray slotBody(const QByteArray& data, std::uint64_t offset = 0,
                                  std::optional<std::uint64_t> length = {});

/// `authorization`: the right one.
[[nodiscard]] std::vector<HostileRequest> hostileRequests(const QByteArray& authorization);

}  // namespace tarn::server::test
