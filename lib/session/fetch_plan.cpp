#include "session/fetch_plan.hpp"

#include <algorithm>

namespace netcopy {
namespace {

using rudp::IntervalSet;
using rudp::Range;

constexpr double worth_helping = 0.25;  // seconds that somebody would still need
constexpr std::chrono::microseconds ahead{250'000};
constexpr double guessed_rate = 1e6;  // bytes a second, of one that is not known yet
constexpr double for_ever = 1e9;      // seconds
constexpr std::uint64_t pieces = 8;   // of what may be outstanding

/// Calls `part` for what both have, in order; `part` may change the set.
void intersect(const IntervalSet& set, Range range, std::vector<Range>& parts) {
    parts.clear();
    const Range* at =
        std::upper_bound(set.begin(), set.end(), range.begin,
                         [](std::uint64_t offset, const Range& each) { return offset < each.end; });
    for (; at != set.end() && at->begin < range.end; ++at) {
        parts.push_back({std::max(at->begin, range.begin), std::min(at->end, range.end)});
    }
}

double rate_of(const FetchPlan::Pace& pace) {
    if (pace.silent) return 1;
    return pace.rate == 0 ? guessed_rate : static_cast<double>(pace.rate);
}

double seconds_for(std::uint64_t bytes, const FetchPlan::Pace& pace) {
    return pace.silent ? for_ever : static_cast<double>(bytes) / rate_of(pace);
}

}  // namespace

FetchPlan::FetchPlan(std::uint64_t size) : size_(size) {
    missing_.add({0, size});
    untaken_.add({0, size});
}

FetchPlan::Source FetchPlan::add_source() {
    sources_.emplace_back();
    return sources_.size() - 1;
}

void FetchPlan::drop(Source source) {
    State& state = sources_[source];
    state.active = false;
    const IntervalSet asked = std::move(state.asked);
    state.asked = IntervalSet();
    for (const Range& range : asked) lose(range);
}

/// Nobody fetches these any more, but for what others were asked for, too.
void FetchPlan::lose(Range range) {
    std::vector<Range> parts;
    intersect(missing_, range, parts);
    for (const Range& part : parts) untaken_.add(part);
    for (const State& other : sources_) {
        intersect(other.asked, range, parts);
        for (const Range& part : parts) untaken_.remove(part);
    }
}

std::uint64_t FetchPlan::goal(const State& state) const {
    const std::chrono::duration<double> soon = 2 * state.pace.rtt + ahead;
    const double bytes = static_cast<double>(state.pace.rate) * soon.count();
    if (bytes >= static_cast<double>(most_outstanding)) return most_outstanding;
    return std::max(least_outstanding, static_cast<std::uint64_t>(bytes));
}

std::uint64_t FetchPlan::piece(const State& state, std::uint64_t goal) const {
    const std::uint64_t room = goal - std::min(goal, state.asked.bytes());
    const std::uint64_t least = std::max(least_piece, goal / pieces);
    if (room >= least) return state.asked.empty() ? room / 2 : least;
    return 0;
}

std::optional<Range> FetchPlan::next(Source source, std::uint64_t most) {
    State& state = sources_[source];
    if (!state.active || most == 0) return std::nullopt;
    if (!untaken_.empty()) return take(state, most);
    return help(state, most);
}

std::optional<Range> FetchPlan::take(State& state, std::uint64_t most) {
    const std::uint64_t wanted = std::min(piece(state, goal(state)), most);
    if (wanted == 0) return std::nullopt;
    const auto range = untaken_.front(wanted);
    untaken_.remove(*range);
    state.asked.add(*range);
    return range;
}

/// All is taken: the last pieces of whoever would need longest are fetched twice.
std::optional<Range> FetchPlan::help(State& state, std::uint64_t most) {
    const double own = state.asked.empty() ? 0 : seconds_for(state.asked.bytes(), state.pace);
    const double round_trip = std::chrono::duration<double>(state.pace.rtt).count();
    State* slowest = nullptr;
    double longest = own + round_trip + worth_helping;
    for (State& other : sources_) {
        if (&other == &state || other.asked.empty()) continue;
        const double needs = seconds_for(other.asked.bytes(), other.pace);
        if (needs > longest) {
            longest = needs;
            slowest = &other;
        }
    }
    if (!slowest) return std::nullopt;
    // So that both would be done at the same time.
    const double fast = rate_of(state.pace), slow = rate_of(slowest->pace);
    const double share = std::min((longest - own) * fast * slow / (fast + slow),
                                  static_cast<double>(slowest->asked.bytes()));
    std::uint64_t wanted = std::max(least_piece, static_cast<std::uint64_t>(share));
    wanted = std::min({wanted, most, most_outstanding});
    // From the back, and not what we were asked for already.
    for (const Range* at = slowest->asked.end(); at != slowest->asked.begin();) {
        --at;
        Range range{at->end - std::min(wanted, at->size()), at->end};
        std::vector<Range> ours;
        intersect(state.asked, range, ours);
        if (!ours.empty()) {
            if (ours.back().end == range.end) continue;
            range.begin = ours.back().end;
        }
        state.asked.add(range);
        return range;
    }
    return std::nullopt;
}

void FetchPlan::arrived(Source source, Range range, const std::function<void(Range)>& fresh) {
    State& state = sources_[source];
    range.end = std::min(range.end, size_);
    if (!state.active || range.begin >= range.end) return;
    std::vector<Range> parts;
    intersect(missing_, range, parts);
    for (const Range& part : parts) {
        missing_.remove(part);
        untaken_.remove(part);
        state.delivered.add(part);
        fresh(part);
    }
    for (State& each : sources_) each.asked.remove(range);
}

void FetchPlan::had(Source source, Range range) {
    range.end = std::min(range.end, size_);
    missing_.remove(range);
    untaken_.remove(range);
    sources_[source].delivered.add(range);
}

std::vector<FetchPlan::Source> FetchPlan::contributors() const {
    std::vector<Source> found;
    for (Source each = 0; each < sources_.size(); ++each) {
        if (!sources_[each].delivered.empty()) found.push_back(each);
    }
    return found;
}

void FetchPlan::refetch_without(Source suspect) {
    drop(suspect);
    const IntervalSet theirs = std::move(sources_[suspect].delivered);
    sources_[suspect].delivered = IntervalSet();
    for (const Range& range : theirs) {
        missing_.add(range);
        untaken_.add(range);
    }
}

void FetchPlan::refetch_from(Source only) {
    for (Source each = 0; each < sources_.size(); ++each) {
        if (each != only) refetch_without(each);
    }
}

}  // namespace netcopy
