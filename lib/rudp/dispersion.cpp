#include "rudp/dispersion.hpp"

#include <algorithm>

namespace netcopy::rudp {

void Dispersion::on_ack(Time now, std::uint32_t train, std::uint64_t sent, std::uint64_t received) {
    const Point point{now, sent, received};
    if (!any_ || train != train_) {
        if (any_) {
            seconds_ += seconds(first_, last_);
            bytes_ += static_cast<double>(last_.sent - first_.sent);
        }
        any_ = true;
        train_ = train;
        first_ = last_ = point;
        return;
    }
    if (received < last_.received || sent < last_.sent) return;  // its clock jumped
    last_ = point;
    // Packets that it took from its socket together have one time, that of the last of them.
    if (received == first_.received) first_ = point;
}

double Dispersion::seconds(const Point& from, const Point& to) const {
    const auto theirs = static_cast<double>(to.received - from.received) / 1e6;
    const double ours = std::chrono::duration<double>(to.now - from.now).count();
    return std::max(theirs, ours / 4);
}

double Dispersion::rate(std::uint64_t least) const {
    double bytes = bytes_;
    double seconds = seconds_;
    if (any_) {
        bytes += static_cast<double>(last_.sent - first_.sent);
        seconds += this->seconds(first_, last_);
    }
    if (bytes < static_cast<double>(least) || seconds <= 0) return 0;
    return bytes / seconds;
}

}  // namespace netcopy::rudp
