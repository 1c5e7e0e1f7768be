#include "rudp/path_mtu.hpp"

#include <algorithm>
#include <chrono>

namespace netcopy::rudp {

namespace {

constexpr unsigned most_tries = 3;
// What any Ethernet carries is tried at once; of larger ones, which are a burst in themselves where
// the path takes them, one at a time.
constexpr std::size_t most_together = 1472;
constexpr unsigned black_hole_losses = 16;  // chance alone: less than 1 in 10^20 at a loss of 5 %
constexpr unsigned black_hole_timeouts = 3;
constexpr Duration search_pause = std::chrono::seconds(60);

}  // namespace

std::size_t PathMtu::probe() const {
    bool waiting = false;  // for the answer to a smaller one
    for (const Candidate& each : candidates_) {
        if (each.size <= size_ || each.size > most_) continue;
        if (each.due) return waiting && each.size > most_together ? 0 : each.size;
        waiting = true;
    }
    return 0;
}

void PathMtu::on_probe_sent(std::size_t size) {
    if (Candidate* candidate = find(size)) candidate->due = false;
}

void PathMtu::on_probe_lost(std::size_t size) {
    Candidate* candidate = find(size);
    if (!candidate) return;
    candidate->due = ++candidate->tries < most_tries;
    if (!candidate->due && size > size_) most_ = std::min(most_, size - 1);
}

void PathMtu::on_acked(std::size_t size) {
    if (size > least_datagram) lost_large_ = 0;
    size_ = std::max(size_, std::min(size, most_));
}

bool PathMtu::on_lost(Time now, std::size_t size) {
    if (size <= least_datagram || ++lost_large_ < black_hole_losses) return false;
    return fall_back(now);
}

bool PathMtu::on_timeouts(Time now, unsigned in_a_row) {
    return in_a_row >= black_hole_timeouts && fall_back(now);
}

void PathMtu::on_too_big(std::size_t size) {
    most_ = std::min(most_, size - 1);
    size_ = std::max(std::min(size_, most_), least_datagram);
}

bool PathMtu::fall_back(Time now) {
    lost_large_ = 0;
    if (size_ == least_datagram) return false;
    size_ = least_datagram;
    for (Candidate& each : candidates_) each.due = false;
    next_search_ = now + search_pause;
    return true;
}

void PathMtu::search_again() {
    for (Candidate& each : candidates_) each = {each.size};
    next_search_ = Time::max();
}

PathMtu::Candidate* PathMtu::find(std::size_t size) {
    const auto at = std::ranges::find(candidates_, size, &Candidate::size);
    return at == candidates_.end() ? nullptr : &*at;
}

}  // namespace netcopy::rudp
