#include "test/sim/watch.hpp"

#include <algorithm>

namespace netcopy::sim {

namespace {

// What only the one who got it can say: the cookie of a COOKIE or REQUEST, the token of a PATH.
std::vector<std::byte> secret_of(Bytes packet) {
    const auto header = rudp::parse_header(packet);
    const auto copy = [](const auto& bytes) {
        return std::vector<std::byte>(bytes.begin(), bytes.end());
    };
    if (!header) return {};
    if (header->kind == rudp::Kind::cookie) {
        if (const auto cookie = rudp::parse_cookie(packet)) return copy(*cookie);
    } else if (header->kind == rudp::Kind::path) {
        if (const auto path = rudp::parse_path(packet)) return copy(path->token);
    } else if (header->kind == rudp::Kind::request) {
        const auto request = rudp::parse_request(packet);
        if (request && request->cookie) return copy(*request->cookie);
    }
    return {};
}

}  // namespace

void AmplificationWatch::received(const Address& from, Bytes packet) {
    Peer& peer = peers_[from];
    peer.received += packet.size() + rudp::seal_size;
    if (peer.proven) return;
    const auto secret = secret_of(packet);
    peer.proven = !secret.empty() && peer.secrets.contains(secret);
}

void AmplificationWatch::sent(const Address& to, Bytes packet) {
    Peer& peer = peers_[to];
    if (peer.proven) return;
    peer.sent += packet.size() + rudp::seal_size;
    if (auto secret = secret_of(packet); !secret.empty()) peer.secrets.insert(std::move(secret));
    require(peer.sent <= peer.received,
            "more was sent to an unproven address than came from it: " + std::to_string(peer.sent) +
                " > " + std::to_string(peer.received));
}

void FlightWatch::transmitted(const Look& before, const Look& after, rudp::Kind kind) {
    if (after.timeouts > before.timeouts) probes_ = 2;
    if (after.in_flight <= before.in_flight || kind == rudp::Kind::accept) return;
    if (after.in_flight <= std::max(before.window, after.window)) return;
    if (probes_ == 0 && kind == rudp::Kind::ping) return;
    require(probes_ > 0, "more is in flight than the window: " + std::to_string(after.in_flight) +
                             " > " + std::to_string(after.window));
    --probes_;
}

void check_drained(Time now, Time deadline, const char* who) {
    require(deadline > now, std::string(who) + ": a deadline in the past, and nothing to send");
}

}  // namespace netcopy::sim
