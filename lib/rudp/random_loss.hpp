#pragma once

#include <cmath>
#include <cstdint>

namespace netcopy::rudp {

/// The share of packets that a path loses whatever is sent: measured with what was sent on purpose
/// below the bottleneck's rate and met no queue. What is lost beyond that is congestion.
class RandomLoss {
public:
    void count(std::uint64_t lost, std::uint64_t acked) {
        lost_ += static_cast<double>(lost);
        all_ += static_cast<double>(lost + acked);
    }
    /// The half of what was counted is forgotten when there is more than `most` bytes of it.
    void forget(std::uint64_t most) {
        if (all_ <= static_cast<double>(most)) return;
        lost_ /= 2;
        all_ /= 2;
    }
    double share() const { return all_ > 0 ? lost_ / all_ : 0; }  ///< 0 to 1
    /// Whether `lost` of `all` bytes in packets of `datagram` are more than chance explains: more
    /// than two in a hundred and three standard deviations.
    bool exceeded(std::uint64_t lost, std::uint64_t all, std::size_t datagram) const {
        const auto size = static_cast<double>(datagram);
        const double packets = static_cast<double>(all) / size;
        if (static_cast<double>(lost) < 3 * size) return false;
        // Before anything is known: as if one of a hundred had been lost.
        const double known = (lost_ + size) / (all_ + 100 * size);
        const double deviation =
            std::sqrt(known * (1 - known) * (1 / packets + size / (all_ + 100 * size)));
        return static_cast<double>(lost) / static_cast<double>(all) > known + 0.02 + 3 * deviation;
    }

private:
    double lost_ = 0;  // bytes
    double all_ = 0;
};

}  // namespace netcopy::rudp
