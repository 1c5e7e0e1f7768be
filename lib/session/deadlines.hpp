#pragma once

#include <cstddef>
#include <vector>

#include "net/task.hpp"

namespace netcopy {

/// The next deadline of each of many, by index: a binary heap that knows where each stands, so that
/// moving one costs a few swaps, and those that lie far off cost nothing at all. Not thread-safe.
class Deadlines {
public:
    using Index = std::size_t;
    using Time = Clock::time_point;

    /// Time::max(): none.
    void set(Index index, Time time);
    /// Time::max() when there is none.
    Time next() const { return heap_.empty() ? Time::max() : heap_.front().time; }
    /// Whose it is; only when there is one.
    Index next_index() const { return heap_.front().index; }

private:
    struct Entry {
        Time time;
        Index index;
    };
    static constexpr std::size_t nowhere = SIZE_MAX;

    void put(std::size_t place, Entry entry);
    void rise(std::size_t place, Entry entry);
    void sink(std::size_t place, Entry entry);

    std::vector<Entry> heap_;
    std::vector<std::size_t> places_;  // of each index, in heap_
};

}  // namespace netcopy
