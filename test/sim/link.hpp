#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rudp/packet.hpp"
#include "test/sim/random.hpp"

namespace netcopy::sim {

using rudp::Duration;
using rudp::Time;

/// Bytes of IPv4 and UDP headers, which a link carries too.
inline constexpr std::size_t overhead = 28;

/// What goes wrong on a link, each as a probability of a packet.
struct Faults {
    double loss = 0;
    double burst_begin = 0;  ///< Gilbert-Elliott: from the good state to the bad one
    double burst_end = 1;    ///< and back
    double burst_loss = 1;   ///< loss in the bad state
    double duplicate = 0;
    double reorder = 0;  ///< held back by up to `reorder_by`
    Duration reorder_by{};
    double corrupt = 0;   ///< bits flipped so that UDP's own checksum does not tell
    std::size_t mtu = 0;  ///< larger packets vanish, headers included; 0: none
};

struct LinkOptions {
    double rate = 1e9 / 8;            ///< bytes per second
    std::uint64_t queue = 64 * 1024;  ///< bytes, drop-tail
    Duration delay{};                 ///< one way
    Duration jitter{};                ///< up to so much more, in order
    Faults faults;
};

/// One direction of a link: a rate, a queue in front of it, a delay behind it, and accidents.
class Link {
public:
    Link(const LinkOptions& options, std::uint64_t seed) : options_(options), random_(seed) {}

    struct Arrival {
        Time at;
        bool corrupt = false;
    };
    /// Up to two: a packet may be doubled.
    struct Passage {
        std::array<Arrival, 2> arrivals;
        std::size_t count = 0;
    };
    /// A packet of so many bytes, headers included, comes to the queue now.
    Passage carry(Time now, std::size_t bytes);

    /// What stands in the queue, in bytes.
    std::uint64_t queued(Time now) const;
    LinkOptions& options() { return options_; }

    struct Counts {
        std::uint64_t packets = 0, bytes = 0, overflowed = 0, lost = 0, duplicated = 0,
                      reordered = 0, corrupted = 0, too_big = 0;
        Counts& operator+=(const Counts& other);
    };
    const Counts& counts() const { return counts_; }

private:
    bool loses();
    Arrival arrive(Time departure);

    LinkOptions options_;
    Random random_;
    Time busy_until_{};
    Time last_arrival_{};
    bool bad_ = false;  // the bursts' state
    Counts counts_;
};

}  // namespace netcopy::sim
