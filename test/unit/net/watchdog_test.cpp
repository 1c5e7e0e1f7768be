#include "net/watchdog.hpp"

#include <catch2/catch.hpp>

#include "test/unit/net/loop.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

struct Fixture {
    Loop loop;
    int barks = 0;
    Clock::time_point began = Clock::now();
    Clock::duration barked_after{};
    std::optional<Watchdog> watchdog{std::in_place, loop.executor(), [this] {
                                         ++barks;
                                         barked_after = Clock::now() - began;
                                     }};

    void run_for(Clock::duration time) {
        bool over = false;
        loop.after(time, [&] { over = true; });
        loop.run_until([&] { return over; });
    }
};

}  // namespace

TEST_CASE("a watchdog that was never set does not bark") {
    Fixture of;
    of.run_for(50ms);
    CHECK(of.barks == 0);
    CHECK_FALSE(of.watchdog->expired());
    CHECK(of.watchdog->deadline() == Clock::time_point::max());
}

TEST_CASE("a watchdog barks once when its deadline passes") {
    Fixture of;
    of.watchdog->set(of.began + 50ms);
    CHECK_FALSE(of.watchdog->expired());
    of.run_for(200ms);
    CHECK(of.barks == 1);
    CHECK(of.barked_after >= 50ms);
    CHECK(of.watchdog->expired());
    CHECK(of.watchdog->deadline() == of.began + 50ms);
}

TEST_CASE("a deadline in the past is barked at") {
    Fixture of;
    of.watchdog->set(of.began - 1s);
    of.loop.run_until([&] { return of.barks > 0; });
    CHECK(of.watchdog->expired());
}

TEST_CASE("a deadline that moves away again and again is not barked at, and then is") {
    Fixture of;
    of.watchdog->set(of.began + 60ms);
    for (int i = 0; i < 10; ++i) {
        of.run_for(20ms);
        of.watchdog->set(Clock::now() + 10s);
    }
    CHECK(of.barks == 0);
    of.began = Clock::now();
    of.watchdog->set(of.began + 50ms);
    of.loop.run_until([&] { return of.barks > 0; });
    CHECK(of.barked_after >= 50ms);
    CHECK(of.barked_after < 8s);
}

TEST_CASE("a deadline that is taken away is not barked at") {
    Fixture of;
    of.watchdog->set(of.began + 30ms);
    of.watchdog->set(Clock::time_point::max());
    of.run_for(100ms);
    CHECK(of.barks == 0);
    CHECK_FALSE(of.watchdog->expired());
}

TEST_CASE("a new deadline forgets that the old one has passed, and is barked at again") {
    Fixture of;
    of.watchdog->set(of.began);
    of.loop.run_until([&] { return of.barks == 1; });
    of.watchdog->set(Clock::now() + 30ms);
    CHECK_FALSE(of.watchdog->expired());
    of.loop.run_until([&] { return of.barks == 2; });
    CHECK(of.watchdog->expired());
}

TEST_CASE("a watchdog that is gone does not bark, not even when its time was over already") {
    Fixture of;
    of.watchdog->set(of.began + 20ms);
    of.watchdog.reset();
    of.run_for(80ms);
    CHECK(of.barks == 0);

    Fixture late;
    late.watchdog->set(late.began - 1s);
    late.watchdog.reset();
    late.run_for(20ms);
    CHECK(late.barks == 0);
}
