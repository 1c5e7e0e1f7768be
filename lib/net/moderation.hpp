#pragma once

#include <chrono>
#include <cstddef>

#include "net/task.hpp"

namespace netcopy {

/// Tells whether datagrams come so fast and so small that waking up for each would cost more than
/// taking it: a hop to the disk pool and back is about 50 us (docs/benchmarks.md). Then the link
/// looks again after a pause, for all that has come meanwhile, as network cards do (interrupt
/// moderation). Time is passed in. Not thread-safe.
class Moderation {
public:
    static constexpr std::chrono::microseconds pause{250};

    /// So many came at `now`, 0 as well: datagrams, or runs of them that the kernel has joined.
    void received(std::size_t pieces, std::size_t bytes, Clock::time_point now) {
        pieces_ += pieces;
        bytes_ += bytes;
        const auto passed = now - began_;
        if (passed < window) return;
        const bool fast = pieces_ * shortest_gap > passed;
        const bool small = bytes_ < pieces_ * small_piece;
        dense_ = fast && small;
        pieces_ = bytes_ = 0;
        began_ = now;
    }
    bool dense() const { return dense_; }

private:
    static constexpr std::chrono::milliseconds window{5};
    static constexpr std::chrono::microseconds shortest_gap{100};
    static constexpr std::size_t small_piece = 4096;  // bytes

    std::size_t pieces_ = 0, bytes_ = 0;  // of this window
    Clock::time_point began_{};
    bool dense_ = false;
};

}  // namespace netcopy
