#pragma once

#include <cstddef>
#include <cstdint>

namespace netcopy::rudp {

/// Tells congestion from random loss. What a path loses of packets that were sent below the
/// bottleneck's rate and met no queue, it loses at random; congestion is when clearly more is lost
/// while a queue stands.
class LossTest {
public:
    /// `datagram`: bytes of the packets, of which chance takes one at a time.
    void count_random(std::uint64_t lost, std::uint64_t acked, std::size_t datagram);
    /// Of packets that were sent below the bottleneck's rate as well, but met a queue: at random no
    /// more is lost than this.
    void count_at_most(std::uint64_t lost, std::uint64_t acked, std::size_t datagram);
    /// `in_flight`: bytes when the latest of the lost packets were sent.
    void count_queued(std::uint64_t lost, std::uint64_t acked, std::uint64_t in_flight);
    /// To be asked once for each round trip.
    bool congested(std::size_t datagram);
    /// Begins anew, with what was in flight at the congestion.
    std::uint64_t answer();
    /// Whether the congestion that was answered last was none, as is known by now.
    bool mistaken(std::size_t datagram) const;

    double random_share() const { return random_.share(); }  ///< 0 to 1

private:
    struct Count {
        double lost = 0;  // bytes
        double all = 0;
        double share() const { return all > 0 ? lost / all : 0; }
        void add(std::uint64_t more_lost, std::uint64_t more_acked);
        void forget(double most);  // half of it, when there is more than that
    };
    bool exceeds_chance(const Count& count, std::size_t datagram) const;

    Count random_, at_most_, queued_, answered_;
    std::uint64_t in_flight_ = 0;
};

}  // namespace netcopy::rudp
