#include "rudp/interval_set.hpp"

#include <catch2/catch.hpp>

#include <bitset>

using namespace netcopy::rudp;

namespace {

std::vector<Range> ranges_of(const IntervalSet& set) { return {set.begin(), set.end()}; }

/// The same set as one bit for each number, which is slow and plain.
class Model {
public:
    static constexpr std::uint64_t end = 256;

    void set(Range range, bool value) {
        for (std::uint64_t i = range.begin; i < range.end; ++i) bits_[i] = value;
    }
    std::vector<Range> ranges() const {
        std::vector<Range> found;
        for (std::uint64_t i = 0; i < end; ++i) {
            if (!bits_[i]) continue;
            if (!found.empty() && found.back().end == i) {
                ++found.back().end;
            } else {
                found.push_back({i, i + 1});
            }
        }
        return found;
    }
    std::uint64_t overlap(Range range) const {
        std::uint64_t sum = 0;
        for (std::uint64_t i = range.begin; i < range.end; ++i) sum += bits_[i];
        return sum;
    }
    std::uint64_t count() const { return bits_.count(); }

private:
    std::bitset<end> bits_;
};

}  // namespace

TEST_CASE("ranges that touch become one") {
    IntervalSet set;
    set.add({10, 20});
    set.add({30, 40});
    CHECK(set.count() == 2);
    set.add({20, 30});
    CHECK(ranges_of(set) == std::vector<Range>{{10, 40}});
    set.add({0, 10});
    set.add({40, 41});
    CHECK(ranges_of(set) == std::vector<Range>{{0, 41}});
    CHECK(set.bytes() == 41);
}

TEST_CASE("what is taken out of the middle leaves two ranges") {
    IntervalSet set;
    set.add({0, 100});
    set.remove({40, 60});
    CHECK(ranges_of(set) == std::vector<Range>{{0, 40}, {60, 100}});
    set.remove({30, 70});
    CHECK(ranges_of(set) == std::vector<Range>{{0, 30}, {70, 100}});
    set.remove({0, 100});
    CHECK(set.empty());
    CHECK(set.bytes() == 0);
}

TEST_CASE("empty ranges change nothing and are nowhere") {
    IntervalSet set;
    set.add({5, 5});
    CHECK(set.empty());
    set.add({0, 10});
    set.remove({5, 5});
    CHECK(set.count() == 1);
    CHECK_FALSE(set.contains_any({5, 5}));
    CHECK(set.overlap({5, 5}) == 0);
}

TEST_CASE("the front is the lowest range, cut to a size, and stays") {
    IntervalSet set;
    CHECK_FALSE(set.front());
    set.add({10, 20});
    set.add({30, 40});
    CHECK(*set.front() == Range{10, 20});
    CHECK(*set.front(3) == Range{10, 13});
    CHECK(*set.front(100) == Range{10, 20});
    CHECK(set.bytes() == 20);
}

TEST_CASE("the greatest numbers do not wrap") {
    IntervalSet set;
    set.add({0, UINT64_MAX});
    CHECK(set.bytes() == UINT64_MAX);
    set.remove({100, UINT64_MAX});
    CHECK(ranges_of(set) == std::vector<Range>{{0, 100}});
    set.add({UINT64_MAX - 1, UINT64_MAX});
    CHECK(set.overlap({50, UINT64_MAX}) == 51);
    CHECK(set.contains_any({UINT64_MAX - 1, UINT64_MAX}));
}

TEST_CASE("any series of changes leaves what a set of bits has") {
    std::uint64_t state = 1;
    const auto random = [&](std::uint64_t below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return (state >> 33) % below;
    };
    IntervalSet set;
    Model model;
    for (int i = 0; i < 20'000; ++i) {
        // The front is nibbled at most, as by sending in order.
        const std::uint64_t begin =
            random(3) == 0 && !set.empty() ? set.front()->begin : random(Model::end);
        const Range range{begin, std::min(Model::end, begin + random(20))};
        const bool adding = random(100) < (i / 1000 % 2 == 0 ? 60U : 40U);
        adding ? set.add(range) : set.remove(range);
        model.set(range, adding);
        const Range look{random(Model::end / 2), Model::end / 2 + random(Model::end / 2)};
        REQUIRE(ranges_of(set) == model.ranges());
        REQUIRE(set.bytes() == model.count());
        REQUIRE(set.overlap(look) == model.overlap(look));
        REQUIRE(set.contains_any(look) == (model.overlap(look) > 0));
    }
    set.clear();
    CHECK(set.empty());
    CHECK(set.count() == 0);
}
