#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "net/udp_address.hpp"
#include "rudp/packet.hpp"
#include "rudp/sender.hpp"

/// Between the words of rudp and those of the rest.
namespace netcopy {

/// As rudp's state machines see an address: opaque, and without the scope.
rudp::Address to_rudp(const UdpAddress& address);

/// Of 64 hex digits; zeros (any) when it is something else.
rudp::Tag to_tag(std::string_view sha256);

/// Nobody can guess it.
std::uint64_t random_number();

/// What the end of a connection means to who fetches: "PEER says ...", or that it fell silent.
Error fetch_error(const rudp::Ended& ended, bool was_open, const std::string& peer);

}  // namespace netcopy
