#include <algorithm>
#include <chrono>

#include "rudp/sender.hpp"

/// What the peer does not say: losses and silence. RFC 9002, sections 6.1 and 6.2.
namespace netcopy::rudp {

namespace {

using namespace std::chrono_literals;

constexpr Duration longest_timeout = 4s;
constexpr Duration idle_life = 30s;
constexpr Duration unanswered_life = 15s;
constexpr unsigned packets_on_timeout = 2;

}  // namespace

void Sender::detect_losses(Time now) {
    loss_time_ = Time::max();
    if (!any_acked_) return;
    const Duration delay = rtt_.loss_delay();
    bool settled = true;  // all before this one are
    for (std::uint64_t number = oldest_in_flight_; number < largest_acked_; ++number) {
        const SentPacket& packet = sent_[number];
        if (packet.status != SentPacket::Status::in_flight) {
            if (settled) oldest_in_flight_ = number + 1;
            continue;
        }
        if (largest_acked_ - number >= reorder_ || now - packet.sent >= delay) {
            declare_lost(now, number);
            if (settled) oldest_in_flight_ = number + 1;
            continue;
        }
        if (settled) loss_time_ = packet.sent + delay;  // those behind it were sent later
        settled = false;
    }
}

void Sender::declare_lost(Time now, std::uint64_t number) {
    const SentPacket packet = sent_[number];
    sent_.set_status(number, SentPacket::Status::lost);
    ++counts_.lost;
    if (packet.kind == Kind::probe) {
        mtu_.on_probe_lost(packet.size);
        return;
    }
    if (packet.kind == Kind::data) lost_.add(packet.range);
    if (packet.kind == Kind::accept && !accepted_) accept_due_ = true;
    ack_lost_ += packet.size;
    congestion_.on_lost(now, packet.size, packet.state);
    if (mtu_.on_lost(now, packet.size)) congestion_.set_datagram(mtu_.size());
}

void Sender::check_time(Time now) {
    if (ended_) return;
    if (now >= idle_end()) {
        close(CloseCode::idle, "nothing was heard");
        return;
    }
    if (now >= loss_time_) {
        ack_acked_ = ack_lost_ = 0;
        detect_losses(now);
        congestion_.on_ack({now, 0, ack_lost_, sent_.in_flight(), 0, {}, !lost_.empty()});
    }
    if (now >= timeout()) on_timeout(now);
    if (now >= mtu_.next_search()) mtu_.search_again();
}

void Sender::on_timeout(Time now) {
    ++counts_.timeouts;
    ++timeouts_;
    progress_ = now;
    if (mtu_.on_timeouts(now, timeouts_)) congestion_.set_datagram(mtu_.size());
    if (!accepted_) accept_due_ = true;
    forced_ = packets_on_timeout;
    for (unsigned i = 0; i < packets_on_timeout; ++i) put_back_oldest();
    sent_.forget(now);
}

// The oldest content that nobody acknowledged goes to what is to be sent again. It is not called
// lost towards congestion control: nothing tells whether it is.
void Sender::put_back_oldest() {
    for (std::uint64_t number = std::max(oldest_in_flight_, sent_.first()); number < sent_.next();
         ++number) {
        const SentPacket& packet = sent_[number];
        if (packet.status != SentPacket::Status::in_flight) continue;
        if (packet.kind == Kind::data) {
            lost_.add(packet.range);
            sent_.set_status(number, SentPacket::Status::lost);
            return;
        }
        sent_.set_status(number, SentPacket::Status::lost);
        if (packet.kind == Kind::probe) mtu_.on_probe_lost(packet.size);
    }
}

Time Sender::timeout() const {
    if (sent_.packets_in_flight() == 0) return Time::max();
    const Duration once = rtt_.probe_timeout();
    const Duration backed_off = once * (1 << std::min(timeouts_, 10U));
    return progress_ + std::max(once, std::min<Duration>(backed_off, longest_timeout));
}

Time Sender::idle_end() const {
    return heard_ + (sent_.packets_in_flight() > 0 ? unanswered_life : idle_life);
}

}  // namespace netcopy::rudp
