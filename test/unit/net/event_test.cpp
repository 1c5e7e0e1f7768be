#include "net/event.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <thread>

using namespace netcopy;

TEST_CASE("Event: what is raised on another thread wakes who waits, each time") {
    asio::io_context io;
    const Event event(io.get_executor());
    std::atomic<int> woken = 0;
    const auto task = [&]() -> Task<> {
        for (; woken < 100; ++woken) co_await event.wait();
    };
    asio::co_spawn(io, task(), asio::detached);
    std::thread other([&] {
        while (woken < 100) {
            event.raise();
            std::this_thread::yield();
        }
    });
    io.run();
    other.join();
    CHECK(woken == 100);
}

TEST_CASE("Event: what was raised before is not lost, and raised twice is once") {
    asio::io_context io;
    const Event event(io.get_executor());
    event.raise();
    event.raise();
    bool first = false;
    bool second = false;
    const auto task = [&]() -> Task<> {
        co_await event.wait();
        first = true;
        const auto soon = Clock::now() + std::chrono::milliseconds(5);
        co_await event.wait(soon);
        second = Clock::now() >= soon;
    };
    asio::co_spawn(io, task(), asio::detached);
    io.run();
    CHECK(first);
    CHECK(second);
}
