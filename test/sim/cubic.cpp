#include "test/sim/cubic.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace netcopy::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t segment = 1448;                 // bytes of content
constexpr std::size_t on_the_wire = 1500 - overhead;  // with headers of 52 bytes in all
constexpr std::size_t ack_size = 52 - overhead;
constexpr double beta = 0.7;
constexpr double c = 0.4;

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

CubicSender::CubicSender(Network& network, CubicOptions options)
    : network_(network), options_(options) {
    network_.attach(*this, options_.address, options_.site);
}

Time CubicSender::deadline() const { return started_ ? timer_ : options_.start; }

void CubicSender::on_wake(Time now) {
    if (started_) {  // the retransmission time-out
        ++timeouts_;
        sent_.clear();
        before_loss_ = window_;
        threshold_ = std::max(2.0, window_ * beta);
        window_ = 1;
        epoch_ = Time{};
        recovery_ = next_;
    }
    started_ = true;
    timer_ = Time::max();
    fill(now);
}

void CubicSender::fill(Time now) {
    while (static_cast<double>(sent_.size()) < window_ &&
           delivered_ + sent_.size() * segment < options_.bytes) {
        std::array<std::byte, 8> number;
        std::memcpy(number.data(), &next_, 8);
        network_.send(options_.site, options_.address, options_.peer, number, on_the_wire);
        sent_[next_++] = {now};
    }
    const Duration timeout = std::max(Duration(200ms), 2 * smoothed_ + Duration(50ms));
    timer_ = sent_.empty() ? Time::max() : now + timeout * (1U << std::min(timeouts_, 6U));
}

void CubicSender::on_packet(Time now, const Address&, const Address&, Bytes packet) {
    std::uint64_t number = 0;
    std::memcpy(&number, packet.data(), std::min<std::size_t>(packet.size(), 8));
    const auto found = sent_.find(number);
    if (found == sent_.end()) return;
    const Duration rtt = now - found->second.at;
    sent_.erase(found);
    delivered_ += segment;
    timeouts_ = 0;
    measure(rtt);
    while (!sent_.empty() && sent_.begin()->first + 3 <= number) {
        if (sent_.begin()->first >= recovery_) on_loss(now);
        sent_.erase(sent_.begin());
    }
    if (number >= recovery_) grow(now, rtt);
    fill(now);
}

void CubicSender::measure(Duration rtt) {
    smoothed_ = smoothed_ == Duration{} ? rtt : (7 * smoothed_ + rtt) / 8;
    least_ = std::min(least_, rtt);
    const Duration rise = std::clamp<Duration>(least_ / 8, 4ms, 16ms);
    // HyStart: the queue grows.
    if (window_ < threshold_ && window_ >= 16 && rtt > least_ + rise) threshold_ = window_;
}

void CubicSender::on_loss(Time) {
    before_loss_ = window_ < before_loss_ ? window_ * (1 + beta) / 2 : window_;
    window_ = std::max(2.0, window_ * beta);
    threshold_ = window_;
    reno_ = window_;
    epoch_ = Time{};
    recovery_ = next_;
}

void CubicSender::grow(Time now, Duration rtt) {
    if (window_ < threshold_) {
        window_ += 1;
        return;
    }
    if (epoch_ == Time{}) {
        epoch_ = now;
        before_loss_ = std::max(before_loss_, window_);
        reno_ = window_;
    }
    const double k = std::cbrt(before_loss_ * (1 - beta) / c);
    const double t = in_seconds(now - epoch_) + in_seconds(rtt);
    const double target = std::clamp(c * std::pow(t - k, 3) + before_loss_, window_, 1.5 * window_);
    window_ += (target - window_) / window_;
    reno_ += 3 * (1 - beta) / (1 + beta) / window_;
    window_ = std::max(window_, reno_);
}

CubicReceiver::CubicReceiver(Network& network, const CubicOptions& sender)
    : network_(network), site_(sender.peer_site), address_(sender.peer) {
    network_.attach(*this, address_, site_);
}

void CubicReceiver::on_packet(Time, const Address& from, const Address&, Bytes packet) {
    network_.send(site_, address_, from, packet, ack_size);
}

}  // namespace netcopy::sim
