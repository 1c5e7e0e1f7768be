#include <algorithm>
#include <chrono>
#include <cstring>

#include "rudp/sender.hpp"

/// What the peer says: acknowledgements, wishes, another address.
namespace netcopy::rudp {

namespace {

constexpr std::size_t most_wishes = 256;
constexpr std::uint64_t most_reorder = 128;

}  // namespace

void Sender::on_packet(Time now, const Address& from, const Header& header, Bytes packet) {
    if (ended_) return;
    if (header.kind == Kind::ack) {
        Ack ack;
        if (!parse_ack(packet, ack)) return;
        heard_ = now;
        on_other_address(from, header);
        on_ack(now, header, ack);
    } else if (header.kind == Kind::close) {
        const auto close = parse_close(packet);
        if (close) ended_ = Ended{close->code, std::string(close->text), true};
    } else if (header.kind == Kind::path) {
        if (const auto path = parse_path(packet)) on_path(now, from, *path);
    }
    ack_number_ = std::max(ack_number_, header.number);
}

void Sender::on_other_address(const Address& from, const Header& header) {
    if (from == peer_ || header.number <= ack_number_) return;
    if (!challenge_ || challenge_->to != from) {
        challenge_.emplace();
        challenge_->to = from;
        const std::uint64_t token = options_.token();
        std::memcpy(challenge_->path.token.data(), &token, sizeof(token));
    }
    challenge_->due = true;  // once for each packet: no more bytes than came from there
}

void Sender::on_path(Time now, const Address& from, const Path& path) {
    if (!challenge_ || challenge_->to != from || challenge_->path.token != path.token) return;
    peer_ = from;
    challenge_.reset();
    heard_ = now;
    // Another path: nothing that was measured holds there.
    congestion_ =
        Congestion({least_datagram, rtt_.smoothed(), options_.receive_buffer, random_.next()}, now);
    pacer_ = Pacer(now);
    mtu_ = PathMtu(options_.max_datagram);
}

// Whether this could be true, as far as numbers go: what was never sent has not arrived.
bool Sender::plausible(const Ack& ack) const {
    return ack.range_count == 0 || ack.ranges[0].last < sent_.next();
}

void Sender::on_ack(Time now, const Header& header, const Ack& ack) {
    if (!plausible(ack)) {
        close(CloseCode::breach, "acknowledges what was not sent");
        return;
    }
    ack_acked_ = ack_lost_ = 0;
    ack_rtt_ = Duration::zero();
    take_acked(now, ack);
    if (ended_) return;
    if (ack_acked_ > 0) {
        timeouts_ = 0;
        forced_ = 0;
        progress_ = now;
        detect_losses(now);
        sent_.forget(now - 5 * rtt_.smoothed() / 2 - std::chrono::milliseconds(100));
        acked_.remove({0, sent_.first()});
        oldest_in_flight_ = std::max(oldest_in_flight_, sent_.first());
        congestion_.on_ack({now, ack_acked_, ack_lost_, sent_.in_flight(), ack.received, ack_rtt_,
                            !lost_.empty()});
        pacer_.on_rate(now, congestion_.rate(), congestion_.burst());
    }
    if (header.number <= ack_number_ && ack_number_ > 0) return;  // an old one: nothing new in it
    if (ack.answer) ping_due_ = true;
    take_wishes(ack);
}

// Of the numbers in the ACK only those that no ACK before told.
void Sender::take_acked(Time now, const Ack& ack) {
    for (std::size_t i = 0; i < ack.range_count && !ended_; ++i) {
        const Numbers& told = ack.ranges[i];
        if (told.last < sent_.first()) return;
        std::uint64_t at = std::max(told.first, sent_.first());
        const Range range{at, told.last + 1};
        if (acked_.overlap(range) == range.size()) continue;
        if (i == 0 && (!any_acked_ || told.last > largest_acked_)) {
            const SentPacket& largest = sent_[told.last];
            const Duration delay = std::chrono::microseconds(ack.delay);
            ack_rtt_ = rtt_.sample(std::max(now - largest.sent, Duration(1)), delay);
            largest_acked_ = told.last;
            any_acked_ = true;
        }
        for (; at < range.end && !ended_; ++at) {
            if (!acked_.contains_any({at, at + 1})) on_acked(now, at);
        }
        acked_.add(range);
    }
}

void Sender::on_acked(Time now, std::uint64_t number) {
    SentPacket& packet = sent_[number];
    if (packet.status == SentPacket::Status::left_out) {
        close(CloseCode::breach, "acknowledges what was not sent");
        return;
    }
    if (packet.status == SentPacket::Status::acked) return;
    if (packet.status == SentPacket::Status::lost) on_late(packet, number);
    sent_.set_status(number, SentPacket::Status::acked);
    ack_acked_ += packet.size;
    congestion_.on_acked(now, packet.size, packet.sent, packet.state);
    if (packet.size > mtu_.size()) {
        mtu_.on_acked(packet.size);
        congestion_.set_datagram(mtu_.size());
    } else {
        mtu_.on_acked(packet.size);
    }
    if (packet.kind == Kind::accept) {
        accepted_ = true;
        accept_due_ = false;
    }
    if (packet.kind == Kind::data && !lost_.empty()) lost_.remove(packet.range);
}

// It was declared lost, and only late: the path reorders by so much.
void Sender::on_late(SentPacket& packet, std::uint64_t number) {
    ++counts_.spurious;
    if (packet.kind == Kind::data) {
        reorder_ = std::clamp(largest_acked_ - number + 1, reorder_, most_reorder);
    }
}

void Sender::take_wishes(const Ack& ack) {
    for (std::uint32_t i = 0; i < ack.wish_count; ++i) {
        const std::uint32_t ahead = next_wish_ - ack.first_wish;  // of index: in the list
        if (ahead != i) continue;
        if (wishes_.size() >= most_wishes) return;
        Range wish = ack.wishes[i];
        wish.end = std::min(wish.end, options_.file.size);
        if (wish.begin < wish.end) wishes_.push_back(wish);
        ++next_wish_;
    }
}

}  // namespace netcopy::rudp
