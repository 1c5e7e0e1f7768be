#include "net/readable.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include "test/unit/net/loop.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

struct Fixture {
    Fixture() { REQUIRE(::pipe(ends) == 0); }
    ~Fixture() {
        ::close(ends[0]);
        if (ends[1] >= 0) ::close(ends[1]);
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;

    Loop loop;
    int ends[2] = {-1, -1};
};

}  // namespace

TEST_CASE("a pipe is waited for until it has bytes, and they are left in it") {
    Fixture of;
    const auto waiting = of.loop.start(wait_readable(of.ends[0]));
    of.loop.poll();
    CHECK_FALSE(waiting->done);
    REQUIRE(::write(of.ends[1], "abc", 3) == 3);
    of.loop.finish(waiting);
    CHECK_FALSE(waiting->thrown);
    char buffer[10];
    CHECK(::read(of.ends[0], buffer, sizeof buffer) == 3);
    CHECK((::fcntl(of.ends[0], F_GETFL) & O_NONBLOCK) == 0);  // blocking as it was
}

TEST_CASE("a pipe is waited for again and again, and stays open") {
    Fixture of;
    for (int i = 0; i < 3; ++i) {
        REQUIRE(::write(of.ends[1], "x", 1) == 1);
        of.loop.run(wait_readable(of.ends[0]));
        char byte = 0;
        CHECK(::read(of.ends[0], &byte, 1) == 1);
    }
}

TEST_CASE("the end of a pipe ends the wait") {
    Fixture of;
    const auto waiting = of.loop.start(wait_readable(of.ends[0]));
    of.loop.poll();
    ::close(std::exchange(of.ends[1], -1));
    of.loop.finish(waiting);
    CHECK_FALSE(waiting->thrown);
}

TEST_CASE("a wait for a pipe that is cancelled is aborted, and the pipe stays open") {
    Fixture of;
    asio::cancellation_signal signal;
    const auto waiting = of.loop.start(wait_readable(of.ends[0]), signal.slot());
    of.loop.poll();
    signal.emit(asio::cancellation_type::terminal);
    of.loop.finish(waiting);
    CHECK(waiting->thrown_code() == asio::error::operation_aborted);
    REQUIRE(::write(of.ends[1], "x", 1) == 1);
    char byte = 0;
    CHECK(::read(of.ends[0], &byte, 1) == 1);
}
