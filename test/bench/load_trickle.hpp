// Connections that keep a server waiting: each sends one byte a second and never ends its message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "load_protocol.hpp"
#include "load_socket.hpp"

namespace load {

// A server may end such a connection (that is what its limits are for); it is then opened anew,
// so that their number stays what was asked for. Times are steady-clock nanoseconds.
class Trickle {
public:
    Trickle(const Address& address, const Codec& codec, unsigned connections);

    // Sends what is due at `now`. Throws std::system_error if a connection cannot be reopened.
    void advance(std::uint64_t now);

    // When the next byte is due; far in the future without connections.
    [[nodiscard]] std::uint64_t due() const { return due_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t reopened() const { return reopened_; }

private:
    struct Slow {
        Descriptor socket;
        std::size_t sent = 0;  // bytes of the unfinished message
    };
    void send_one(Slow& slow);

    const Address& address_;
    const Codec& codec_;
    std::vector<Slow> slow_;
    std::size_t next_ = 0;
    std::uint64_t due_;
    std::uint64_t bytes_ = 0;
    std::uint64_t reopened_ = 0;
};

}  // namespace load
