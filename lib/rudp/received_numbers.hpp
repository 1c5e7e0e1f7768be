#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// Which numbers have arrived: the newest ranges of them, as many as an ACK can say.
class ReceivedNumbers {
public:
    /// False: it was there already, or is older than everything that is remembered.
    bool add(std::uint64_t number);
    /// Descending.
    std::span<const Numbers> ranges() const { return std::span(ranges_).first(count_); }

private:
    void insert(std::size_t at, Numbers range);

    std::array<Numbers, most_ack_ranges + 1> ranges_{};
    std::size_t count_ = 0;
};

}  // namespace netcopy::rudp
