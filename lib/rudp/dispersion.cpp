#include "rudp/dispersion.hpp"

namespace netcopy::rudp {

void Dispersion::on_ack(std::uint32_t train, std::uint64_t sent, std::uint64_t received) {
    const Point point{sent, received};
    if (!any_ || train != train_) {
        if (any_) complete_ += present();
        any_ = true;
        train_ = train;
        first_ = before_ = last_ = point;
        return;
    }
    if (received < last_.received || sent < last_.sent) return;  // its clock jumped
    if (received > last_.received) before_ = last_;
    last_ = point;
    // Packets that it took from its socket together have one time, that of the last of them.
    if (received == first_.received) first_ = before_ = point;
}

Dispersion::Span Dispersion::present() const {
    // What it took last, it may have waited for although nothing more came: rather without.
    const Point& end = before_.received > first_.received ? before_ : last_;
    return {end.sent - first_.sent, end.received - first_.received};
}

double Dispersion::rate(std::uint64_t least) const {
    Span span = complete_;
    span += present();
    if (span.bytes < least || span.microseconds == 0) return 0;
    return static_cast<double>(span.bytes) * 1e6 / static_cast<double>(span.microseconds);
}

}  // namespace netcopy::rudp
