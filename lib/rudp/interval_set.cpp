#include "rudp/interval_set.hpp"

#include <algorithm>

namespace netcopy::rudp {

// The first range that ends behind `offset`.
std::size_t IntervalSet::search(std::uint64_t offset) const {
    const auto at = std::upper_bound(
        ranges_.begin() + static_cast<std::ptrdiff_t>(first_), ranges_.end(), offset,
        [](std::uint64_t value, const Range& range) { return value < range.end; });
    return static_cast<std::size_t>(at - ranges_.begin());
}

void IntervalSet::add(Range range) {
    if (range.begin >= range.end) return;
    if (first_ >= 64 && 2 * first_ >= ranges_.size()) {
        ranges_.erase(ranges_.begin(), ranges_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
    // What touches it melts into it: one that ends where it begins, too.
    std::size_t from = range.begin == 0 ? first_ : search(range.begin - 1);
    std::size_t to = from;
    while (to < ranges_.size() && ranges_[to].begin <= range.end) {
        range.begin = std::min(range.begin, ranges_[to].begin);
        range.end = std::max(range.end, ranges_[to].end);
        bytes_ -= ranges_[to].size();
        ++to;
    }
    bytes_ += range.size();
    const auto at = [this](std::size_t i) {
        return ranges_.begin() + static_cast<std::ptrdiff_t>(i);
    };
    if (from == to && from == first_ && first_ > 0) {
        ranges_[--first_] = range;
    } else if (from == to) {
        ranges_.insert(at(from), range);
    } else {
        ranges_[from] = range;
        ranges_.erase(at(from + 1), at(to));
    }
}

void IntervalSet::remove(Range range) {
    if (range.begin >= range.end) return;
    const std::size_t from = search(range.begin);
    std::size_t to = from;
    const auto at = [this](std::size_t i) {
        return ranges_.begin() + static_cast<std::ptrdiff_t>(i);
    };
    if (from < ranges_.size() && ranges_[from].begin < range.begin) {
        const Range whole = ranges_[from];
        ranges_[from].end = range.begin;
        bytes_ -= whole.end - range.begin;
        if (whole.end > range.end) {  // a hole in the middle
            bytes_ += whole.end - range.end;
            const Range behind{range.end, whole.end};
            ranges_.insert(at(from + 1), behind);
            return;
        }
        to = from + 1;
    }
    const std::size_t gone = to;
    while (to < ranges_.size() && ranges_[to].end <= range.end) bytes_ -= ranges_[to++].size();
    if (to < ranges_.size() && ranges_[to].begin < range.end) {
        bytes_ -= range.end - ranges_[to].begin;
        ranges_[to].begin = range.end;
    }
    if (gone == first_) {
        first_ = to;
        if (first_ == ranges_.size()) clear();
    } else {
        ranges_.erase(at(gone), at(to));
    }
}

bool IntervalSet::contains_any(Range range) const {
    const std::size_t at = search(range.begin);
    return range.begin < range.end && at < ranges_.size() && ranges_[at].begin < range.end;
}

std::optional<Range> IntervalSet::front(std::uint64_t most) const {
    if (empty()) return std::nullopt;
    const Range& range = ranges_[first_];
    return Range{range.begin, range.begin + std::min(range.size(), most)};
}

std::uint64_t IntervalSet::overlap(Range range) const {
    std::uint64_t sum = 0;
    for (std::size_t i = search(range.begin); i < ranges_.size() && ranges_[i].begin < range.end;
         ++i) {
        sum += std::min(ranges_[i].end, range.end) - std::max(ranges_[i].begin, range.begin);
    }
    return sum;
}

void IntervalSet::clear() {
    ranges_.clear();
    first_ = 0;
    bytes_ = 0;
}

}  // namespace netcopy::rudp
