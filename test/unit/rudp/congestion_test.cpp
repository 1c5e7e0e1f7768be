#include <catch2/catch.hpp>

#include "test/unit/rudp/path_model.hpp"

// docs/protocol/rudp.md, "Congestion control in detail".

using namespace netcopy;
using namespace netcopy::rudp;
using namespace std::chrono_literals;
using netcopy::test::PathModel;
using State = Congestion::State;

TEST_CASE("congestion: the first flight is 128 packets, paced over the round trip in two trains") {
    const Time now{1000s};
    const Congestion control({1200, 100ms, 0, 1}, now);
    CHECK(control.burst() == 64 * 1200);
    CHECK(control.rate() == 128 * 1200 * 10);
    CHECK(control.window() >= 128 * 1200);
}

TEST_CASE(
    "congestion: by dispersion start-up takes three round trips and a little, whatever the rate") {
    for (const double rate : {10e6, 25e6, 60e6}) {
        PathModel path;
        path.rate = rate;
        path.rtt = 100ms;
        path.run(330ms);  // nothing comes back in the first 100
        INFO(rate);
        CHECK(path.control->state() != State::startup);
        CHECK(path.control->bandwidth() > 0.8 * rate);
        CHECK(path.control->bandwidth() < 1.1 * rate);
        CHECK(path.overflowed == 0);
    }
}

TEST_CASE(
    "congestion: without a clock start-up takes about twice the rate each round trip, and ends") {
    PathModel path;
    path.rtt = 100ms;
    path.clock = [](Time) { return 0; };
    path.run(320ms);
    CHECK(path.control->state() == State::startup);
    CHECK(path.most_rate < 10 * 128 * 1200 * 10);
    path.run(800ms);
    CHECK(path.control->state() != State::startup);
    CHECK(path.control->bandwidth() > 0.8 * path.rate);
}

TEST_CASE("congestion: a clock that lies gains a bounded factor for one round trip") {
    const auto quick = [](Time at) {  // a thousand times too quick
        const auto us =
            std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
        return static_cast<std::uint64_t>(us / 1000);
    };
    const auto backwards = [](Time at) {
        const auto us =
            std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
        return UINT64_MAX - static_cast<std::uint64_t>(us);
    };
    for (const auto& clock : {std::function<std::uint64_t(Time)>(quick),
                              std::function<std::uint64_t(Time)>(backwards)}) {
        PathModel path;
        path.rate = 2.5e6;  // the path's first flight is most of what it takes
        path.rtt = 100ms;
        path.clock = clock;
        path.run(250ms);
        CHECK(path.most_rate <= 48 * std::max(128 * 1200 * 10.0, path.rate));
        path.run(3s);
        path.goodput();
        path.run(2s);
        CHECK(path.control->bandwidth() < 1.1 * path.rate);
        CHECK(path.goodput() > 0.8 * path.rate);
    }
}

TEST_CASE("congestion: random loss does not lower the rate") {
    for (const double loss : {0.01, 0.05}) {
        for (const auto rtt : {20ms, 100ms}) {
            PathModel path;
            path.rate = 25e6;
            path.rtt = rtt;
            path.loss = loss;
            path.run(1s);
            path.goodput();
            path.run(8s);
            INFO(loss << " " << rtt.count());
            CHECK(path.goodput() > 0.95 * path.rate);
            CHECK(path.control->random_loss() == Approx(loss).margin(0.02));
        }
    }
}

TEST_CASE("congestion: a shallow queue is not kept overflowing") {
    for (const double queue : {0.2, 0.5}) {
        PathModel path;
        path.rtt = 50ms;
        path.queue = queue;
        path.run(2s);
        const std::uint64_t sent = path.sent, overflowed = path.overflowed;
        path.goodput();
        path.run(20s);
        INFO(queue);
        CHECK(path.goodput() > 0.85 * path.rate);
        CHECK(static_cast<double>(path.overflowed - overflowed) <
              0.005 * static_cast<double>(path.sent - sent));
    }
}

TEST_CASE("congestion: when the path becomes slower the rate follows, and comes back") {
    PathModel path;
    path.rtt = 40ms;
    path.run(2s);
    path.rate = 5e6;
    path.run(3s);
    CHECK(path.control->bandwidth() < 1.2 * path.rate);
    const std::uint64_t sent = path.sent, overflowed = path.overflowed;
    path.run(3s);
    CHECK(static_cast<double>(path.overflowed - overflowed) <
          0.02 * static_cast<double>(path.sent - sent));
    path.rate = 25e6;
    path.run(15s);
    CHECK(path.control->bandwidth() > 0.7 * path.rate);
}

TEST_CASE("congestion: the minimum round trip is measured anew when the path has become longer") {
    PathModel path;
    path.rtt = 20ms;
    path.run(2s);
    CHECK(path.control->min_rtt() < 23ms);
    path.rtt = 60ms;
    path.run(14s);
    CHECK(path.control->min_rtt() >= 60ms);
    path.goodput();
    path.run(2s);
    CHECK(path.goodput() > 0.85 * path.rate);
}

TEST_CASE("congestion: what the application leaves unused is no measure of the path") {
    PathModel path;
    path.rtt = 40ms;
    path.run(2s);
    const double before = path.control->bandwidth();
    path.application_has_more = false;
    path.run(5s);
    path.application_has_more = true;
    CHECK(path.control->bandwidth() > 0.9 * before);
    path.run(100ms);
    path.goodput();
    path.run(1s);
    CHECK(path.goodput() > 0.9 * path.rate);
}

TEST_CASE("congestion: on the own machine the window is half the peer's buffer") {
    PathModel path;
    path.rate = 2e9;
    path.rtt = 100us;
    path.size = 65'507;
    path.receive_buffer = 4 << 20;
    path.queue = 20;
    for (int i = 0; i < 200; ++i) {
        path.run(1ms);
        REQUIRE(path.control->window() <= path.receive_buffer / 2);
        REQUIRE(path.control->burst() <= path.receive_buffer / 4);
    }
    CHECK(path.control->window() >= 8 * path.size);
    path.goodput();
    path.run(1s);
    CHECK(path.goodput() > 0.8 * path.rate);
}

TEST_CASE("congestion: one seed, one course") {
    const auto course = [](std::uint64_t seed) {
        PathModel path(seed);
        path.loss = 0.01;
        path.run(3s);
        return std::pair(path.sent, path.arrived);
    };
    CHECK(course(7) == course(7));
    CHECK(course(7) != course(8));
}
