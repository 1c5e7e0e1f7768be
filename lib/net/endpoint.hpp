#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace netcopy {

/// A host, by name or number, and a TCP port, as typed.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const Endpoint&) const = default;
};

/// `HOST:PORT`, `[IPV6]:PORT`, or with a default port also `HOST`, `[IPV6]`, `IPV6`.
/// Port 0 means any free one to a server. Errc::usage otherwise.
Result<Endpoint> parse_endpoint(std::string_view text, std::optional<std::uint16_t> default_port);

/// A host and a port typed as two operands, as the seed's scripts have them.
Result<Endpoint> parse_endpoint(std::string_view host, std::string_view port);

/// `HOST:PORT`, with brackets around a host that has colons.
std::string to_string(const Endpoint& endpoint);

}  // namespace netcopy
