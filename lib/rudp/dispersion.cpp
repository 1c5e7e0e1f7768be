#include "rudp/dispersion.hpp"

namespace netcopy::rudp {

void Dispersion::on_ack(std::uint32_t train, std::uint64_t sent, std::uint64_t received) {
    const Point point{sent, received};
    if (!any_ || train != train_) {
        if (any_) {
            microseconds_ += last_.received - first_.received;
            bytes_ += last_.sent - first_.sent;
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

double Dispersion::rate(std::uint64_t least) const {
    const std::uint64_t bytes = bytes_ + (last_.sent - first_.sent);
    const std::uint64_t microseconds = microseconds_ + (last_.received - first_.received);
    if (bytes < least || microseconds == 0) return 0;
    return static_cast<double>(bytes) * 1e6 / static_cast<double>(microseconds);
}

}  // namespace netcopy::rudp
