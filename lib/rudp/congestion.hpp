#pragma once

#include <cstddef>
#include <cstdint>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// What congestion control wants to be remembered of each packet until it is acknowledged or lost:
/// draft-ietf-ccwg-bbr, section 4.1 (delivery rate samples).
struct SendState {
    std::uint64_t delivered = 0;  ///< bytes that were delivered when it was sent
    Time delivered_time;
    Time first_sent_time;
    std::uint64_t in_flight = 0;  ///< bytes, itself included
    std::uint64_t lost = 0;       ///< bytes lost by then
    bool app_limited = false;
};

/// Of all that one ACK told, said once it has been worked through.
struct AckSummary {
    Time now;
    std::uint64_t acked = 0;      ///< bytes newly acknowledged
    std::uint64_t lost = 0;       ///< bytes newly declared lost
    std::uint64_t in_flight = 0;  ///< bytes that are now
    std::uint64_t received = 0;   ///< receiver's clock at the largest number, us
    Duration rtt{};               ///< sample, without the receiver's delay; 0: none
    bool in_recovery = false;     ///< something lost is not yet sent again
};

struct CongestionOptions {
    std::size_t datagram = least_datagram;  ///< bytes
    Duration rtt{};                         ///< first sample, of the cookie
    std::uint64_t receive_buffer = 0;       ///< bytes of the peer's socket; 0: unknown
    std::uint64_t seed = 0;                 ///< of the phases chosen at random
};

/// How much may be in flight and at what rate it is sent. No clock, no allocation. One per path.
class Congestion {
public:
    Congestion(const CongestionOptions& options, Time now);

    /// Before each packet is sent; `in_flight` without it.
    SendState on_sent(Time now, std::size_t bytes, std::uint64_t in_flight);
    /// For each packet that an ACK newly acknowledges, in any order, before on_ack().
    void on_acked(Time now, std::size_t bytes, Time sent, const SendState& state);
    /// For each packet newly declared lost; `state` is its own.
    void on_lost(Time now, std::size_t bytes, const SendState& state);
    /// Once for each ACK, and after losses found by time.
    void on_ack(const AckSummary& summary);
    /// There is nothing to send now though the window has room.
    void on_app_limited(std::uint64_t in_flight);
    void set_datagram(std::size_t bytes);

    std::uint64_t window() const;  ///< bytes in flight at most
    std::uint64_t rate() const;    ///< bytes per second, of pacing; > 0
    std::size_t burst() const;     ///< bytes that may go out in one go
    Duration min_rtt() const;

private:
    // by its author
};

}  // namespace netcopy::rudp
