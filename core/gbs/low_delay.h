#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn::gbs {

/// Sets TCP_NODELAY on every connection of this process to a peer's `port`, and says how many there are.
///
/// QNetworkAccessManager leaves the option off and gives its sockets to nobody, and it writes a body in pieces of 16
/// KiB: each request with more than one piece would wait some 40 ms for a delayed acknowledgement. So the sockets are
/// found among the process's descriptors. A connection to the same port elsewhere gets the option too, which does it no
/// harm. Costs two system calls a descriptor. Elsewhere than on Unix it does nothing. Thread: any.
std::size_t setLowDelay(std::uint16_t port);

}  // namespace tarn::gbs
