#include "session/deadlines.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>

using netcopy::Deadlines;

TEST_CASE("Deadlines: the earliest comes first, moves, and goes") {
    Deadlines deadlines;
    const Deadlines::Time start{};
    using std::chrono::seconds;
    CHECK(deadlines.next() == Deadlines::Time::max());
    deadlines.set(3, start + seconds(5));
    deadlines.set(1, start + seconds(2));
    CHECK(deadlines.next_index() == 1);
    deadlines.set(1, start + seconds(9));
    CHECK(deadlines.next_index() == 3);
    deadlines.set(3, Deadlines::Time::max());
    CHECK(deadlines.next_index() == 1);
    deadlines.set(1, Deadlines::Time::max());
    CHECK(deadlines.next() == Deadlines::Time::max());
}

TEST_CASE("Deadlines: agrees with a plain map after any changes") {
    std::mt19937 random(7);
    Deadlines deadlines;
    std::map<std::size_t, int> plain;
    for (int step = 0; step < 20'000; ++step) {
        const std::size_t index = random() % 100;
        if (random() % 4 == 0) {
            deadlines.set(index, Deadlines::Time::max());
            plain.erase(index);
        } else {
            const int time = static_cast<int>(random() % 1000);
            deadlines.set(index, Deadlines::Time(std::chrono::nanoseconds(time)));
            plain[index] = time;
        }
        if (plain.empty()) {
            REQUIRE(deadlines.next() == Deadlines::Time::max());
            continue;
        }
        int least = 1000;
        for (const auto& [each, time] : plain) least = std::min(least, time);
        REQUIRE(deadlines.next() == Deadlines::Time(std::chrono::nanoseconds(least)));
        REQUIRE(plain.at(deadlines.next_index()) == least);
    }
}
