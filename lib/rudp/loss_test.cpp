#include "rudp/loss_test.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace netcopy::rudp {
namespace {

constexpr double random_packets = 4000;  // enough to know 5 % to a third of one
constexpr double queued_packets = 500;
constexpr double assumed_packets = 100;  // of which one was lost, before anything is known
constexpr double margin = 0.002;
constexpr double deviations = 3;

}  // namespace

void LossTest::Count::add(std::uint64_t more_lost, std::uint64_t more_acked) {
    lost += static_cast<double>(more_lost);
    all += static_cast<double>(more_lost + more_acked);
}

void LossTest::Count::forget(double most) {
    if (all <= most) return;
    lost /= 2;
    all /= 2;
}

void LossTest::count_random(std::uint64_t lost, std::uint64_t acked, std::size_t datagram) {
    random_.add(lost, acked);
    random_.forget(random_packets * static_cast<double>(datagram));
}

void LossTest::count_queued(std::uint64_t lost, std::uint64_t acked, std::uint64_t in_flight) {
    queued_.add(lost, acked);
    if (lost > 0) in_flight_ = std::max(in_flight_, in_flight);
}

bool LossTest::congested(std::size_t datagram) {
    const auto size = static_cast<double>(datagram);
    const Count now = queued_;
    queued_.forget(queued_packets * size);
    if (now.lost < 3 * size) return false;
    const double basis = random_.all + assumed_packets * size;
    const double known = (random_.lost + size) / basis;
    const double deviation = std::sqrt(known * (1 - known) * (size / now.all + size / basis));
    return now.share() > known + margin + deviations * deviation;
}

std::uint64_t LossTest::answer() {
    queued_ = {};
    return std::exchange(in_flight_, 0);
}

}  // namespace netcopy::rudp
