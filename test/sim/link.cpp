#include "test/sim/link.hpp"

#include <algorithm>

namespace netcopy::sim {

namespace {

Duration seconds(double value) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

}  // namespace

Link::Counts& Link::Counts::operator+=(const Counts& other) {
    packets += other.packets;
    bytes += other.bytes;
    overflowed += other.overflowed;
    lost += other.lost;
    duplicated += other.duplicated;
    reordered += other.reordered;
    corrupted += other.corrupted;
    too_big += other.too_big;
    return *this;
}

std::uint64_t Link::queued(Time now) const {
    if (busy_until_ <= now) return 0;
    const std::chrono::duration<double> left = busy_until_ - now;
    return static_cast<std::uint64_t>(left.count() * options_.rate);
}

bool Link::loses() {
    const Faults& faults = options_.faults;
    bad_ = bad_ ? !random_.chance(faults.burst_end) : random_.chance(faults.burst_begin);
    return random_.chance(bad_ ? faults.burst_loss : faults.loss);
}

Link::Arrival Link::arrive(Time departure) {
    const Faults& faults = options_.faults;
    Time at = departure + options_.delay;
    if (options_.jitter > Duration{})
        at += Duration(random_.below(static_cast<std::uint64_t>(options_.jitter.count())));
    if (faults.reorder_by > Duration{} && random_.chance(faults.reorder)) {
        ++counts_.reordered;
        at += Duration(random_.below(static_cast<std::uint64_t>(faults.reorder_by.count())));
    } else {
        at = last_arrival_ = std::max(at, last_arrival_);
    }
    const bool corrupt = random_.chance(faults.corrupt);
    counts_.corrupted += corrupt;
    return {at, corrupt};
}

Link::Passage Link::carry(Time now, std::size_t bytes) {
    ++counts_.packets;
    counts_.bytes += bytes;
    if (options_.faults.mtu != 0 && bytes > options_.faults.mtu) {
        ++counts_.too_big;
        return {};
    }
    if (queued(now) + bytes > std::max<std::uint64_t>(options_.queue, bytes)) {
        ++counts_.overflowed;
        return {};
    }
    busy_until_ = std::max(now, busy_until_) + seconds(static_cast<double>(bytes) / options_.rate);
    if (loses()) {  // behind the queue: what is lost has taken its time
        ++counts_.lost;
        return {};
    }
    Passage passage;
    passage.arrivals[passage.count++] = arrive(busy_until_);
    if (random_.chance(options_.faults.duplicate)) {
        ++counts_.duplicated;
        passage.arrivals[passage.count++] = arrive(busy_until_);
    }
    return passage;
}

}  // namespace netcopy::sim
