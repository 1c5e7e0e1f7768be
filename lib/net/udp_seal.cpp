#include "net/udp_seal.hpp"

#include <algorithm>
#include <array>

#include "crypto/crc32c.hpp"

namespace netcopy {
namespace {

std::array<std::byte, udp_seal_size> seal_of(Bytes packet) {
    const std::uint32_t crc = crc32c(packet);
    return {std::byte(crc >> 24), std::byte(crc >> 16), std::byte(crc >> 8), std::byte(crc)};
}

}  // namespace

void seal_datagram(MutableBytes datagram) {
    const auto packet = datagram.first(datagram.size() - udp_seal_size);
    std::ranges::copy(seal_of(packet), datagram.begin() + std::ssize(packet));
}

std::optional<Bytes> open_seal(Bytes datagram) {
    if (datagram.size() < udp_seal_size) return std::nullopt;
    const Bytes packet = datagram.first(datagram.size() - udp_seal_size);
    if (!std::ranges::equal(seal_of(packet), datagram.last(udp_seal_size))) return std::nullopt;
    return packet;
}

}  // namespace netcopy
