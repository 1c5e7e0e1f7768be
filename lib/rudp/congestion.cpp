#include "rudp/congestion.hpp"

#include <algorithm>

namespace netcopy::rudp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t first_flight_packets = 128;

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Congestion::Congestion(const CongestionOptions& options, Time now)
    : datagram_(options.datagram),
      receive_buffer_(options.receive_buffer),
      random_choice_(options.seed),
      rate_(now),
      state_since_(now),
      min_rtt_(std::max(options.rtt, Duration(std::chrono::microseconds(1)))),
      min_rtt_seen_(now),
      last_sent_(now - std::chrono::seconds(1)),
      aggregation_since_(now) {
    first_flight_ = first_flight_packets * std::min(datagram_, ordinary_datagram);
    if (receive_buffer_ != 0) {
        first_flight_ =
            std::min(first_flight_, std::max<std::uint64_t>(receive_buffer_ / 4, 4 * datagram_));
    }
    first_rate_ = static_cast<double>(first_flight_) / model_seconds();
    start_rate_ = first_rate_;
}

SendState Congestion::on_sent(Time now, std::size_t bytes, std::uint64_t in_flight) {
    // What leaves within a quarter of the time between two bursts left together.
    const double apart = static_cast<double>(burst()) / static_cast<double>(rate());
    if (seconds(now - last_sent_) > apart / 4) ++train_;
    last_sent_ = now;
    SendState state = rate_.on_sent(now, bytes, in_flight);
    state.train = train_;
    state.slow = state_ == State::down || state_ == State::drain;
    return state;
}

void Congestion::on_acked(Time now, std::size_t bytes, Time sent, const SendState& state) {
    rate_.on_acked(now, bytes, sent, state);
    if (state.slow) latest_.slow_acked += bytes;
    if (state.sent > latest_.sent) {
        latest_.sent = state.sent;
        latest_.train = state.train;
    }
}

void Congestion::on_lost(Time, std::size_t bytes, const SendState& state) {
    rate_.on_lost(bytes);
    if (state.slow) latest_.slow_lost += bytes;
    if (state.sent > answered_) {
        latest_.lost += bytes;
        latest_.lost_in_flight = std::max(latest_.lost_in_flight, state.in_flight);
    }
}

void Congestion::on_ack(const AckSummary& summary) {
    const RateSample sample = rate_.take(min_rtt_);
    on_rtt(summary);
    if (queued()) {
        loss_.count_queued(latest_.lost, summary.acked, latest_.lost_in_flight);
        loss_.count_at_most(latest_.slow_lost, latest_.slow_acked, datagram_);
    } else {
        loss_.count_random(latest_.slow_lost, latest_.slow_acked, datagram_);
    }
    if (summary.acked > 0) {
        ceiling_.on_acked(summary.now, summary.acked);
        if (ceiling_.bytes() > bdp(window_gain)) ceiling_.lift();
        on_sample(summary, sample);
        on_train(summary);
        if (sample.prior_delivered >= round_end_) end_round(summary);
    }
    latest_ = {};
    if (state_ == State::startup) {
        run_startup(summary);
    } else if (state_ == State::probe_rtt) {
        run_probe_rtt(summary);
    } else {
        run_cycle(summary);
    }
}

bool Congestion::queued() const {
    // The least of several samples: jitter is no queue.
    const Duration rtt = std::min(epoch_.least_rtt, epoch_rtt_);
    return rtt > min_rtt_ + std::max<Duration>(min_rtt_ / 16, milliseconds(1));
}

void Congestion::on_rtt(const AckSummary& summary) {
    if (summary.rtt <= Duration::zero()) return;
    epoch_.least_rtt = std::min(epoch_.least_rtt, summary.rtt);
    if (state_ == State::probe_rtt) probed_rtt_ = std::min(probed_rtt_, summary.rtt);
    // Seen again is as good as less.
    if (summary.rtt <= min_rtt_ + min_rtt_ / 32) min_rtt_seen_ = summary.now;
    min_rtt_ = std::min(min_rtt_, summary.rtt);
}

void Congestion::on_sample(const AckSummary& summary, const RateSample& sample) {
    if (sample.rate > 0 && (!sample.app_limited || sample.rate > bandwidth_.best())) {
        bandwidth_.update(cycle_, sample.rate);
    }
    // Bytes acknowledged beyond what the rate explains, since there last were not more.
    const double explained = bandwidth_.best() * seconds(summary.now - aggregation_since_);
    if (aggregation_ <= explained) {
        aggregation_ = 0;
        aggregation_since_ = summary.now;
        aggregation_ = static_cast<double>(summary.acked);
        aggregated_.update(round_, 0);
        return;
    }
    aggregation_ += static_cast<double>(summary.acked);
    const double most = static_cast<double>(bdp(1));
    aggregated_.update(round_, std::clamp(aggregation_ - explained, 0.0, most));
}

void Congestion::on_train(const AckSummary& summary) {
    if (latest_.sent <= train_sent_) return;
    train_sent_ = latest_.sent;
    if (state_ == State::startup) {
        dispersion_.on_ack(latest_.train, latest_.sent, summary.received);
    }
    measure_epoch(summary);
}

/// The rate of arrivals over a part of a round trip, the longer of the two clocks' times: in
/// start-up a whole one would come a round trip later.
void Congestion::measure_epoch(const AckSummary& summary) {
    const Duration length = std::max<Duration>(min_rtt_ / 8, milliseconds(2));
    if (epoch_.any && summary.now - epoch_.begin < length) return;
    if (epoch_.any && summary.received >= epoch_.received) {
        const double theirs = static_cast<double>(summary.received - epoch_.received) / 1e6;
        const double time = std::max(seconds(summary.now - epoch_.begin), theirs);
        epoch_rate_ = static_cast<double>(rate_.delivered() - epoch_.delivered) / time;
        const Duration queue = epoch_.least_rtt - min_rtt_;
        const bool standing = epoch_.least_rtt != Duration::max() &&
                              queue > std::max<Duration>(min_rtt_ / 8, milliseconds(2));
        epoch_rtt_ = epoch_.least_rtt;
        queued_epochs_ = standing ? queued_epochs_ + 1 : 0;
    }
    epoch_ = {summary.now, summary.received, rate_.delivered(), Duration::max(), true};
}

void Congestion::end_round(const AckSummary& summary) {
    round_end_ = rate_.delivered();
    ++round_;
    if (loss_.congested(datagram_)) {
        on_congestion(summary);
    } else if (loss_.mistaken(datagram_)) {
        ceiling_.lift();
    }
    if (state_ == State::startup && !rate_.app_limited()) {
        if (bandwidth_.best() >= 1.25 * full_bandwidth_) {
            full_bandwidth_ = bandwidth_.best();
            full_rounds_ = 0;
        } else {
            ++full_rounds_;
        }
    }
}

void Congestion::on_congestion(const AckSummary& summary) {
    answered_ = rate_.sent();
    const std::uint64_t in_flight = loss_.answer();
    if (state_ == State::startup) return leave_startup(summary);
    ceiling_.on_congestion(summary.now, in_flight, std::min(datagram_, ordinary_datagram));
    if (state_ == State::up) enter(State::down, summary.now);
}

}  // namespace netcopy::rudp
