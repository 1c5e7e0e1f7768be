#pragma once

#include <algorithm>
#include <chrono>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// Round-trip time and its variation: RFC 9002, section 5.
class RoundTrip {
public:
    explicit RoundTrip(Duration first) { reset(first); }

    void reset(Duration first) {
        first = std::max(first, Duration(std::chrono::microseconds(1)));
        latest_ = smoothed_ = min_ = first;
        variation_ = first / 2;
    }
    /// `delay`: how long the peer says that it waited. Returns the sample without it.
    Duration sample(Duration latest, Duration delay) {
        min_ = std::min(min_, latest);
        latest_ = latest - min_ >= delay ? latest - delay : latest;
        const Duration away = latest_ > smoothed_ ? latest_ - smoothed_ : smoothed_ - latest_;
        variation_ = (3 * variation_ + away) / 4;
        smoothed_ = (7 * smoothed_ + latest_) / 8;
        return latest_;
    }

    Duration latest() const { return latest_; }
    Duration smoothed() const { return smoothed_; }
    /// When a packet sent later was acknowledged: how long ago one was sent that must be lost.
    Duration loss_delay() const { return std::max(latest_, smoothed_) * 9 / 8 + granularity; }
    /// After so long without an acknowledgement something must be done.
    Duration probe_timeout() const {
        return smoothed_ + std::max(4 * variation_, granularity) + most_ack_delay;
    }

private:
    static constexpr Duration granularity = std::chrono::milliseconds(1);
    static constexpr Duration most_ack_delay = std::chrono::milliseconds(25);

    Duration latest_, smoothed_, min_, variation_;
};

}  // namespace netcopy::rudp
