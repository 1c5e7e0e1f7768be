#pragma once

#include "base/limits.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace netcopy {

/// How a stalled transfer is told from a slow one: in every `window` at least limits::stall_bytes
/// must move. A zero window waits for ever.
struct StallLimit {
    Clock::duration window = limits::transfer_stall;
};

/// Counts the time that the peer lets us wait for its next stall_bytes, and only that: not our own
/// disk's. Sets the stream's deadline.
class StallGuard {
public:
    StallGuard(Stream& stream, StallLimit limit) : stream_(stream), window_(limit.window) {}
    ~StallGuard() { stream_.no_deadline(); }

    void before_wait() {
        began_ = Clock::now();
        if (window_ != Clock::duration::zero()) stream_.deadline(began_ + window_ - waited_);
    }
    void after_wait() {
        waited_ += Clock::now() - began_;
        stream_.no_deadline();  // it would come in the middle of our own work
    }

    void moved(std::uint64_t bytes) {
        bytes_ += bytes;
        if (bytes_ < limits::stall_bytes) return;
        bytes_ = 0;
        waited_ = {};
    }

private:
    Stream& stream_;
    const Clock::duration window_;
    Clock::duration waited_{};  // since the last stall_bytes
    Clock::time_point began_;
    std::uint64_t bytes_ = 0;
};

}  // namespace netcopy
