#include "rudp/congestion.hpp"

#include <algorithm>

namespace netcopy::rudp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t first_flight_packets = 128;
constexpr std::uint64_t first_train_packets = 64;
constexpr std::size_t ordinary_datagram = 1472;  // larger ones are no reason to send more at first
constexpr double most_jump = 32;  // of the rate in one round, because dispersion says so
constexpr double window_gain = 2;
constexpr double up_gain = 1.25;
constexpr double down_gain = 0.75;
constexpr double drain_gain = 0.5;
constexpr double cut = 0.7;                      // at congestion
constexpr double most_compensation = 0.2;        // share of random loss made up for
constexpr Duration model_rtt = milliseconds(1);  // scheduling is slower than shorter round trips
constexpr Duration local_rtt = milliseconds(2);  // the peer's socket is the queue
constexpr Duration min_rtt_good_for = milliseconds(5000);
constexpr Duration probe_rtt_for = milliseconds(200);
constexpr Duration burst_time = milliseconds(1);

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
    start_rate_ = static_cast<double>(first_flight_) / std::max(seconds(min_rtt_), 1e-3);
}

SendState Congestion::on_sent(Time now, std::size_t bytes, std::uint64_t in_flight) {
    // What leaves within a quarter of the time between two bursts left together.
    const double apart = static_cast<double>(burst()) / static_cast<double>(rate());
    if (seconds(now - last_sent_) > apart / 4) ++train_;
    last_sent_ = now;
    SendState state = rate_.on_sent(now, bytes, in_flight);
    state.train = train_;
    state.slow = state_ == State::down || (state_ == State::startup && round_ == 0);
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

void Congestion::run_startup(const AckSummary& summary) {
    const double known = dispersion_.rate(8 * datagram_);
    const double arrives = std::max(bandwidth_.best(), epoch_rate_);
    if (summary.acked == 0) return;
    double next = 2 * arrives;
    if (known > 0) {
        next = arrives < 0.4 * known ? std::max(2 * arrives, known / 2) : known;
        next = std::min(next, most_jump * std::max(arrives, start_rate_));
    }
    start_rate_ = std::max(start_rate_, next);
    const bool found = known > 0 && arrives >= 0.85 * known;
    if (found || full_rounds_ >= 3 || (queued_epochs_ >= 2 && round_ > 0)) leave_startup(summary);
}

void Congestion::leave_startup(const AckSummary& summary) {
    bandwidth_.update(cycle_, std::max(bandwidth_.best(), epoch_rate_));
    answered_ = rate_.sent();  // what is lost of it has been answered
    loss_.answer();
    enter(State::drain, summary.now);
    cruise_ = Duration::zero();
}

void Congestion::enter(State state, Time now) {
    state_ = state;
    state_since_ = now;
    state_round_ = round_;
    if (state == State::cruise) {
        const Duration unit = std::max<Duration>(min_rtt_, milliseconds(5));
        cruise_ = unit * (4 + static_cast<int>(random_choice_.below(4)));
        if (bandwidth_.best() > 1.1 * up_bandwidth_) {
            cruise_ = Duration::zero();  // there was more, and may be more
        }
    }
    if (state == State::up) {
        ++cycle_;
        up_bandwidth_ = bandwidth_.best();
    }
}

void Congestion::run_cycle(const AckSummary& summary) {
    const Duration since = summary.now - state_since_;
    switch (state_) {
        case State::drain:
            if (summary.in_flight <= bdp(1)) enter(State::cruise, summary.now);
            break;
        case State::down:
            if ((since > min_rtt_ && summary.in_flight <= bdp(1)) || since > 4 * min_rtt_) {
                enter(State::cruise, summary.now);
            }
            break;
        case State::cruise:
            if (since > cruise_) enter(State::up, summary.now);
            break;
        case State::up: {
            const bool full = summary.in_flight >= bdp(up_gain);
            if (since > min_rtt_ && (full || since > 2 * min_rtt_)) {
                enter(State::down, summary.now);
            }
            break;
        }
        default:
            break;
    }
    if (summary.now - min_rtt_seen_ > min_rtt_good_for && !rate_.app_limited()) {
        probed_rtt_ = Duration::max();
        probe_done_ = Time{};
        enter(State::probe_rtt, summary.now);
    }
}

void Congestion::run_probe_rtt(const AckSummary& summary) {
    if (probe_done_ == Time{}) {
        if (summary.in_flight <= bdp(0.5) + datagram_) {
            probe_done_ = summary.now + std::max<Duration>(probe_rtt_for, min_rtt_);
        }
        return;
    }
    if (summary.now < probe_done_) return;
    if (probed_rtt_ != Duration::max()) min_rtt_ = probed_rtt_;
    min_rtt_seen_ = summary.now;
    enter(State::cruise, summary.now);
}

double Congestion::model_seconds() const { return seconds(std::max(min_rtt_, model_rtt)); }

std::uint64_t Congestion::bdp(double gain) const {
    const double bytes = gain * bandwidth() * model_seconds();
    return std::max(static_cast<std::uint64_t>(bytes), std::uint64_t{4} * datagram_);
}

std::uint64_t Congestion::window() const {
    std::uint64_t window = 0;
    const std::uint64_t least = std::max<std::uint64_t>(4 * datagram_, 3 * burst());
    if (state_ == State::startup) {
        window =
            std::max(first_flight_, static_cast<std::uint64_t>(2 * start_rate_ * model_seconds()));
    } else if (state_ == State::probe_rtt) {
        window = bdp(0.5);
    } else {
        window = bdp(window_gain) + static_cast<std::uint64_t>(aggregated_.best());
        if (ceiling_.bytes() > 0) window = std::min(window, ceiling_.bytes());
    }
    window = std::max(window, least);
    if (receive_buffer_ != 0 && min_rtt_ < local_rtt) {
        window = std::min(window, std::max<std::uint64_t>(receive_buffer_ / 2, 2 * datagram_));
    }
    return window;
}

std::uint64_t Congestion::rate() const {
    double rate = 0;
    switch (state_) {
        case State::startup:
            rate = start_rate_;
            break;
        case State::drain:
            rate = drain_gain * bandwidth();
            break;
        case State::down:
            rate = down_gain * bandwidth();
            break;
        case State::up:
            rate = up_gain * bandwidth();
            break;
        case State::cruise:
        case State::probe_rtt:
            rate = bandwidth();
            break;
    }
    // What is lost at random takes no room at the bottleneck.
    if (state_ != State::startup) rate /= 1 - std::min(loss_.random_share(), most_compensation);
    return std::max<std::uint64_t>(static_cast<std::uint64_t>(rate), datagram_);
}

std::size_t Congestion::burst() const {
    const double in_time = static_cast<double>(rate()) * seconds(burst_time);
    auto burst = std::max<std::uint64_t>(static_cast<std::uint64_t>(in_time), 2 * datagram_);
    if (state_ == State::startup && round_ == 0) {
        burst = std::max<std::uint64_t>(
            burst, first_train_packets * std::min(datagram_, ordinary_datagram));
    }
    if (receive_buffer_ != 0) {
        burst = std::min(burst, std::max<std::uint64_t>(receive_buffer_ / 4, datagram_));
    }
    return burst;
}

}  // namespace netcopy::rudp
