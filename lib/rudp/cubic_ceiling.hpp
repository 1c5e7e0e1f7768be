#pragma once

#include <cstddef>
#include <cstdint>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// How much may be in flight after congestion: what CUBIC's window would be (RFC 9438), so that a
/// flow that keeps below it takes from a full queue about what TCP takes. There is none until
/// congestion was seen, nor when it has grown beyond what the sender wants anyway.
class CubicCeiling {
public:
    /// `in_flight`: bytes that were too many; `datagram`: bytes that count as one segment.
    void on_congestion(Time now, std::uint64_t in_flight, std::size_t datagram);
    void on_acked(Time now, std::uint64_t bytes);
    void lift() { bytes_ = 0; }
    std::uint64_t bytes() const { return static_cast<std::uint64_t>(bytes_); }  ///< 0: none

private:
    double segment_ = 0;  // bytes
    double bytes_ = 0;
    double most_ = 0;        // where there was congestion
    double friendly_ = 0;    // bytes; Reno's window
    double until_most_ = 0;  // seconds from the congestion until most_ is reached again
    Time since_;
};

}  // namespace netcopy::rudp
