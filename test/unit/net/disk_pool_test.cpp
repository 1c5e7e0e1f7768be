#include "net/disk_pool.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "net/io_threads.hpp"
#include "test/unit/net/loop.hpp"

using namespace netcopy;
using namespace netcopy::test;

TEST_CASE("a job runs on another thread and its result comes back to this one") {
    Loop loop;
    DiskPool pool(1);
    const auto here = std::this_thread::get_id();
    std::thread::id there;
    std::thread::id back;
    const auto task = [&]() -> Task<int> {
        const int value = co_await pool.run([&] {
            there = std::this_thread::get_id();
            return 42;
        });
        back = std::this_thread::get_id();
        co_return value;
    };
    CHECK(loop.run(task()) == 42);
    CHECK(there != here);
    CHECK(back == here);
}

TEST_CASE("a result that can only be moved is moved") {
    Loop loop;
    DiskPool pool(1);
    CHECK(*loop.run(pool.run([] { return std::make_unique<int>(7); })) == 7);
    auto owned = std::make_unique<int>(8);
    CHECK(loop.run(pool.run([number = std::move(owned)] { return *number; })) == 8);
}

TEST_CASE("what a job throws is thrown to who joins it") {
    Loop loop;
    DiskPool pool(1);
    const auto task = [&]() -> Task<int> {
        co_return co_await pool.run([]() -> int { throw std::runtime_error("disk on fire"); });
    };
    CHECK_THROWS_WITH(loop.run(task()), "disk on fire");
    CHECK(loop.run(pool.run([] { return 1; })) == 1);
}

TEST_CASE("the jobs of a pool with one thread run in the order of their start") {
    Loop loop;
    DiskPool pool(1);
    std::vector<int> order;
    const auto task = [&]() -> Task<int> {
        std::vector<DiskJob<int>> jobs;
        for (int i = 0; i < 100; ++i) {
            jobs.push_back(pool.start(loop.executor(), [&order, i] {
                order.push_back(i);
                return i;
            }));
        }
        int sum = 0;
        for (auto& job : jobs) sum += co_await job.join();
        co_return sum;
    };
    CHECK(loop.run(task()) == 4950);
    REQUIRE(order.size() == 100);
    CHECK(std::ranges::is_sorted(order));
}

TEST_CASE("a job may be joined long after it has ended") {
    Loop loop;
    DiskPool pool(1);
    auto job = pool.start(loop.executor(), [] { return 5; });
    loop.run(pool.run([] { return 0; }));  // by then the one before it has ended
    CHECK(loop.run(job.join()) == 5);
}

TEST_CASE("jobs of several threads run at the same time") {
    Loop loop;
    DiskPool pool(2);
    std::promise<void> first;
    std::promise<void> second;
    // Each waits for the other: with one thread neither would end.
    const auto meet = [](std::promise<void>& mine, std::promise<void>& other) {
        mine.set_value();
        return other.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    };
    auto one = pool.start(loop.executor(), [&] { return meet(first, second); });
    auto two = pool.start(loop.executor(), [&] { return meet(second, first); });
    CHECK(loop.run(one.join()));
    CHECK(loop.run(two.join()));
}

TEST_CASE("cancelling who waits for a job does not cut the wait short") {
    const bool unwinding = GENERATE(true, false);
    INFO("the task " << (unwinding ? "unwinds by itself when it is cancelled"
                                   : "has switched that off"));
    Loop loop;
    std::promise<void> release;
    std::atomic<bool> ended{false};
    bool ended_at_join = false;
    bool released = false;
    DiskPool pool(1);
    const auto let_it_end = [&] {
        if (!std::exchange(released, true)) release.set_value();
    };
    const auto body = [&]() -> Task<int> {
        co_await asio::this_coro::throw_if_cancelled(unwinding);
        auto job = pool.start(loop.executor(), [&] {
            release.get_future().wait();
            ended = true;
            return 3;
        });
        try {
            const int value = co_await job.join();
            ended_at_join = ended;
            co_return value;
        } catch (...) {
            ended_at_join = ended;
            throw;
        }
    };
    asio::cancellation_signal signal;
    const auto waiting = loop.start(body(), signal.slot());
    loop.poll();
    signal.emit(asio::cancellation_type::terminal);
    loop.after(30ms, let_it_end);
    loop.finish(waiting);
    let_it_end();
    // What the job refers to may go only now, whether the wait ends with the value or by unwinding.
    CHECK(ended_at_join);
}

TEST_CASE("the pool's destructor waits for the jobs") {
    Loop loop;
    std::atomic<int> ended{0};
    {
        DiskPool pool(2);
        for (int i = 0; i < 50; ++i) {
            pool.start(loop.executor(), [&] {
                std::this_thread::yield();
                return ++ended;
            });
        }
    }
    CHECK(ended == 50);
    loop.poll();
}

TEST_CASE("many tasks share a pool") {
    Loop loop;
    DiskPool pool(2);
    std::vector<std::shared_ptr<Running<int>>> all;
    for (int i = 0; i < 500; ++i) all.push_back(loop.start(pool.run([i] { return i; })));
    for (int i = 0; i < 500; ++i) {
        const auto& running = all[static_cast<std::size_t>(i)];
        loop.finish(running);
        CHECK(running->value == i);
    }
}

TEST_CASE("each network thread has an executor of its own and runs what it is given") {
    IoThreads threads(3);
    const auto executors = threads.executors();
    REQUIRE(executors.size() == 3);
    std::vector<std::thread::id> ids;
    for (const Executor& executor : executors) {
        std::promise<std::thread::id> ran;
        asio::post(executor, [&] { ran.set_value(std::this_thread::get_id()); });
        auto future = ran.get_future();
        REQUIRE(future.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
        ids.push_back(future.get());
    }
    CHECK(ids[0] != ids[1]);
    CHECK(ids[1] != ids[2]);
    CHECK(ids[0] != ids[2]);
    CHECK(ids[0] != std::this_thread::get_id());
}

TEST_CASE("network threads end though something still waits on them") {
    auto threads = std::make_unique<IoThreads>(2);
    auto timer = std::make_shared<Timer>(threads->executors().front(), std::chrono::hours(1));
    Timer& waiting = *timer;
    waiting.async_wait([keep = std::move(timer)](const error_code&) {});
    const auto began = Clock::now();
    threads.reset();
    CHECK(Clock::now() - began < 8s);
}

TEST_CASE("no network threads are none") {
    const IoThreads threads(0);
    CHECK(threads.executors().empty());
}
