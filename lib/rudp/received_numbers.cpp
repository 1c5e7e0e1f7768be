#include "rudp/received_numbers.hpp"

#include <algorithm>

namespace netcopy::rudp {

bool ReceivedNumbers::add(std::uint64_t number) {
    std::size_t at = 0;  // the first range that is not wholly above
    while (at < count_ && ranges_[at].first > number) ++at;
    if (at < count_ && ranges_[at].last >= number) return false;
    const bool touches_below = at < count_ && ranges_[at].last + 1 == number;
    const bool touches_above = at > 0 && number + 1 == ranges_[at - 1].first;
    if (touches_below && touches_above) {
        ranges_[at - 1].first = ranges_[at].first;
        std::move(ranges_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                  ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
                  ranges_.begin() + static_cast<std::ptrdiff_t>(at));
        --count_;
    } else if (touches_below) {
        ranges_[at].last = number;
    } else if (touches_above) {
        ranges_[at - 1].first = number;
    } else if (at == ranges_.size()) {
        return false;
    } else {
        insert(at, {number, number});
    }
    return true;
}

void ReceivedNumbers::insert(std::size_t at, Numbers range) {
    if (count_ < ranges_.size()) ++count_;  // else the oldest goes
    std::move_backward(ranges_.begin() + static_cast<std::ptrdiff_t>(at),
                       ranges_.begin() + static_cast<std::ptrdiff_t>(count_) - 1,
                       ranges_.begin() + static_cast<std::ptrdiff_t>(count_));
    ranges_[at] = range;
}

}  // namespace netcopy::rudp
