#pragma once

#include <cstddef>
#include <cstdint>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// The bottleneck's rate from how far packets that left together have been pulled apart when they
/// arrive: packet trains (Dovrolis, Ramanathan, Moore 2001), by the receiver's clock, so that lost
/// or heaped acknowledgements do not matter. It is the peer's word: a hint, never a permission.
class Dispersion {
public:
    /// Of the latest packet acknowledged: the train that it left with, bytes sent up to it, and the
    /// receiver's clock (us) when it came. Packets of one train only tell something together.
    void on_ack(Time now, std::uint32_t train, std::uint64_t sent, std::uint64_t received);
    /// Bytes per second; 0: not known yet. Below `least` bytes measured it is not.
    double rate(std::uint64_t least) const;

private:
    struct Point {
        Time now;
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
    };
    double seconds(const Point& from, const Point& to) const;

    bool any_ = false;
    std::uint32_t train_ = 0;
    Point first_, last_;
    double bytes_ = 0;  // of trains that are complete
    double seconds_ = 0;
};

}  // namespace netcopy::rudp
