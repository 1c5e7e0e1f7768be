#include "net/together.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "test/unit/net/loop.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

/// Waits until it is cancelled, and counts that.
Task<> wait_for_ever(Executor executor, int& cancelled) {
    Timer timer(executor, Clock::time_point::max());
    const auto [error] = co_await timer.async_wait(asio::as_tuple(UseTask()));
    if (error) ++cancelled;
}

}  // namespace

TEST_CASE("tasks run at the same time, each with its number, and all are waited for") {
    Loop loop;
    std::vector<std::size_t> order;
    const auto part = [&](std::size_t number) -> Task<> {
        order.push_back(number);
        co_await asio::post(loop.executor(), UseTask());
        order.push_back(number);
    };
    const auto task = [&]() -> Task<int> {
        co_await run_together(3, part);
        co_return 1;
    };
    CHECK(loop.run(task()) == 1);
    CHECK(order == std::vector<std::size_t>{0, 1, 2, 0, 1, 2});
}

TEST_CASE("no task is nothing to wait for") {
    Loop loop;
    const auto task = []() -> Task<int> {
        co_await run_together(0, [](std::size_t) -> Task<> { co_return; });
        co_return 1;
    };
    CHECK(loop.run(task()) == 1);
}

TEST_CASE("when one task throws the others are cancelled, and its exception comes out") {
    Loop loop;
    int cancelled = 0;
    const auto part = [&](std::size_t number) -> Task<> {
        if (number == 1) throw std::runtime_error("one is enough");
        co_await wait_for_ever(loop.executor(), cancelled);
    };
    const auto task = [&]() -> Task<int> {
        co_await run_together(3, part);
        co_return 1;
    };
    CHECK_THROWS_WITH(loop.run(task()), "one is enough");
    CHECK(cancelled == 2);
}
