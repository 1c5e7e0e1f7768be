#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// Which size of datagram the path carries: RFC 8899 in short (docs/protocol/rudp.md, "Path MTU").
class PathMtu {
public:
    explicit PathMtu(std::size_t peer_takes) : most_(peer_takes) {}

    std::size_t size() const { return size_; }  ///< bytes of a datagram that are known to pass
    /// The size of a PROBE that should be sent now; 0: none.
    std::size_t probe() const;
    void on_probe_sent(std::size_t size);
    void on_probe_lost(std::size_t size);
    /// A datagram of that size has arrived, PROBE or not.
    void on_acked(std::size_t size);
    /// A datagram of that size was lost. True: the path swallows the large ones, size() fell back.
    bool on_lost(Time now, std::size_t size);
    /// The same after so many time-outs in a row.
    bool on_timeouts(Time now, unsigned in_a_row);
    /// The own interface takes none of that size.
    void on_too_big(std::size_t size);
    /// When probing begins anew; Time::max(): never.
    Time next_search() const { return next_search_; }
    void search_again();

private:
    struct Candidate {
        std::size_t size;
        unsigned tries = 0;
        bool due = true;
    };

    bool fall_back(Time now);
    Candidate* find(std::size_t size);

    std::array<Candidate, 8> candidates_{
        {{1452}, {1472}, {4432}, {8932}, {8952}, {16'384}, {32'768}, {largest_datagram}}};
    std::size_t size_ = least_datagram;
    std::size_t most_;
    unsigned lost_large_ = 0;  // in a row, with none of them acknowledged
    Time next_search_ = Time::max();
};

}  // namespace netcopy::rudp
