#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <vector>

namespace slow_link {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Duration = Clock::duration;
using Packet = std::vector<std::uint8_t>;

/// Packets that are on their way, first in first out, each until its time.
class Delayed {
public:
    void put(Packet packet, Time due) { packets_.push_back({std::move(packet), due}); }
    bool due(Time now) const { return !packets_.empty() && packets_.front().due <= now; }
    Time next() const { return packets_.empty() ? Time::max() : packets_.front().due; }
    Packet take() {
        Packet packet = std::move(packets_.front().packet);
        packets_.pop_front();
        return packet;
    }

private:
    struct Waiting {
        Packet packet;
        Time due;
    };
    std::deque<Waiting> packets_;
};

/// A line of a rate with a queue in front of it that drops what does not fit (drop-tail).
class Line {
public:
    /// Bits a second, and bytes.
    Line(double rate, double queue) : rate_(rate), queue_(queue) {}

    /// When the last bit of a packet that comes now will have gone; no value: the queue is full.
    bool pass(std::size_t bytes, Time now, Time& gone) {
        if (free_ < now) free_ = now;
        const double waiting = std::chrono::duration<double>(free_ - now).count() * rate_ / 8;
        if (waiting > queue_) return false;
        const std::chrono::duration<double> takes(static_cast<double>(bytes) * 8 / rate_);
        free_ += std::chrono::duration_cast<Duration>(takes);
        gone = free_;
        return true;
    }

private:
    const double rate_;
    const double queue_;
    Time free_{};  // when the line has sent all that was let in
};

/// How a host is joined to the middle, the same in both directions.
struct Access {
    double rate = 0;   // bits a second
    double queue = 0;  // bytes, each way
};

struct Counters {
    std::uint64_t sent = 0, delivered = 0, bytes = 0, lost = 0, overflowed = 0;
};

/// From every host up its line, through a middle that has a delay and loses packets at random, and
/// down the line of the host that the packet is for: host i has the address 10.77.0.(i+1).
class Network {
public:
    Network(const std::vector<Access>& hosts, Duration delay, double loss, std::uint64_t seed);

    /// A packet that host `from` sends now.
    void send(std::size_t from, std::span<const std::uint8_t> packet, Time now);
    /// Moves on what is due; `deliver(host, packet)` is called for what has arrived.
    template <class Deliver>
    void move(Time now, Deliver deliver) {
        for (Host& host : hosts_) {
            while (host.under_way.due(now)) {
                const Time due = host.under_way.next();
                arrive(due, host.under_way.take());
            }
        }
        for (std::size_t i = 0; i < hosts_.size(); ++i) {
            while (hosts_[i].coming.due(now)) {
                Packet packet = hosts_[i].coming.take();
                ++hosts_[i].counters.delivered;
                hosts_[i].counters.bytes += packet.size();
                deliver(i, packet);
                if (spare_.size() < 1000) spare_.push_back(std::move(packet));
            }
        }
    }
    Time next() const;
    /// What a host sent and what was lost of it, and what was delivered to it.
    const Counters& counters(std::size_t host) const { return hosts_[host].counters; }

private:
    struct Host {
        Line up, down;
        Delayed under_way;  // between our line and that of another host
        Delayed coming;     // on our line
        Counters counters;
    };

    /// No host's number: none of these is meant.
    std::size_t target(std::span<const std::uint8_t> packet) const;
    void arrive(Time now, Packet packet);  // at the other host's line

    const Duration delay_;
    const double loss_;
    std::mt19937_64 random_;
    std::vector<Host> hosts_;
    std::vector<Packet> spare_;  // their memory is used again
};

}  // namespace slow_link
