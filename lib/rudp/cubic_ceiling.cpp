#include "rudp/cubic_ceiling.hpp"

#include <algorithm>
#include <cmath>

namespace netcopy::rudp {
namespace {

// RFC 9438, sections 4.1 to 4.7.
constexpr double cut = 0.7;
constexpr double growth = 0.4;  // segments per second cubed
constexpr double friendly_growth = 3 * (1 - cut) / (1 + cut);

}  // namespace

void CubicCeiling::on_congestion(Time now, std::uint64_t in_flight, std::size_t datagram) {
    segment_ = static_cast<double>(datagram);
    const double reached = static_cast<double>(in_flight);
    // Fast convergence: who has less than at the last congestion makes room for a newcomer.
    most_ = bytes_ > 0 && reached < most_ ? reached * (1 + cut) / 2 : reached;
    bytes_ = friendly_ = std::max(cut * reached, 4 * segment_);
    until_most_ = std::cbrt(std::max(most_ - bytes_, 0.0) / segment_ / growth);
    since_ = now;
}

void CubicCeiling::on_acked(Time now, std::uint64_t acked) {
    if (bytes_ <= 0) return;
    const double time = std::chrono::duration<double>(now - since_).count() - until_most_;
    const double cubic = most_ + growth * time * time * time * segment_;
    const double factor = friendly_ < most_ ? friendly_growth : 1;
    friendly_ += factor * segment_ * static_cast<double>(acked) / friendly_;
    // Never more than half as much again in a round trip, however long nothing was acknowledged.
    const double most = bytes_ + static_cast<double>(acked) / 2;
    bytes_ = std::clamp(std::max(cubic, friendly_), bytes_, most);
}

}  // namespace netcopy::rudp
