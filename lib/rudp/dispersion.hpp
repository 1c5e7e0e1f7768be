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
    void on_ack(std::uint32_t train, std::uint64_t sent, std::uint64_t received);
    /// Bytes per second; 0: not known yet. Below `least` bytes measured it is not.
    double rate(std::uint64_t least) const;

private:
    struct Point {
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
    };
    struct Span {
        std::uint64_t bytes = 0;
        std::uint64_t microseconds = 0;
        void operator+=(const Span& other) {
            bytes += other.bytes;
            microseconds += other.microseconds;
        }
    };
    Span present() const;

    bool any_ = false;
    std::uint32_t train_ = 0;
    Point first_, before_, last_;  // of the present train; before_ is of another time than last_
    Span complete_;                // trains before the present one
};

}  // namespace netcopy::rudp
