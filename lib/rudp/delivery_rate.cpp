#include "rudp/delivery_rate.hpp"

#include <algorithm>

namespace netcopy::rudp {

SendState DeliveryRate::on_sent(Time now, std::size_t bytes, std::uint64_t in_flight) {
    if (in_flight == 0) first_sent_time_ = delivered_time_ = now;  // after a pause
    sent_ += bytes;
    SendState state;
    state.delivered = delivered_;
    state.delivered_time = delivered_time_;
    state.first_sent_time = first_sent_time_;
    state.in_flight = in_flight + bytes;
    state.lost = lost_;
    state.sent = sent_;
    state.app_limited = app_limited();
    return state;
}

void DeliveryRate::on_acked(Time now, std::size_t bytes, Time sent, const SendState& state) {
    delivered_ += bytes;
    delivered_time_ = now;
    if (app_limited() && delivered_ > app_limited_until_) app_limited_until_ = 0;
    if (any_ && state.sent < latest_.sent) return;
    any_ = true;
    latest_ = state;
    latest_sent_ = sent;
    first_sent_time_ = std::max(first_sent_time_, sent);
}

RateSample DeliveryRate::take(Duration shortest) {
    if (!any_) return {};
    any_ = false;
    RateSample sample;
    sample.prior_delivered = latest_.delivered;
    sample.prior_in_flight = latest_.in_flight;
    sample.prior_lost = latest_.lost;
    sample.app_limited = latest_.app_limited;
    const Duration sending = latest_sent_ - latest_.first_sent_time;
    const Duration acking = delivered_time_ - latest_.delivered_time;
    const Duration span = std::max(sending, acking);
    if (span >= shortest && span > Duration::zero()) {
        const double seconds = std::chrono::duration<double>(span).count();
        sample.rate = static_cast<double>(delivered_ - latest_.delivered) / seconds;
    }
    return sample;
}

}  // namespace netcopy::rudp
