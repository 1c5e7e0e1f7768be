#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// Disjoint ranges in order, kept in one flat vector that keeps its room: no allocation once it
/// has grown. Operations cost a binary search and a move of what stands behind.
class IntervalSet {
public:
    void add(Range range);
    void remove(Range range);
    bool contains_any(Range range) const;
    /// The lowest range, cut to `most` bytes; it stays in the set.
    std::optional<Range> front(std::uint64_t most = UINT64_MAX) const;
    /// What of the range is in the set, counted in bytes.
    std::uint64_t overlap(Range range) const;

    bool empty() const { return first_ == ranges_.size(); }
    std::size_t count() const { return ranges_.size() - first_; }  ///< ranges
    std::uint64_t bytes() const { return bytes_; }
    const Range* begin() const { return ranges_.data() + first_; }
    const Range* end() const { return ranges_.data() + ranges_.size(); }
    void clear();

private:
    std::size_t search(std::uint64_t offset) const;
    std::vector<Range> ranges_;
    std::size_t first_ = 0;  // what stands before it was removed from the front
    std::uint64_t bytes_ = 0;
};

}  // namespace netcopy::rudp
