#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "rudp/congestion.hpp"
#include "rudp/random.hpp"

namespace netcopy::test {

/// A bottleneck with a drop-tail queue and congestion control in front of it, without packets: what
/// is sent is numbers, and what is not acknowledged three packets later is lost.
struct PathModel {
    using Time = rudp::Time;
    using Duration = rudp::Duration;

    double rate = 25e6;  ///< bytes per second
    Duration rtt = std::chrono::milliseconds(40);
    double queue = 1;  ///< of rate * rtt
    double loss = 0;   ///< probability
    std::uint64_t receive_buffer = 0;
    std::size_t size = 1200;  ///< bytes of a datagram
    bool application_has_more = true;
    /// The receiver's clock, in us, given ours: it may lie.
    std::function<std::uint64_t(Time)> clock = [](Time at) {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count());
    };

    explicit PathModel(std::uint64_t seed = 1) : chance(seed), seed_(seed) {}

    /// Lets so much time pass, in steps of 100 us.
    void run(Duration time) {
        if (!control) start();
        for (const Time end = now + time; now < end; now += step) {
            receive();
            send();
        }
    }
    void start() {
        control.emplace(rudp::CongestionOptions{size, rtt, receive_buffer, seed_}, now);
    }
    /// Bytes per second that arrived since the last call.
    double goodput() {
        const double seconds = std::chrono::duration<double>(now - measured_).count();
        const double bytes = static_cast<double>(arrived - measured_bytes_);
        measured_ = now;
        measured_bytes_ = arrived;
        return bytes / seconds;
    }

    rudp::Random chance;
    std::optional<rudp::Congestion> control;
    Time now{std::chrono::seconds(1000)};
    std::uint64_t arrived = 0, in_flight = 0, sent = 0, overflowed = 0;
    double most_rate = 0;  ///< of pacing so far

private:
    static constexpr Duration step = std::chrono::microseconds(100);
    struct Packet {
        Time sent, acked, came;  // acked: when the sender learns of it
        bool lost = false;
        rudp::SendState state;
    };

    void send() {
        most_rate = std::max(most_rate, static_cast<double>(control->rate()));
        if (now < ready_) return;
        std::size_t burst = 0;
        while (burst < control->burst() && in_flight + size <= control->window()) {
            if (!application_has_more) {
                control->on_app_limited(in_flight);
                return;
            }
            Packet packet;
            packet.sent = now;
            packet.state = control->on_sent(now, size, in_flight);
            in_flight += size;
            burst += size;
            ++sent;
            travel(packet);
            packets_.push_back(packet);
        }
        ready_ = std::max(ready_, now - step) + pause(burst);
    }
    Duration pause(std::size_t burst) const {
        const double time = static_cast<double>(burst) / static_cast<double>(control->rate());
        return std::chrono::nanoseconds(static_cast<std::int64_t>(time * 1e9));
    }
    void travel(Packet& packet) {
        const auto service = std::chrono::nanoseconds(
            static_cast<std::int64_t>(static_cast<double>(size) * 1e9 / rate));
        free_ = std::max(free_, now);
        const double bdp = rate * std::chrono::duration<double>(rtt).count();
        const double waiting = std::chrono::duration<double>(free_ - now).count() * rate;
        packet.lost = static_cast<double>(chance.below(1'000'000)) < loss * 1e6;
        if (!packet.lost && waiting > queue * bdp) {
            packet.lost = true;
            ++overflowed;
        }
        if (!packet.lost) free_ += service;
        packet.came = free_ + rtt / 2;
        packet.acked = free_ + rtt;
    }
    void receive() {
        rudp::AckSummary ack;
        ack.now = now;
        while (!packets_.empty() && packets_.front().acked <= now) {
            const Packet packet = packets_.front();
            packets_.pop_front();
            in_flight -= size;
            if (packet.lost) {
                ack.lost += size;
                control->on_lost(now, size, packet.state);
                continue;
            }
            ack.acked += size;
            arrived += size;
            ack.rtt = packet.acked - packet.sent;
            ack.received = clock(packet.came);
            control->on_acked(now, size, packet.sent, packet.state);
        }
        ack.in_flight = in_flight;
        if (ack.acked + ack.lost == 0) return;
        control->on_ack(ack);
        ready_ = std::min(ready_, now + pause(control->burst()));
    }

    std::uint64_t seed_;
    std::deque<Packet> packets_;
    Time ready_{}, free_{}, measured_{std::chrono::seconds(1000)};
    std::uint64_t measured_bytes_ = 0;
};

}  // namespace netcopy::test
