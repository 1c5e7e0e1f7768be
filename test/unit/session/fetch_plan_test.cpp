#include "session/fetch_plan.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "session/fetch_trial.hpp"

using netcopy::FetchPlan;
using netcopy::FetchTrial;
using Range = FetchPlan::Range;

namespace {

constexpr std::uint64_t mib = 1 << 20;

std::uint64_t arrive(FetchPlan& plan, FetchPlan::Source source, Range range) {
    std::uint64_t fresh = 0;
    plan.arrived(source, range, [&](Range each) { fresh += each.size(); });
    return fresh;
}

/// All that the plan wants of a source now, joined.
std::uint64_t ask(FetchPlan& plan, FetchPlan::Source source, std::vector<Range>& asked) {
    std::uint64_t bytes = 0;
    while (const auto range = plan.next(source)) {
        asked.push_back(*range);
        bytes += range->size();
    }
    return bytes;
}

}  // namespace

TEST_CASE("FetchPlan: one source is asked for the file from its beginning, a window at a time") {
    FetchPlan plan(100 * mib);
    const auto source = plan.add_source();
    std::vector<Range> asked;
    const std::uint64_t first = ask(plan, source, asked);
    CHECK(asked.front().begin == 0);
    CHECK(first > FetchPlan::least_outstanding / 2);
    CHECK(first <= FetchPlan::least_outstanding);
    for (std::size_t i = 1; i < asked.size(); ++i) CHECK(asked[i].begin == asked[i - 1].end);
    CHECK(plan.outstanding(source) == first);
    CHECK(!plan.next(source));
    CHECK(arrive(plan, source, {0, 4 * mib}) == 4 * mib);
    CHECK(plan.front() == 4 * mib);
    CHECK(ask(plan, source, asked) >= FetchPlan::least_piece);
}

TEST_CASE("FetchPlan: what may be outstanding grows with the rate, up to a limit") {
    FetchPlan plan(1024 * mib);
    const auto source = plan.add_source();
    std::vector<Range> asked;
    plan.pace(source, {100'000'000, std::chrono::milliseconds(100), false});  // 45 MB in 450 ms
    const std::uint64_t wished = ask(plan, source, asked);
    CHECK(wished > 36 * mib);
    CHECK(wished <= 45'000'000);
    plan.pace(source, {10'000'000'000, std::chrono::milliseconds(100), false});
    ask(plan, source, asked);
    CHECK(plan.outstanding(source) <= FetchPlan::most_outstanding);
    CHECK(plan.outstanding(source) > FetchPlan::most_outstanding / 2);
}

TEST_CASE("FetchPlan: nobody is asked for what another is asked for while something is left") {
    FetchPlan plan(64 * mib);
    const auto one = plan.add_source(), other = plan.add_source();
    std::vector<Range> asked;
    ask(plan, one, asked);
    ask(plan, other, asked);
    std::uint64_t sum = 0;
    netcopy::rudp::IntervalSet all;
    for (const Range& each : asked) {
        CHECK(!all.contains_any(each));
        all.add(each);
        sum += each.size();
    }
    CHECK(sum == plan.outstanding(one) + plan.outstanding(other));
}

TEST_CASE("FetchPlan: a source that is dropped gives back what it had not delivered") {
    FetchPlan plan(12 * mib);
    const auto one = plan.add_source(), other = plan.add_source();
    std::vector<Range> asked;
    ask(plan, one, asked);
    arrive(plan, one, {mib, 2 * mib});
    plan.drop(one);
    CHECK(plan.outstanding(one) == 0);
    CHECK(!plan.next(one));
    asked.clear();
    ask(plan, other, asked);
    CHECK(asked.front() == Range{0, mib});
    CHECK(asked[1].begin == 2 * mib);
    CHECK(arrive(plan, one, {0, mib}) == 0);  // it does not count any more
    plan.revive(one);
    CHECK(arrive(plan, one, {0, mib}) == mib);
}

TEST_CASE("FetchPlan: the tail of a slow source is fetched from a fast one, from its back") {
    FetchPlan plan(8 * mib);
    const auto slow = plan.add_source(), fast = plan.add_source();
    std::vector<Range> asked;
    while (ask(plan, slow, asked) > 0) {
    }
    // The rest is with the slow one only when it was asked for all.
    std::vector<Range> fasts;
    plan.pace(fast, {100'000'000, std::chrono::milliseconds(1), false});
    plan.pace(slow, {100'000, std::chrono::milliseconds(1), false});
    ask(plan, fast, fasts);
    REQUIRE(!fasts.empty());
    std::uint64_t end = 0;
    for (const Range& each : fasts) end = std::max(end, each.end);
    CHECK(end == 8 * mib);
    for (const Range& each : fasts) arrive(plan, fast, each);
    plan.pace(fast, {100'000'000, std::chrono::milliseconds(1), false});
    for (int turn = 0; turn < 100 && !plan.complete(); ++turn) {
        fasts.clear();
        ask(plan, fast, fasts);
        for (const Range& each : fasts) arrive(plan, fast, each);
    }
    CHECK(plan.missing() < mib);  // the slow one is as good at what little is left
}

TEST_CASE("FetchPlan: a source that nothing is heard of is helped with all it has") {
    FetchPlan plan(8 * mib);
    const auto dead = plan.add_source(), live = plan.add_source();
    std::vector<Range> asked;
    ask(plan, dead, asked);
    plan.pace(dead, {.silent = true});
    for (int turn = 0; turn < 100 && !plan.complete(); ++turn) {
        plan.pace(live, {50'000'000, std::chrono::milliseconds(1), false});
        asked.clear();
        ask(plan, live, asked);
        for (const Range& each : asked) arrive(plan, live, each);
    }
    CHECK(plan.complete());
    CHECK(plan.delivered(live).bytes() == 8 * mib);
}

TEST_CASE("FetchPlan: equal sources do not help each other with what is soon done") {
    FetchPlan plan(8 * mib);
    const auto one = plan.add_source(), other = plan.add_source();
    for (const auto each : {one, other}) plan.pace(each, {100'000'000, {}, false});
    std::vector<Range> asked;
    while (ask(plan, one, asked) > 0) {
    }
    plan.pace(other, {100'000'000, {}, false});
    asked.clear();
    ask(plan, other, asked);
    std::uint64_t theirs = 0;
    for (const Range& each : asked) theirs += each.size();
    CHECK(plan.outstanding(one) + theirs == 8 * mib);
}

TEST_CASE("FetchPlan: what arrives twice, or behind the end, is told once and not at all") {
    FetchPlan plan(1000);
    const auto one = plan.add_source(), other = plan.add_source();
    CHECK(arrive(plan, one, {100, 300}) == 200);
    CHECK(arrive(plan, other, {0, 400}) == 200);
    CHECK(arrive(plan, one, {0, 400}) == 0);
    CHECK(arrive(plan, one, {900, 5000}) == 100);
    CHECK(arrive(plan, one, {5000, 6000}) == 0);
    CHECK(plan.delivered(one).bytes() == 300);
    CHECK(plan.delivered(other).bytes() == 200);
    CHECK(plan.missing() == 500);
    CHECK(plan.missing_within({0, 500}) == 100);
}

TEST_CASE("FetchPlan: no more is asked for than is allowed") {
    FetchPlan plan(10 * mib);
    const auto source = plan.add_source();
    CHECK(!plan.next(source, 0));
    CHECK(plan.next(source, 1000) == Range{0, 1000});
}

TEST_CASE("FetchPlan: an empty file is complete") {
    FetchPlan plan(0);
    CHECK(plan.complete());
    CHECK(!plan.next(plan.add_source()));
}

TEST_CASE("FetchPlan: random transfers with failing sources come to their end") {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        std::mt19937 random(seed);
        FetchPlan plan(random() % (40 * mib) + 1);
        std::vector<std::vector<Range>> asked(3);
        for (int i = 0; i < 3; ++i) plan.add_source();
        std::uint64_t fresh = 0;
        for (int step = 0; step < 100'000 && !plan.complete(); ++step) {
            const FetchPlan::Source source = random() % 3;
            const auto what = random() % 100;
            plan.pace(source,
                      {random() % 100'000'000, std::chrono::milliseconds(random() % 100), false});
            if (what == 0) {
                plan.drop(source);
                asked[source].clear();
            } else if (what < 5) {
                plan.revive(source);
            } else if (what < 50 || asked[source].empty()) {
                if (const auto range = plan.next(source)) asked[source].push_back(*range);
            } else {
                fresh += arrive(plan, source, asked[source].back());
                asked[source].pop_back();
            }
        }
        INFO("seed " << seed);
        REQUIRE(plan.complete());
        CHECK(fresh == plan.size());
        std::uint64_t delivered = 0;
        for (const auto each : plan.contributors()) delivered += plan.delivered(each).bytes();
        CHECK(delivered == plan.size());
    }
}

namespace {

/// Who delivers wrong bytes; the transfer is simulated block by block.
std::vector<FetchPlan::Source> find_liars(std::size_t sources, std::vector<bool> lies,
                                          std::optional<FetchPlan::Source> local, bool& found) {
    constexpr std::uint64_t size = 64;
    FetchPlan plan(size);
    std::vector<FetchPlan::Source> from(size);
    for (std::size_t i = 0; i < sources; ++i) plan.add_source();
    std::mt19937 random(42);
    const auto fill = [&](const std::vector<bool>& may) {
        for (std::uint64_t at = 0; at < size; ++at) {
            FetchPlan::Source source = random() % sources;
            while (!may[source]) source = random() % sources;
            plan.revive(source);
            plan.arrived(source, {at, at + 1}, [&](Range) { from[at] = source; });
        }
        REQUIRE(plan.complete());
    };
    const auto wrong = [&] {
        return std::any_of(from.begin(), from.end(), [&](auto source) { return lies[source]; });
    };
    fill(std::vector<bool>(sources, true));
    found = true;
    if (!wrong()) return {};
    FetchTrial trial(plan, sources, local);
    while (wrong()) {
        const auto step = trial.next();
        if (!step) {
            found = false;
            return {};
        }
        std::vector<bool> may(sources, !step->alone);
        may[step->source] = step->alone;
        if (local) may[*local] = false;
        if (step->alone) {
            plan.refetch_from(step->source);
        } else {
            plan.refetch_without(step->source);
        }
        fill(may);
    }
    return trial.liars();
}

}  // namespace

TEST_CASE("FetchTrial: one liar of several is found, whoever it is") {
    for (std::size_t sources = 2; sources <= 5; ++sources) {
        for (std::size_t liar = 0; liar < sources; ++liar) {
            std::vector<bool> lies(sources, false);
            lies[liar] = true;
            bool found = false;
            CHECK(find_liars(sources, lies, {}, found) == std::vector<std::size_t>{liar});
            CHECK(found);
        }
    }
}

TEST_CASE("FetchTrial: with several liars one honest source is enough") {
    bool found = false;
    find_liars(4, {true, true, false, true}, {}, found);
    CHECK(found);
    find_liars(3, {true, true, false}, {}, found);
    CHECK(found);
}

TEST_CASE("FetchTrial: a single source that lies leaves nothing to try") {
    FetchPlan plan(10);
    plan.add_source();
    arrive(plan, 0, {0, 10});
    FetchTrial trial(plan, 1, {});
    CHECK(!trial.next());
}

TEST_CASE("FetchTrial: what an earlier attempt left is fetched again from the only server") {
    bool found = false;
    CHECK(find_liars(2, {true, false}, 0, found) == std::vector<std::size_t>{0});
    CHECK(found);
    find_liars(2, {false, true}, 0, found);
    CHECK(!found);
}
