#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// Spreads packets over time: in bursts, so that several go out with one system call, whose mean is
/// the rate.
class Pacer {
public:
    /// A whole burst may go out at once.
    explicit Pacer(Time now) : paid_(now - std::chrono::hours(1)), ready_(now) {}

    bool may_send(Time now) const { return now >= ready_; }
    Time ready() const { return ready_; }
    /// `rate` in bytes per second, `burst` in bytes.
    void on_sent(Time now, std::size_t bytes, std::uint64_t rate, std::size_t burst) {
        const Duration credit = time_for(burst, rate);
        const Duration owed = busy_ ? std::max(credit, catch_up) : credit;
        busy_ = true;
        paid_ = std::max(paid_, now - owed) + time_for(bytes, rate);
        if (paid_ >= now) ready_ = now + (paid_ - now) + credit;  // a whole burst's credit later
    }
    /// Something else holds back now, or there is nothing to send: that time is not made up for.
    void on_blocked() { busy_ = false; }
    /// The rate may have become another: nobody waits longer than for a burst at the present one.
    void on_rate(Time now, std::uint64_t rate, std::size_t burst) {
        ready_ = std::min(ready_, now + time_for(burst, rate));
        paid_ = std::min(paid_, ready_);
    }

private:
    static Duration time_for(std::uint64_t bytes, std::uint64_t rate) {
        return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(bytes) * 1e9 /
                                                                  static_cast<double>(rate)));
    }

    // A busy machine wakes up late; what it could not send meanwhile it may send then.
    static constexpr Duration catch_up = std::chrono::milliseconds(5);

    bool busy_ = false;  // it alone held back what there was to send
    Time paid_;          // what was sent is worth the time until then
    Time ready_;         // nothing is sent before
};

}  // namespace netcopy::rudp
