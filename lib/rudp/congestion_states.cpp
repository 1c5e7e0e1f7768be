#include <algorithm>

#include "rudp/congestion.hpp"

/// What follows from what was measured: the states, and in each the window and the rate.
namespace netcopy::rudp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t first_train_packets = 64;
constexpr double most_jump = 48;  // of the rate in one round, because dispersion says so
constexpr double up_gain = 1.25;
constexpr double down_gain = 0.75;
constexpr double drain_gain = 0.5;
constexpr double most_compensation = 0.1;        // share of random loss made up for
constexpr Duration model_rtt = milliseconds(1);  // scheduling is slower than shorter round trips
constexpr Duration local_rtt = milliseconds(2);  // below, the peer's socket is the queue
constexpr Duration shortest_phase = milliseconds(2);
constexpr Duration min_rtt_good_for = milliseconds(5000);
constexpr Duration probe_rtt_for = milliseconds(200);
constexpr Duration burst_time = milliseconds(1);

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void Congestion::run_startup(const AckSummary& summary) {
    const double known = dispersion_.rate(8 * datagram_);
    const double arrives = std::max(bandwidth_.best(), epoch_rate_);
    if (summary.acked == 0) return;
    double next = 2 * arrives;
    if (known > 0) {
        next = arrives < 0.4 * known ? std::max(2 * arrives, known / 2) : known;
        next = std::min(next, most_jump * std::max(arrives, first_rate_));
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
    if (state == State::cruise) {
        cruise_ = phase() * (4 + static_cast<int>(random_choice_.below(4)));
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
            if ((since > phase() && summary.in_flight <= bdp(1)) || since > 4 * phase()) {
                enter(State::cruise, summary.now);
            }
            break;
        case State::cruise:
            if (since > cruise_) enter(State::up, summary.now);
            break;
        case State::up: {
            const bool full = summary.in_flight >= bdp(up_gain);
            if (since > phase() && (full || since > 2 * phase())) enter(State::down, summary.now);
            break;
        }
        default:
            break;
    }
    if (summary.now - min_rtt_seen_ <= min_rtt_good_for || rate_.app_limited()) return;
    if (min_rtt_ < model_rtt && epoch_rtt_ < 4 * model_rtt) {
        min_rtt_seen_ = summary.now;  // whether it is right makes no difference
    } else {
        probed_rtt_ = Duration::max();
        probe_done_ = Time{};
        enter(State::probe_rtt, summary.now);
    }
}

void Congestion::run_probe_rtt(const AckSummary& summary) {
    if (probe_done_ == Time{}) {
        if (summary.in_flight <= window()) {
            probe_done_ = summary.now + std::max<Duration>(probe_rtt_for, min_rtt_);
        }
        return;
    }
    if (summary.now < probe_done_) return;
    if (probed_rtt_ != Duration::max()) min_rtt_ = probed_rtt_;
    min_rtt_seen_ = summary.now;
    enter(State::cruise, summary.now);
}

Duration Congestion::phase() const { return std::max(min_rtt_, shortest_phase); }

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
