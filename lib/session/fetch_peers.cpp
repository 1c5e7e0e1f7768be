#include "session/fetch_peers.hpp"

#include <algorithm>

namespace netcopy {
namespace {

constexpr std::chrono::milliseconds first_pause{250};
constexpr std::uint64_t most_doublings = 5;  // 8 s

}  // namespace

FetchPeers::Peer* FetchPeers::find(const UdpAddress& address) {
    const auto found = std::ranges::find(peers_, address, &Peer::address);
    return found == peers_.end() ? nullptr : &*found;
}

FetchPeers::Peer& FetchPeers::add(const UdpAddress& address, std::string shown,
                                  FetchPlan::Source source) {
    return peers_.emplace_back(Peer{address, std::move(shown), source, State::idle, {}, 0, false});
}

FetchPeers::Peer* FetchPeers::find(FetchPlan::Source source) {
    const auto found = std::ranges::find(peers_, source, &Peer::source);
    return found == peers_.end() ? nullptr : &*found;
}

void FetchPeers::ended(Peer& peer, const Error& why, bool for_good, std::uint64_t arrived,
                       Clock::time_point now) {
    if (peer.state != State::talking) return;
    last_error_ = why;
    if (arrived > arrived_) peer.fruitless = 0;
    arrived_ = arrived;
    peer.for_good = for_good;
    const std::uint64_t most = arrived == 0 ? first_retries_ : retries_;
    if (for_good || peer.fruitless >= most) {
        peer.state = State::gone;
        return;
    }
    peer.again = now + first_pause * (1U << std::min(peer.fruitless, most_doublings));
    ++peer.fruitless;
    peer.state = State::waiting;
}

std::vector<FetchPeers::Peer*> FetchPeers::due(Clock::time_point now) {
    std::vector<Peer*> found;
    for (Peer& peer : peers_) {
        const bool over = peer.state == State::waiting && peer.again <= now;
        if (over || peer.state == State::idle) found.push_back(&peer);
    }
    return found;
}

Clock::time_point FetchPeers::next_try() const {
    auto next = Clock::time_point::max();
    for (const Peer& peer : peers_) {
        if (peer.state == State::waiting) next = std::min(next, peer.again);
    }
    return next;
}

bool FetchPeers::hope() const {
    return std::ranges::any_of(peers_, [](const Peer& peer) {
        return peer.state != State::gone && peer.state != State::excluded;
    });
}

}  // namespace netcopy
