#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.hpp"

namespace netcopy {

/// Every datagram ends in the CRC-32C of what stands before it, big-endian. UDP's own checksum
/// has 16 bits, and lets one damaged packet of 65,536 pass (docs/protocol/rudp.md). Against
/// accidents only: whoever can forge a datagram can seal it.
inline constexpr std::size_t udp_seal_size = 4;

/// Writes the seal of all bytes but the last four into the last four.
void seal_datagram(MutableBytes datagram);

/// The packet in a datagram, which may have any content and size; none if the seal is wrong.
std::optional<Bytes> open_seal(Bytes datagram);

}  // namespace netcopy
