#include "net/rate_limit.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace netcopy {
namespace {

constexpr double bucket_seconds = 0.03;
constexpr double least_depth = 64;  // bytes

}  // namespace

RateLimit::RateLimit(std::uint64_t bytes_a_second)
    : rate_(bytes_a_second),
      depth_(std::max(least_depth, static_cast<double>(bytes_a_second) * bucket_seconds)) {}

void RateLimit::fill(Clock::time_point now) {
    if (now <= filled_) return;
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    tokens_ = std::min(depth_, tokens_ + seconds * static_cast<double>(rate_));
    filled_ = now;
}

std::size_t RateLimit::take(std::size_t wanted, Clock::time_point now) {
    if (!limits()) return wanted;
    const std::lock_guard guard(mutex_);
    if (filled_ == Clock::time_point()) {  // the first second is to hold, too
        filled_ = now;
        tokens_ = depth_ / 2;
    }
    fill(now);
    if (tokens_ < std::min(static_cast<double>(wanted), depth_ / 2)) return 0;
    const std::size_t taken = std::min(wanted, static_cast<std::size_t>(tokens_));
    tokens_ -= static_cast<double>(taken);
    return taken;
}

void RateLimit::give_back(std::size_t bytes) {
    if (!limits()) return;
    const std::lock_guard guard(mutex_);
    tokens_ += static_cast<double>(bytes);
}

Clock::time_point RateLimit::next() const {
    if (!limits()) return Clock::time_point::min();
    const std::lock_guard guard(mutex_);
    const double seconds = std::max(0.0, depth_ / 2 - tokens_) / static_cast<double>(rate_);
    return filled_ +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)) +
           std::chrono::microseconds(1);
}

void limit_receive_buffer(Socket& socket, const RateLimit& rate) {
    constexpr double least = 16 * 1024, most = 4 << 20;  // bytes
    if (!rate.limits()) return;
    const int size = static_cast<int>(std::clamp(rate.depth(), least, most));
    error_code ignored;
    socket.set_option(asio::socket_base::receive_buffer_size(size), ignored);
}

}  // namespace netcopy
