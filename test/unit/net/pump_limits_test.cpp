// What ends a pump from outside: stalls and cancellation.

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "test/unit/net/pump_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = PumpFixture;

TEST_CASE("a peer that takes nothing is a stall") {
    Fixture of;
    make_narrow(of.at);
    of.stall.window = 300ms;
    of.text = sample(20 * kib * kib);
    const auto pumping = of.start_out();
    of.loop.finish(pumping);
    CHECK(pumping->thrown_code() == timed_out);
    CHECK(of.passed() >= 300ms);
    CHECK(of.passed() < 8s);
}

TEST_CASE("a peer that sends nothing is a stall") {
    Fixture of;
    of.stall.window = 300ms;
    const auto pumping = of.start_in();
    of.loop.finish(pumping);
    CHECK(pumping->thrown_code() == timed_out);
    CHECK(of.passed() >= 300ms);
    CHECK(of.passed() < 8s);
    CHECK(of.taken.empty());
}

TEST_CASE("a trickle is a stall: less than 1 KiB in the window") {
    Fixture of;
    of.stall.window = 400ms;
    const auto pumping = of.start_in();
    std::size_t said = 0;
    of.loop.every(20ms, [&] {
        if (pumping->done || of.passed() > 4s) return false;
        error_code ignored;
        said += asio::write(of.at.peer, asio::buffer("0123456789", 10), ignored);
        return true;
    });
    of.loop.finish(pumping);
    CHECK(pumping->thrown_code() == timed_out);
    CHECK(of.passed() < 3s);
    // What came is not thrown away.
    CHECK(of.taken.size() == of.progress.bytes);
    CHECK(of.taken.size() > 0);
}

TEST_CASE("a slow peer is no stall, though all of it takes much longer than the window") {
    Fixture of;
    of.stall.window = 800ms;
    const auto pumping = of.start_in();
    int pieces = 0;
    of.loop.every(90ms, [&] {
        of.at.say(std::string(2000, 'x'));
        if (++pieces < 10) return true;
        of.at.end();
        return false;
    });
    of.loop.finish(pumping);
    REQUIRE_FALSE(pumping->thrown);
    CHECK(pumping->value->value() == 20'000);
    CHECK(of.passed() > of.stall.window);
}

TEST_CASE("a slow disk is not the peer's stall") {
    Fixture of;
    of.stall.window = 200ms;
    int calls = 0;
    const Consume consume = [&](Bytes bytes) -> Result<> {
        if (++calls == 1) std::this_thread::sleep_for(300ms);  // a slow disk is what is tested
        of.taken += as_text(bytes);
        return {};
    };
    const std::string body = sample(2 * kib * kib);
    const auto in = of.start_in(std::nullopt, consume);
    of.peer_sends(body);
    of.loop.finish(in);
    CHECK(in->thrown_code() == error_code());
    const bool same = of.taken == body;
    CHECK(same);

    Fixture other;
    other.stall.window = 200ms;
    other.text = sample(600 * kib);
    const Produce produce = [&](MutableBytes buffer) {
        if (other.given == 0) std::this_thread::sleep_for(300ms);
        return other.give(buffer);
    };
    const auto out = other.start_out(produce);
    const bool same_out = other.at.hear(other.text.size()) == other.text;
    CHECK(same_out);
    other.loop.finish(out);
    CHECK(out->thrown_code() == error_code());
}

TEST_CASE("a source that is slow is not the peer's stall") {
    Fixture of;
    of.stall.window = 150ms;
    of.text = "text";
    bool ready = false;
    const Produce produce = [&](MutableBytes buffer) -> Result<std::optional<std::size_t>> {
        if (!ready) return std::optional<std::size_t>();
        return of.give(buffer);
    };
    const WaitForSource wait = [&]() -> Task<> {
        Timer timer(of.loop.executor(), 300ms);
        co_await timer.async_wait(UseTask());
        ready = true;
    };
    const auto pumping = of.start_out(produce, wait);
    of.loop.finish(pumping);
    CHECK(pumping->thrown_code() == error_code());
    CHECK(of.at.hear(4) == "text");
}

TEST_CASE("a window of nothing waits for ever") {
    Fixture of;
    of.stall.window = {};
    const auto pumping = of.start_in();
    of.loop.after(300ms, [&] {
        of.at.say("late");
        of.at.end();
    });
    of.loop.finish(pumping);
    CHECK(pumping->thrown_code() == error_code());
    CHECK(of.taken == "late");
}

TEST_CASE("after a pump the stream has no deadline left of it") {
    Fixture of;
    of.stall.window = 100ms;
    const auto pumping = of.start_in(4);
    of.at.say("text");
    of.loop.finish(pumping);
    of.loop.after(300ms, [&] { of.at.say("more"); });
    std::array<std::byte, 10> buffer;
    CHECK(of.loop.run(of.at.stream.read_some(buffer)) == 4);
}

TEST_CASE("a cancelled pump is aborted, and no job is under way any more") {
    Fixture of;
    make_narrow(of.at);
    std::atomic<int> running{0};
    const Produce endless = [&](MutableBytes buffer) -> Result<std::optional<std::size_t>> {
        ++running;
        std::ranges::fill(buffer, std::byte{'x'});
        --running;
        return std::optional(buffer.size());
    };
    asio::cancellation_signal signal;
    const auto out = of.start_out(endless, {}, signal.slot());
    of.loop.run_until([&] { return of.progress.bytes > 0; });
    of.loop.after(50ms, [&] { signal.emit(asio::cancellation_type::terminal); });
    of.loop.finish(out);
    CHECK(out->thrown_code() == asio::error::operation_aborted);
    CHECK(running == 0);

    Fixture other;
    asio::cancellation_signal other_signal;
    const auto in = other.start_in(std::nullopt, other_signal.slot());
    other.at.say("some");
    other.loop.run_until([&] { return other.progress.bytes == 4; });
    other_signal.emit(asio::cancellation_type::terminal);
    other.loop.finish(in);
    CHECK(in->thrown_code() == asio::error::operation_aborted);
}

TEST_CASE("a pump cancelled during a job ends after the job") {
    std::atomic<bool> in_job{false};
    std::atomic<bool> ended{false};
    Fixture of;
    const Produce slow = [&](MutableBytes) -> Result<std::optional<std::size_t>> {
        in_job = true;
        std::this_thread::sleep_for(200ms);  // a job that cannot be cancelled is what is tested
        ended = true;
        return std::optional<std::size_t>(0);
    };
    asio::cancellation_signal signal;
    const auto out = of.start_out(slow, {}, signal.slot());
    of.loop.run_until([&] { return in_job.load(); });
    signal.emit(asio::cancellation_type::terminal);
    of.loop.finish(out);
    CHECK(ended);
    CHECK(out->thrown_code() == asio::error::operation_aborted);
}
