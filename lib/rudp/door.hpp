#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// What makes a server answer a REQUEST without keeping anything, and tells who has shown that it
/// receives what is sent to its address (docs/protocol/rudp.md, "Opening"). Thread-safe: it is
/// constant.
class Door {
public:
    using Mac = std::array<std::byte, 16>;
    /// Keyed: nobody else can compute it.
    using MacFn = std::function<Mac(Bytes)>;

    /// `start` is the beginning of the server's time in cookies.
    Door(MacFn mac, Time start);

    /// For a REQUEST without a cookie.
    Cookie cookie(Time now, const Address& from, const Header& header,
                  const Request& request) const;
    /// The age of the REQUEST's cookie, which is a round trip and the client's pause. No value: it
    /// has none, or one of another address, request or server, or too old.
    std::optional<Duration> check(Time now, const Address& from, const Header& header,
                                  const Request& request) const;

private:
    Mac mac(std::uint64_t time, const Address& from, const Header& header,
            const Request& request) const;
    MacFn mac_;
    Time start_;
};

}  // namespace netcopy::rudp
