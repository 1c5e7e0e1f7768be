#include "rudp/receiver.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace netcopy::rudp {

namespace {

using namespace std::chrono_literals;

constexpr Duration first_request_pause = 250ms;
constexpr Duration longest_request_pause = 4s;
constexpr Duration question_pause = 1s;
constexpr Duration keep_alive_pause = 10s;  // when nothing is wished for
constexpr std::uint64_t early_packets = 100;
constexpr unsigned early_ack_every = 2;
constexpr unsigned ack_every = 16;
constexpr std::size_t most_missing_ranges = 65'536;
constexpr unsigned close_copies = 3;

std::uint64_t microseconds(Duration duration) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

Receiver::Receiver(ReceiverOptions options, Time now)
    : options_(std::move(options)),
      started_(now),
      request_due_(now),
      request_sent_(now),
      request_pause_(first_request_pause),
      largest_time_(now),
      last_heard_(now),
      progress_(now),
      window_begin_(now) {
    Range wish = options_.wish;
    wish.end = std::min(wish.end, options_.size);
    missing_.add(wish);
    wished_.add(wish);
}

std::optional<Data> Receiver::on_packet(Time now, const Header& header, Bytes packet) {
    if (state_ == State::ended) return std::nullopt;
    ++counts_.packets;
    const bool numbered = header.kind == Kind::accept || header.kind == Kind::data ||
                          header.kind == Kind::probe || header.kind == Kind::ping;
    std::optional<Data> content;
    switch (header.kind) {
        case Kind::cookie:
            on_cookie(now, packet);
            break;
        case Kind::accept:
            on_accept(now, packet);
            break;
        case Kind::data:
            content = on_data(now, packet);
            break;
        case Kind::path:
            path_due_ = parse_path(packet);
            break;
        case Kind::close:
            if (const auto close = parse_close(packet))
                end(close->code, std::string(close->text), true);
            break;
        default:
            break;
    }
    // What came too early to be understood was not received: it will be sent again.
    if (state_ == State::open) {
        last_heard_ = now;
        next_question_ = now + (missing_.empty() ? keep_alive_pause : question_pause);
        if (numbered) note_number(now, header.number);
    }
    return content;
}

void Receiver::on_cookie(Time now, Bytes packet) {
    if (state_ != State::requesting) return;
    const auto cookie = parse_cookie(packet);
    if (!cookie) return;
    // At once, but a server that answers each cookie with another one sets no pace.
    if (!cookie_) {
        rtt_ = now - request_sent_;
        request_due_ = now;
    }
    cookie_ = cookie;
}

void Receiver::on_accept(Time now, Bytes packet) {
    const auto accept = parse_accept(packet);
    if (!accept || file_) return;
    const bool expected = (options_.size == any_size || options_.size == accept->size) &&
                          (options_.tag == Tag{} || options_.tag == accept->tag);
    if (!expected) {
        end(CloseCode::changed, "the server has another file of that name", false);
        closes_due_ = 1;
        return;
    }
    file_ = accept;
    missing_.remove({accept->size, UINT64_MAX});
    if (state_ == State::requesting) begin(now);
}

std::optional<Data> Receiver::on_data(Time now, Bytes packet) {
    const auto data = parse_data(packet);
    if (!data) return std::nullopt;
    if (state_ == State::requesting) {
        if (options_.size == any_size || options_.tag == Tag{}) return std::nullopt;
        begin(now);
    }
    const Range range{data->offset, data->offset + data->bytes.size()};
    const std::uint64_t fresh = missing_.overlap(range);
    if (fresh == 0) {
        ++counts_.unwanted;
        return std::nullopt;
    }
    Range taken = range;
    if (fresh < range.size()) {
        // The hull of what is missing: between may only be what came before.
        IntervalSet rest;
        for (const Range& each : missing_) {
            if (each.end <= range.begin) continue;
            if (each.begin >= range.end) break;
            rest.add({std::max(each.begin, range.begin), std::min(each.end, range.end)});
        }
        taken = {rest.begin()->begin, (rest.end() - 1)->end};
        if (wished_.overlap(taken) < taken.size()) {  // no server that means well does that
            ++counts_.unwanted;
            return std::nullopt;
        }
    }
    missing_.remove(taken);
    progress_ = now;
    if (missing_.count() > most_missing_ranges) {
        end(CloseCode::breach, "too many small pieces", false);
        closes_due_ = 1;
        return std::nullopt;
    }
    forget_seen_wishes(taken);
    measure(now, taken.size());
    return Data{taken.begin, data->bytes.subspan(taken.begin - range.begin, taken.size())};
}

void Receiver::begin(Time now) {
    state_ = State::open;
    if (rtt_ == Duration::zero()) rtt_ = now - request_sent_;
    window_begin_ = now;
    progress_ = now;
}

void Receiver::note_number(Time now, std::uint64_t number) {
    const auto ranges = numbers_.ranges();
    if (ranges.empty() || number > ranges.front().last) largest_time_ = now;
    if (!numbers_.add(number)) ++counts_.duplicates;
    ++acknowledgeable_;
    const unsigned every = acknowledgeable_ <= early_packets ? early_ack_every : ack_every;
    ack_due_ = std::min(ack_due_, ++unacknowledged_ >= every ? now : now + ack_delay());
}

// The server takes wishes in their order: what it sends of one shows that it has all before.
void Receiver::forget_seen_wishes(Range arrived) {
    for (std::size_t i = wish_count_; i-- > 0;) {
        if (arrived.begin >= wishes_[i].end || arrived.end <= wishes_[i].begin) continue;
        std::move(wishes_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  wishes_.begin() + static_cast<std::ptrdiff_t>(wish_count_), wishes_.begin());
        first_unseen_ += static_cast<std::uint32_t>(i) + 1;
        wish_count_ -= i + 1;
        return;
    }
}

void Receiver::measure(Time now, std::size_t bytes) {
    window_bytes_ += bytes;
    const Duration window = now - window_begin_;
    if (window < std::max(rtt_, Duration(50ms))) return;
    rate_ = static_cast<std::uint64_t>(static_cast<double>(window_bytes_) /
                                       std::chrono::duration<double>(window).count());
    window_begin_ = now;
    window_bytes_ = 0;
}

bool Receiver::want(Time now, Range range) {
    if (wish_count_ == wishes_.size()) return false;
    if (missing_.empty()) progress_ = now;
    missing_.add(range);
    wished_.add(range);
    wishes_[wish_count_++] = range;
    ack_due_ = std::min(ack_due_, now);
    return true;
}

void Receiver::close(CloseCode code, std::string text) {
    if (ended_) return;
    end(code, std::move(text), false);
    closes_due_ = close_copies;
}

void Receiver::end(CloseCode code, std::string text, bool by_peer) {
    state_ = State::ended;
    ended_ = Ended{code, std::move(text), by_peer};
}

void Receiver::give_up_if_silent(Time now) {
    if (state_ == State::requesting && now - started_ >= options_.connect_timeout) {
        end(CloseCode::idle, "no answer", false);
    } else if (state_ == State::open && !missing_.empty() && now - progress_ >= options_.silence) {
        close(CloseCode::idle, "no content comes");
    }
}

Duration Receiver::ack_delay() const { return std::min(rtt_ / 4, Duration(10ms)); }

std::size_t Receiver::poll_transmit(Time now, MutableBytes out) {
    give_up_if_silent(now);
    if (ended_) {
        if (closes_due_ == 0) return 0;
        --closes_due_;
        return write_close({Kind::close, options_.connection, next_number_++},
                           {ended_->code, ended_->text}, out);
    }
    if (state_ == State::requesting) {
        return now >= request_due_ ? write_request(now, out) : 0;
    }
    if (path_due_) {
        const Path path = *std::exchange(path_due_, std::nullopt);
        return write_path({Kind::path, options_.connection, next_number_++}, path, out);
    }
    question_due_ = now >= next_question_;
    return question_due_ || now >= ack_due_ ? write_ack(now, out) : 0;
}

std::size_t Receiver::write_request(Time now, MutableBytes out) {
    request_sent_ = now;
    request_due_ = now + request_pause_;
    request_pause_ = std::min(2 * request_pause_, longest_request_pause);
    const Request request{static_cast<std::uint16_t>(options_.max_datagram),
                          options_.receive_buffer,
                          options_.size,
                          options_.tag,
                          options_.wish,
                          cookie_,
                          options_.name};
    return rudp::write_request({Kind::request, options_.connection, next_number_++}, request, out);
}

std::size_t Receiver::write_ack(Time now, MutableBytes out) {
    Ack ack;
    ack.answer = question_due_;
    ack.received = microseconds(largest_time_ - started_);
    ack.delay = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(microseconds(now - largest_time_), UINT32_MAX));
    const auto ranges = numbers_.ranges();
    std::ranges::copy(ranges, ack.ranges.begin());
    ack.range_count = ranges.size();
    ack.first_wish = first_unseen_;
    std::copy_n(wishes_.begin(), wish_count_, ack.wishes.begin());
    ack.wish_count = wish_count_;
    unacknowledged_ = 0;
    if (question_due_)
        next_question_ = now + (missing_.empty() ? keep_alive_pause : question_pause);
    // Wishes that were not seen yet may have been lost.
    ack_due_ = wish_count_ > 0 ? now + std::max(2 * rtt_, Duration(100ms)) : Time::max();
    return rudp::write_ack({Kind::ack, options_.connection, next_number_++}, ack, out);
}

Time Receiver::next_deadline() const {
    if (ended_) return closes_due_ > 0 ? Time::min() : Time::max();
    if (state_ == State::requesting) {
        return std::min(request_due_, started_ + options_.connect_timeout);
    }
    if (path_due_) return Time::min();
    const Time silence = missing_.empty() ? Time::max() : progress_ + options_.silence;
    return std::min({ack_due_, next_question_, silence});
}

}  // namespace netcopy::rudp
