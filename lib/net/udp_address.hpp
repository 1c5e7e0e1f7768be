#pragma once

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.hpp"
#include "net/task.hpp"

namespace netcopy {

using Udp = asio::ip::udp;

/// An IP address and a UDP port: a value, to be compared, hashed, and covered by a MAC. An IPv4
/// address and the IPv6 address that stands for it (::ffff:1.2.3.4) are one.
class UdpAddress {
public:
    UdpAddress() = default;  ///< of nobody: ::, port 0
    UdpAddress(const asio::ip::address& address, std::uint16_t port);
    /// `ip` as bytes() has it; `scope` of a link-local address only, otherwise 0.
    UdpAddress(const std::array<std::uint8_t, 16>& ip, std::uint16_t port, std::uint32_t scope)
        : ip_(ip), port_(port), scope_(scope) {}
    explicit UdpAddress(const Udp::endpoint& endpoint)
        : UdpAddress(endpoint.address(), endpoint.port()) {}

    std::uint16_t port() const { return port_; }
    bool is_v4() const;
    bool is_unspecified() const;  ///< 0.0.0.0, ::
    const std::array<std::uint8_t, 16>& ip() const { return ip_; }
    std::uint32_t scope() const { return scope_; }
    asio::ip::address address() const;
    Udp::endpoint endpoint() const { return {address(), port_}; }

    /// All that it is, 22 bytes, the same for the same address on every machine: 16 of the
    /// address (IPv4 as ::ffff:1.2.3.4), the port and the scope (of a link-local address), both
    /// big-endian.
    std::array<std::byte, 22> bytes() const;

    auto operator<=>(const UdpAddress&) const = default;

private:
    std::array<std::uint8_t, 16> ip_{};
    std::uint16_t port_ = 0;
    std::uint32_t scope_ = 0;
};

std::string to_string(const UdpAddress& address);  ///< `10.0.0.1:1234`, `[::1]:1234`

/// Where a datagram comes from and which address of ours it came to, so that the answer goes out
/// from there though the socket has all of them. A `local` of nobody: the system chooses.
struct UdpPath {
    UdpAddress remote;
    UdpAddress local;
    auto operator<=>(const UdpPath&) const = default;
};

}  // namespace netcopy

template <>
struct std::hash<netcopy::UdpAddress> {
    std::size_t operator()(const netcopy::UdpAddress& address) const noexcept {
        const auto bytes = address.bytes();
        return std::hash<std::string_view>()(netcopy::as_text(bytes));
    }
};
