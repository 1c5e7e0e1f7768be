#include <catch2/catch.hpp>

#include <thread>

#include "base/clock.hpp"

using netcopy::BootClock;

TEST_CASE("the boot clock advances and never goes back") {
    const auto start = BootClock::now();
    auto last = start;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (last == start && std::chrono::steady_clock::now() < limit) {
        const auto next = BootClock::now();
        REQUIRE(next >= last);
        last = next;
    }
    CHECK(last > start);
}

TEST_CASE(
    "the boot clock keeps the pace of the steady clock and counts what that has missed in "
    "suspend") {
    const auto boot = BootClock::now();
    const auto steady = std::chrono::steady_clock::now();
    // CLOCK_BOOTTIME is CLOCK_MONOTONIC plus the time suspended, so it is never behind.
    CHECK(boot.time_since_epoch() + std::chrono::seconds(1) >= steady.time_since_epoch());
    std::this_thread::sleep_for(std::chrono::milliseconds(30));  // what is measured is a time
    const auto boot_passed = BootClock::now() - boot;
    const auto steady_passed = std::chrono::steady_clock::now() - steady;
    CHECK(boot_passed >= std::chrono::milliseconds(30));
    CHECK(boot_passed <= steady_passed + std::chrono::milliseconds(5));
}
