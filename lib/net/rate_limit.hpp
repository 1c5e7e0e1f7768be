#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "net/task.hpp"

namespace netcopy {

/// So many bytes a second, for everything that shares it (--bwlimit): a token bucket that holds
/// 30 ms' worth, so that no second carries more than 3 % too much. Thread-safe. Time is passed in
/// and must not go back by more than the threads' disorder.
class RateLimit {
public:
    /// 0: no limit.
    explicit RateLimit(std::uint64_t bytes_a_second);

    bool limits() const { return rate_ != 0; }
    /// How many of `wanted` bytes may move now; none before half the bucket is full, so that
    /// limited transfers do not go by single bytes.
    std::size_t take(std::size_t wanted, Clock::time_point now);
    /// Of the last take(), what was not moved after all.
    void give_back(std::size_t bytes);
    /// When take() will give something again.
    Clock::time_point next() const;
    double depth() const { return depth_; }  ///< bytes

private:
    void fill(Clock::time_point now);

    const std::uint64_t rate_;  // bytes a second
    const double depth_;        // bytes
    mutable std::mutex mutex_;
    double tokens_ = 0;  // bytes
    Clock::time_point filled_;
};

/// What the system buffers for us would otherwise hide a limit from the sender for a while. Before
/// anything is read.
void limit_receive_buffer(Socket& socket, const RateLimit& rate);

}  // namespace netcopy
