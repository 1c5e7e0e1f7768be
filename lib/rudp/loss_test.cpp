#include "rudp/loss_test.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace netcopy::rudp {
namespace {

constexpr double random_packets = 4000;  // enough to know 5 % to a third of one
constexpr double bound_packets = 200;
constexpr double queued_packets = 500;
constexpr double assumed_packets = 100;  // of which one was lost, before anything is known
constexpr double margin = 0.002;
constexpr double deviations = 4;  // chance alone: about once in 30,000 round trips

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

void LossTest::count_at_most(std::uint64_t lost, std::uint64_t acked, std::size_t datagram) {
    at_most_.add(lost, acked);
    if (at_most_.all < bound_packets * static_cast<double>(datagram)) return;
    if (at_most_.share() < random_.share() / 2) random_ = at_most_;
    at_most_ = {};
}

void LossTest::count_queued(std::uint64_t lost, std::uint64_t acked, std::uint64_t in_flight) {
    queued_.add(lost, acked);
    if (lost > 0) in_flight_ = std::max(in_flight_, in_flight);
}

bool LossTest::exceeds_chance(const Count& count, std::size_t datagram) const {
    const auto size = static_cast<double>(datagram);
    if (count.lost < 3 * size) return false;
    const double basis = random_.all + assumed_packets * size;
    const double known = (random_.lost + size) / basis;
    const double deviation = std::sqrt(known * (1 - known) * (size / count.all + size / basis));
    return count.share() > known + margin + deviations * deviation;
}

bool LossTest::congested(std::size_t datagram) {
    const bool yes = exceeds_chance(queued_, datagram);
    if (!yes) queued_.forget(queued_packets * static_cast<double>(datagram));
    return yes;
}

std::uint64_t LossTest::answer() {
    answered_ = std::exchange(queued_, {});
    return std::exchange(in_flight_, 0);
}

bool LossTest::mistaken(std::size_t datagram) const {
    return answered_.all > 0 && !exceeds_chance(answered_, datagram);
}

}  // namespace netcopy::rudp
