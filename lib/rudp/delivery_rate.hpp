#pragma once

#include <cstddef>
#include <cstdint>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// What congestion control wants to be remembered of each packet until it is acknowledged or lost.
struct SendState {
    std::uint64_t delivered = 0;  ///< bytes that were delivered when it was sent
    Time delivered_time;
    Time first_sent_time;
    std::uint64_t in_flight = 0;  ///< bytes, itself included
    std::uint64_t lost = 0;       ///< bytes lost by then
    std::uint64_t sent = 0;       ///< bytes sent by then, itself included
    std::uint32_t train = 0;      ///< of packets that left together
    bool app_limited = false;
    bool slow = false;  ///< sent on purpose at less than the bottleneck's rate
};

/// A sample of the rate at which the path delivers.
struct RateSample {
    double rate = 0;                    ///< bytes per second; 0: none
    std::uint64_t prior_delivered = 0;  ///< when the latest acknowledged packet was sent
    std::uint64_t prior_in_flight = 0;  ///< bytes, then
    std::uint64_t prior_lost = 0;       ///< bytes, then
    bool app_limited = false;
};

/// Delivery rate estimation: draft-ietf-ccwg-bbr, section 4.1. A sample spans the time from the
/// acknowledgement before a packet was sent to its own, or the time in which those bytes were sent
/// if that is longer: acknowledgements that come in a heap pretend no rate.
class DeliveryRate {
public:
    explicit DeliveryRate(Time now) : delivered_time_(now), first_sent_time_(now) {}

    /// `in_flight`: bytes, without the packet.
    SendState on_sent(Time now, std::size_t bytes, std::uint64_t in_flight);
    void on_acked(Time now, std::size_t bytes, Time sent, const SendState& state);
    void on_lost(std::size_t bytes) { lost_ += bytes; }
    void on_app_limited(std::uint64_t in_flight) {
        app_limited_until_ = delivered_ + in_flight + 1;
    }
    /// Of what was acknowledged since the last call; spans shorter than `shortest` give no rate.
    RateSample take(Duration shortest);

    std::uint64_t delivered() const { return delivered_; }  ///< bytes
    std::uint64_t lost() const { return lost_; }            ///< bytes
    std::uint64_t sent() const { return sent_; }            ///< bytes
    bool app_limited() const { return app_limited_until_ != 0; }

private:
    std::uint64_t delivered_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t app_limited_until_ = 0;  // 0: not
    Time delivered_time_;
    Time first_sent_time_;  // of the packets that the present span is about

    bool any_ = false;  // what follows is of the latest packet acknowledged since take()
    SendState latest_;
    Time latest_sent_;
};

}  // namespace netcopy::rudp
