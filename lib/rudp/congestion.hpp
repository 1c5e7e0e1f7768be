#pragma once

#include <cstddef>
#include <cstdint>

#include "rudp/cubic_ceiling.hpp"
#include "rudp/delivery_rate.hpp"
#include "rudp/dispersion.hpp"
#include "rudp/loss_test.hpp"
#include "rudp/packet.hpp"
#include "rudp/random.hpp"
#include "rudp/windowed_max.hpp"

namespace netcopy::rudp {

/// Of all that one ACK told, said once it has been worked through.
struct AckSummary {
    Time now;
    std::uint64_t acked = 0;      ///< bytes newly acknowledged
    std::uint64_t lost = 0;       ///< bytes newly declared lost
    std::uint64_t in_flight = 0;  ///< bytes that are now
    std::uint64_t received = 0;   ///< receiver's clock at the largest number, us
    Duration rtt{};               ///< sample, without the receiver's delay; 0: none
    bool in_recovery = false;     ///< something lost is not yet sent again
};

struct CongestionOptions {
    std::size_t datagram = least_datagram;  ///< bytes
    Duration rtt{};                         ///< first sample, of the cookie
    std::uint64_t receive_buffer = 0;       ///< bytes of the peer's socket; 0: unknown
    std::uint64_t seed = 0;                 ///< of the phases chosen at random
};

/// How much may be in flight and at what rate it is sent: by delivery rate and minimum round trip
/// (docs/protocol/rudp.md, "Congestion control in detail"). No clock, no allocation. One per path.
/// Not thread-safe.
class Congestion {
public:
    enum class State {
        startup,    ///< finds the bottleneck's rate
        drain,      ///< lets the queue go that it has built
        cruise,     ///< at the rate that was found
        up,         ///< asks for more
        down,       ///< below the rate: the queue goes, and what is lost now is lost at random
        probe_rtt,  ///< nearly nothing in flight: the minimum round trip shows
    };

    Congestion(const CongestionOptions& options, Time now);

    /// Before each packet is sent; `in_flight` without it.
    SendState on_sent(Time now, std::size_t bytes, std::uint64_t in_flight);
    /// For each packet that an ACK newly acknowledges, in any order, before on_ack().
    void on_acked(Time now, std::size_t bytes, Time sent, const SendState& state);
    /// For each packet newly declared lost; `state` is its own.
    void on_lost(Time now, std::size_t bytes, const SendState& state);
    /// Once for each ACK, and after losses found by time.
    void on_ack(const AckSummary& summary);
    /// There is nothing to send now though the window has room.
    void on_app_limited(std::uint64_t in_flight) { rate_.on_app_limited(in_flight); }
    void set_datagram(std::size_t bytes) { datagram_ = bytes; }

    std::uint64_t window() const;  ///< bytes in flight at most
    std::uint64_t rate() const;    ///< bytes per second, of pacing; > 0
    /// Bytes that go out in one go; then nothing until they are paid off at rate().
    std::size_t burst() const;
    Duration min_rtt() const { return min_rtt_; }

    State state() const { return state_; }
    double bandwidth() const { return bandwidth_.best(); }       ///< bytes per second that arrive
    double random_loss() const { return loss_.random_share(); }  ///< 0 to 1
    std::uint64_t rounds() const { return round_; }              ///< round trips since the start

private:
    bool queued() const;     // packets lately met a standing queue
    Duration phase() const;  // as long as one takes at least
    double model_seconds() const;
    std::uint64_t bdp(double gain) const;
    void on_rtt(const AckSummary& summary);
    void on_sample(const AckSummary& summary, const RateSample& sample);
    void on_train(const AckSummary& summary);
    void end_round(const AckSummary& summary);
    void on_congestion(const AckSummary& summary);
    void measure_epoch(const AckSummary& summary);
    void run_startup(const AckSummary& summary);
    void run_cycle(const AckSummary& summary);
    void run_probe_rtt(const AckSummary& summary);
    void leave_startup(const AckSummary& summary);
    void enter(State state, Time now);

    static constexpr double window_gain = 2;
    // Larger datagrams are no reason to send more at first.
    static constexpr std::size_t ordinary_datagram = 1472;

    std::size_t datagram_;
    std::uint64_t receive_buffer_;
    Random random_choice_;
    DeliveryRate rate_;
    Dispersion dispersion_;
    LossTest loss_;

    State state_ = State::startup;
    Time state_since_;

    WindowedMax bandwidth_{1};  // of the present and the last cycle
    std::uint64_t cycle_ = 0;
    CubicCeiling ceiling_;
    WindowedMax aggregated_{10};  // bytes acknowledged beyond what the rate explains, by round

    Duration min_rtt_;
    Time min_rtt_seen_;
    Duration probed_rtt_ = Duration::max();
    Time probe_done_;  // zero: not yet down to the small window

    std::uint64_t round_ = 0;
    std::uint64_t round_end_ = 0;  // bytes delivered

    // Of the latest packets in one batch of calls.
    struct Latest {
        std::uint64_t sent = 0;
        std::uint32_t train = 0;
        std::uint64_t slow_acked = 0;
        std::uint64_t slow_lost = 0;
        std::uint64_t lost = 0;            // sent since the last answer to congestion
        std::uint64_t lost_in_flight = 0;  // most when one of these was sent
    } latest_;
    std::uint64_t answered_ = 0;    // bytes sent when congestion was answered last
    std::uint64_t train_sent_ = 0;  // bytes up to the last packet told to dispersion_
    std::uint32_t train_ = 0;
    Time last_sent_;

    // Start-up.
    std::uint64_t first_flight_;  // bytes
    double first_rate_;           // bytes per second, of the first flight
    double start_rate_;           // bytes per second, of pacing
    double full_bandwidth_ = 0;
    int full_rounds_ = 0;
    struct Epoch {
        Time begin;
        std::uint64_t received = 0;
        std::uint64_t delivered = 0;
        Duration least_rtt = Duration::max();
        bool any = false;
    } epoch_;
    double epoch_rate_ = 0;
    Duration epoch_rtt_{};  // least of the last complete epoch
    int queued_epochs_ = 0;

    // Cycle.
    Duration cruise_{};
    double up_bandwidth_ = 0;
    // Aggregation.
    Time aggregation_since_;
    double aggregation_ = 0;
};

}  // namespace netcopy::rudp
