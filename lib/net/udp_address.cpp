#include "net/udp_address.hpp"

#include <algorithm>

namespace netcopy {
namespace {

constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

UdpAddress::UdpAddress(const asio::ip::address& address, std::uint16_t port) : port_(port) {
    if (address.is_v4()) {
        std::ranges::copy(mapped, ip_.begin());
        std::ranges::copy(address.to_v4().to_bytes(), ip_.begin() + mapped.size());
    } else {
        std::ranges::copy(address.to_v6().to_bytes(), ip_.begin());
        scope_ = static_cast<std::uint32_t>(address.to_v6().scope_id());
    }
}

bool UdpAddress::is_v4() const { return std::equal(mapped.begin(), mapped.end(), ip_.begin()); }

bool UdpAddress::is_unspecified() const {
    const auto begin = is_v4() ? ip_.begin() + mapped.size() : ip_.begin();
    return std::all_of(begin, ip_.end(), [](std::uint8_t byte) { return byte == 0; });
}

asio::ip::address UdpAddress::address() const {
    if (!is_v4()) return asio::ip::address_v6(ip_, scope_);
    asio::ip::address_v4::bytes_type bytes;
    std::copy(ip_.begin() + mapped.size(), ip_.end(), bytes.begin());
    return asio::ip::address_v4(bytes);
}

std::array<std::byte, 22> UdpAddress::bytes() const {
    std::array<std::byte, 22> out;
    auto at = std::ranges::transform(ip_, out.begin(), [](std::uint8_t byte) {
                  return std::byte(byte);
              }).out;
    for (const int shift : {8, 0}) *at++ = std::byte(port_ >> shift);
    for (const int shift : {24, 16, 8, 0}) *at++ = std::byte(scope_ >> shift);
    return out;
}

std::string to_string(const UdpAddress& address) {
    const std::string host = address.address().to_string();
    return (address.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(address.port());
}

}  // namespace netcopy
