#include "slow_link_path.hpp"

#include <algorithm>

namespace slow_link {

Network::Network(const std::vector<Access>& hosts, Duration delay, double loss, std::uint64_t seed)
    : delay_(delay), loss_(loss), random_(seed) {
    for (const Access& access : hosts) {
        const Line line(access.rate, access.queue);
        hosts_.push_back({line, line, {}, {}, {}});
    }
}

void Network::send(std::size_t from, std::span<const std::uint8_t> packet, Time now) {
    if (target(packet) >= hosts_.size()) return;  // the kernel's own words, to nobody here
    Host& host = hosts_[from];
    ++host.counters.sent;
    if (std::uniform_real_distribution<>(0, 1)(random_) < loss_) {
        ++host.counters.lost;
        return;
    }
    Time gone;
    if (!host.up.pass(packet.size(), now, gone)) {
        ++host.counters.overflowed;
        return;
    }
    Packet copy;
    if (!spare_.empty()) {
        copy = std::move(spare_.back());
        spare_.pop_back();
    }
    copy.assign(packet.begin(), packet.end());
    host.under_way.put(std::move(copy), gone + delay_);
}

/// `now` is when it was due, not when we looked: a late look must not make a queue.
void Network::arrive(Time now, Packet packet) {
    Host& host = hosts_[target(packet)];
    Time gone;
    if (host.down.pass(packet.size(), now, gone)) {
        host.coming.put(std::move(packet), gone);
    } else {
        ++host.counters.overflowed;
    }
}

std::size_t Network::target(std::span<const std::uint8_t> packet) const {
    constexpr std::size_t least = 20;        // bytes of an IPv4 header
    constexpr std::size_t destination = 16;  // where it stands in it
    if (packet.size() < least || packet[0] >> 4 != 4) return hosts_.size();
    if (packet[destination] != 10 || packet[destination + 1] != 77) return hosts_.size();
    return packet[destination + 3] - std::size_t{1};
}

Time Network::next() const {
    Time next = Time::max();
    for (const Host& host : hosts_) {
        next = std::min({next, host.under_way.next(), host.coming.next()});
    }
    return next;
}

}  // namespace slow_link
