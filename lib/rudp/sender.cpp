#include "rudp/sender.hpp"

#include <algorithm>
#include <utility>

namespace netcopy::rudp {

namespace {

// One number in so many, on average, is left out: whoever acknowledges it lies.
constexpr std::uint64_t left_out_every = 512;
constexpr std::size_t most_copies = 4096;
constexpr std::uint64_t most_packets_in_flight = 65'536;
constexpr std::size_t small_probe = 1472;
constexpr std::uint64_t probes_per_second = 20;  // that the rate must have room for

CongestionOptions congestion_options(const SenderOptions& options) {
    return {least_datagram, options.rtt, options.receive_buffer, options.seed};
}

}  // namespace

Sender::Sender(SenderOptions options, Time now)
    : options_(std::move(options)),
      peer_(options_.peer),
      random_(options_.seed),
      rtt_(options_.rtt),
      congestion_(congestion_options(options_), now),
      pacer_(now),
      mtu_(options_.max_datagram),
      left_out_next_(random_.below(2 * left_out_every) + 1),
      progress_(now),
      heard_(now) {
    Range wish = options_.wish;
    wish.end = std::min(wish.end, options_.file.size);
    if (wish.begin < wish.end) wishes_.push_back(wish);
}

void Sender::on_request() {
    if (!accepted_) accept_due_ = true;
}

void Sender::on_too_big(std::size_t datagram) { mtu_.on_too_big(datagram); }

void Sender::close(CloseCode code, std::string text) {
    if (ended_) return;
    ended_ = Ended{code, std::move(text), false};
    close_due_ = true;
}

Transmit Sender::poll_transmit(Time now, MutableBytes out) {
    check_time(now);
    if (const auto control = send_control(now, out)) return *control;
    if (ended_ || sent_.full()) return {};
    if (const auto probe = send_probe(now, out)) return *probe;
    if (forced_ == 0) {
        if (!may_send_data()) pacer_.on_blocked();
        if (!may_send_data() || !pacer_.may_send(now)) return {};
    }
    const Transmit data = send_data(now, out);
    if (data.size == 0 && !ended_) {
        pacer_.on_blocked();
        congestion_.on_app_limited(sent_.in_flight());
    }
    return data;
}

std::optional<Transmit> Sender::send_control(Time now, MutableBytes out) {
    if (close_due_) {
        close_due_ = false;
        const Close close{ended_->code, ended_->text};
        return Transmit{write_close({Kind::close, options_.connection, 0}, close, out), peer_};
    }
    if (ended_) return std::nullopt;
    if (challenge_ && challenge_->due) {
        challenge_->due = false;
        const Header header{Kind::path, options_.connection, 0};
        return Transmit{write_path(header, challenge_->path, out), challenge_->to};
    }
    if (sent_.full()) return std::nullopt;  // until some of it is settled
    if (accept_due_) {
        accept_due_ = false;
        return sent(now, Kind::accept, write_accept(header(Kind::accept), options_.file, out));
    }
    if (ping_due_) {
        ping_due_ = false;
        return sent(now, Kind::ping, write_ping(header(Kind::ping), out));
    }
    return std::nullopt;
}

std::optional<Transmit> Sender::send_probe(Time now, MutableBytes out) {
    const std::size_t size = mtu_.probe();
    if (!probe_fits() || !pacer_.may_send(now) || size - seal_size > out.size()) {
        return std::nullopt;
    }
    mtu_.on_probe_sent(size);
    return sent(now, Kind::probe, write_probe(header(Kind::probe), size - seal_size, out));
}

// A PROBE too keeps to the window; and nothing waits long behind one on a slow path.
bool Sender::probe_fits() const {
    const std::size_t size = mtu_.probe();
    if (size > small_probe && size * probes_per_second > congestion_.rate()) return false;
    return accepted_ && size != 0 && !sent_.full() &&
           sent_.in_flight() + size <= congestion_.window();
}

bool Sender::may_send_data() const {
    return sent_.in_flight() + mtu_.size() <= congestion_.window() && !sent_.full() &&
           sent_.packets_in_flight() < most_packets_in_flight;
}

Transmit Sender::send_data(Time now, MutableBytes out) {
    if (sent_.next() == left_out_next_) {
        SentPacket nothing;
        nothing.status = SentPacket::Status::left_out;
        sent_.push(nothing);
        left_out_next_ = sent_.next() + random_.below(2 * left_out_every);
        if (sent_.full()) return {};
    }
    const std::size_t room = std::min(out.size(), mtu_.size() - seal_size) - data_header_size;
    const bool repeated = !lost_.empty();
    const bool tail = wishes_.empty();
    const auto copy = next_copy(now);
    const auto range = copy ? sent_[*copy].range : next_range(room);
    if (!range) {
        if (forced_ == 0) return {};
        --forced_;
        return sent(now, Kind::ping, write_ping(header(Kind::ping), out));
    }
    const MutableBytes content = out.subspan(data_header_size, range->size());
    if (!options_.read(range->begin, content)) {
        close(CloseCode::unreadable, "the file cannot be read, or has changed");
        return *send_control(now, out);
    }
    write_data_header(header(Kind::data), range->begin, out);
    counts_.data_bytes += range->size();
    if (repeated || copy) counts_.repeated_bytes += range->size();
    if (repeated && tail && !copy && copies_.size() < most_copies) {
        copies_.push_back({sent_.next(), now + rtt_.smoothed() / 4});
    }
    if (forced_ > 0) --forced_;
    return sent(now, Kind::data, data_header_size + range->size(), *range);
}

// Of what is to be sent for the second time in the tail, the next whose time has come.
std::optional<std::uint64_t> Sender::next_copy(Time now) {
    while (!copies_.empty() && copies_.front().due <= now) {
        const std::uint64_t number = copies_.front().number;
        copies_.pop_front();
        if (number < sent_.first()) continue;
        // The datagram may have become smaller since.
        const SentPacket& packet = sent_[number];
        if (packet.status == SentPacket::Status::in_flight && packet.size <= mtu_.size()) {
            return number;
        }
    }
    return std::nullopt;
}

// What comes next, taken out of what is to be sent.
std::optional<Range> Sender::next_range(std::size_t most) {
    if (const auto range = lost_.front(most)) {
        lost_.remove(*range);
        return range;
    }
    if (wishes_.empty()) return std::nullopt;
    Range& wish = wishes_.front();
    const Range range{wish.begin, wish.begin + std::min<std::uint64_t>(wish.size(), most)};
    wish.begin = range.end;
    if (wish.begin == wish.end) wishes_.pop_front();
    return range;
}

Transmit Sender::sent(Time now, Kind kind, std::size_t packet_size, Range range) {
    SentPacket packet;
    packet.sent = now;
    packet.range = range;
    packet.size = static_cast<std::uint32_t>(packet_size + seal_size);
    packet.kind = kind;
    packet.status = SentPacket::Status::in_flight;
    packet.state = congestion_.on_sent(now, packet.size, sent_.in_flight());
    if (sent_.packets_in_flight() == 0) progress_ = now;
    sent_.push(packet);
    if (kind == Kind::data || kind == Kind::probe) {
        pacer_.on_sent(now, packet.size, congestion_.rate(), congestion_.burst());
    }
    ++counts_.packets;
    return {packet_size, peer_};
}

Time Sender::content_due() const {
    Time due = Time::max();
    if (!lost_.empty() || !wishes_.empty()) due = pacer_.ready();
    if (!copies_.empty()) due = std::min(due, std::max(pacer_.ready(), copies_.front().due));
    if (!may_send_data()) due = Time::max();
    return probe_fits() ? std::min(due, pacer_.ready()) : due;
}

bool Sender::wants_control() const {
    if (challenge_ && challenge_->due) return true;
    return !sent_.full() && (accept_due_ || ping_due_ || forced_ > 0);
}

Time Sender::next_deadline() const {
    if (ended_) return close_due_ ? Time::min() : Time::max();
    if (wants_control()) return Time::min();
    return std::min({content_due(), loss_time_, timeout(), idle_end(), mtu_.next_search()});
}

}  // namespace netcopy::rudp
