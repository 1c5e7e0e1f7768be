#include "net/moderation.hpp"

#include <catch2/catch.hpp>

namespace netcopy {
namespace {

using namespace std::chrono_literals;

/// Pieces of one size, one after the other with `gap` between, for so long.
void receive(Moderation& moderation, Clock::time_point& now, Clock::duration gap, std::size_t size,
             Clock::duration time) {
    for (const auto end = now + time; now < end; now += gap) moderation.received(1, size, now);
}

}  // namespace

TEST_CASE("Small datagrams that come fast are waited for together, until they come slowly again") {
    Moderation moderation;
    auto now = Clock::time_point(1000s);
    CHECK_FALSE(moderation.dense());
    receive(moderation, now, 60us, 1472, 20ms);  // 200 Mbit/s
    CHECK(moderation.dense());
    receive(moderation, now, 1ms, 1472, 20ms);
    CHECK_FALSE(moderation.dense());
}

TEST_CASE("Looking after pauses finds datagrams as dense as looking at once") {
    Moderation moderation;
    auto now = Clock::time_point(1000s);
    for (int i = 0; i < 40; ++i) {
        moderation.received(8, 8 * 1472, now);
        now += Moderation::pause;
    }
    CHECK(moderation.dense());
}

TEST_CASE("Silence ends the pauses") {
    Moderation moderation;
    auto now = Clock::time_point(1000s);
    receive(moderation, now, 60us, 1472, 20ms);
    REQUIRE(moderation.dense());
    int pauses = 0;
    for (; moderation.dense() && pauses < 100; ++pauses) {
        moderation.received(0, 0, now += Moderation::pause);
    }
    CHECK(pauses * Moderation::pause <= 11ms);
}

TEST_CASE("What comes slowly, or in large pieces, is taken at once") {
    Moderation moderation;
    auto now = Clock::time_point(1000s);
    SECTION("slowly") { receive(moderation, now, 150us, 1472, 50ms); }
    SECTION("in large pieces") { receive(moderation, now, 20us, 64'000, 50ms); }
    SECTION("a first few at once") {
        for (int i = 0; i < 10; ++i) moderation.received(1, 100, now += 1us);
    }
    SECTION("again, after a long silence") {
        receive(moderation, now, 60us, 1472, 20ms);
        now += 1s;
        receive(moderation, now, 60us, 1472, 300us);
    }
    CHECK_FALSE(moderation.dense());
}

}  // namespace netcopy
