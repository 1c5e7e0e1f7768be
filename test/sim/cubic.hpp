#pragma once

#include <map>

#include "test/sim/network.hpp"

namespace netcopy::sim {

struct CubicOptions {
    Site site = 0, peer_site = 0;
    Address address, peer;
    std::uint64_t bytes = UINT64_MAX;  ///< to send
    Time start;
};

/// A model of TCP with CUBIC (RFC 9438), SACK (a packet is lost when the third behind it was
/// acknowledged) and HyStart, as a greedy flow beside ours. Each packet has a number of its own,
/// so that recovery is ideal; what matters is how the window moves.
class CubicSender : public Host {
public:
    CubicSender(Network& network, CubicOptions options);

    void on_packet(Time now, const Address& from, const Address& to, Bytes packet) override;
    void on_wake(Time now) override;
    Time deadline() const override;

    std::uint64_t delivered() const { return delivered_; }  ///< bytes of content
    double window() const { return window_; }               ///< packets

private:
    struct Sent {
        Time at;
        bool acked = false;
    };
    void fill(Time now);
    void on_loss(Time now);
    void grow(Time now, Duration rtt);
    void measure(Duration rtt);

    Network& network_;
    CubicOptions options_;
    std::map<std::uint64_t, Sent> sent_;  // in flight
    std::uint64_t next_ = 0;
    std::uint64_t delivered_ = 0;
    double window_ = 10;
    double threshold_ = 1e9;  // of slow start
    double before_loss_ = 0;
    double reno_ = 0;  // what Reno would have
    Time epoch_{};
    std::uint64_t recovery_ = 0;  // losses of packets below are of one event
    Duration smoothed_{};
    Duration least_ = Duration::max();
    Time timer_ = Time::max();
    unsigned timeouts_ = 0;
    bool started_ = false;
};

/// Acknowledges each packet.
class CubicReceiver : public Host {
public:
    CubicReceiver(Network& network, const CubicOptions& sender);

    void on_packet(Time now, const Address& from, const Address& to, Bytes packet) override;
    void on_wake(Time) override {}
    Time deadline() const override { return Time::max(); }

private:
    Network& network_;
    Site site_;
    Address address_;
};

}  // namespace netcopy::sim
