#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "rudp/interval_set.hpp"

namespace netcopy {

/// Divides a file among those who have it: who is asked for what, what is still missing, and who
/// delivered which bytes (docs/architecture.md, "A fetch"). No clock, no socket. Not
/// thread-safe.
///
/// Each source is asked for as much as its rate lets arrive soon, from the front of what nobody was
/// asked for; so the faster gets more, and the file fills from its beginning. When nothing is left
/// to be asked for, who is done helps the one that would need longest, from that one's back.
class FetchPlan {
public:
    using Range = rudp::Range;
    using Source = std::size_t;  ///< an index, in the order of add_source()
    using Rate = std::uint64_t;  ///< bytes a second

    static constexpr std::uint64_t least_outstanding = 16 << 20;  ///< bytes
    static constexpr std::uint64_t most_outstanding = 64 << 20;
    static constexpr std::uint64_t least_piece = 1 << 20;

    explicit FetchPlan(std::uint64_t size);

    /// One more that may deliver. It counts as active.
    Source add_source();
    /// It failed, or is to be left out: what it was asked for goes to others. What it delivered
    /// stays.
    void drop(Source source);
    /// It may be asked again.
    void revive(Source source) { sources_[source].active = true; }
    bool active(Source source) const { return sources_[source].active; }

    /// How a source does at present.
    struct Pace {
        Rate rate = 0;  ///< of content, lately; 0: unknown yet
        std::chrono::microseconds rtt{100'000};
        bool silent = false;  ///< nothing has been heard of it for longer than usual
    };
    /// Told now and then, and before next().
    void pace(Source source, Pace pace) { sources_[source].pace = pace; }

    /// What a source should be asked for besides what it was already; none: nothing for now. Never
    /// more than `most` bytes.
    std::optional<Range> next(Source source, std::uint64_t most = UINT64_MAX);
    std::uint64_t outstanding(Source source) const { return sources_[source].asked.bytes(); }

    /// A source has delivered these. Calls `fresh` for each stretch of them that was missing: only
    /// these are to be written. What is behind the file's end, or not wanted from it, is none.
    void arrived(Source source, Range range, const std::function<void(Range)>& fresh);
    /// Bytes that an attempt before this one has left; they count as delivered by `source`.
    void had(Source source, Range range);

    std::uint64_t size() const { return size_; }
    bool complete() const { return missing_.empty(); }
    std::uint64_t missing() const { return missing_.bytes(); }  ///< bytes
    /// Everything before it is here.
    std::uint64_t front() const { return missing_.empty() ? size_ : missing_.begin()->begin; }
    std::uint64_t missing_within(Range range) const { return missing_.overlap(range); }

    /// Of what is here, what a source has delivered.
    const rudp::IntervalSet& delivered(Source source) const { return sources_[source].delivered; }
    /// Who has delivered anything that is here.
    std::vector<Source> contributors() const;

    /// To find out who lied: all that `suspect` delivered is missing again, and it is dropped.
    void refetch_without(Source suspect);
    /// All that is not from this one is missing again, and all others are dropped.
    void refetch_from(Source only);

private:
    struct State {
        bool active = true;
        Pace pace;
        rudp::IntervalSet asked;      // and not here
        rudp::IntervalSet delivered;  // and still believed
    };
    std::uint64_t goal(const State& state) const;
    std::uint64_t piece(const State& state, std::uint64_t goal) const;
    std::optional<Range> take(State& state, std::uint64_t most);
    std::optional<Range> help(State& state, std::uint64_t most);
    void lose(Range range);

    const std::uint64_t size_;
    rudp::IntervalSet missing_;
    rudp::IntervalSet untaken_;  // of missing_, what nobody was asked for
    std::vector<State> sources_;
};

}  // namespace netcopy
