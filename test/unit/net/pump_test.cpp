// What goes through the pumps, and how they fail.

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "test/unit/net/pump_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = PumpFixture;

TEST_CASE("a source of every size goes out whole") {
    for (const std::size_t size : sizes) {
        INFO(size << " bytes");
        Fixture of;
        of.text = sample(size);
        const auto pumping = of.start_out();
        const bool same = of.at.hear(size) == of.text;
        CHECK(same);
        of.loop.finish(pumping);
        REQUIRE_FALSE(pumping->thrown);
        CHECK(pumping->value->value() == size);
        CHECK(of.progress.bytes == size);
        CHECK(of.at.peer.available() == 0);
    }
}

TEST_CASE("a body of every size comes in whole, up to the peer's end") {
    for (const std::size_t size : sizes) {
        INFO(size << " bytes");
        Fixture of;
        const std::string body = sample(size);
        const auto pumping = of.start_in();
        of.peer_sends(body);
        of.loop.finish(pumping);
        REQUIRE_FALSE(pumping->thrown);
        CHECK(pumping->value->value() == size);
        CHECK(of.progress.bytes == size);
        const bool same = of.taken == body;
        CHECK(same);
    }
}

TEST_CASE("a body of a known length comes in whole, and what is behind it stays") {
    for (const std::size_t size : sizes) {
        INFO(size << " bytes");
        Fixture of;
        const std::string body = sample(size) + "behind";
        const auto pumping = of.start_in(size);
        of.peer_sends(body, false);
        of.loop.finish(pumping);
        REQUIRE_FALSE(pumping->thrown);
        CHECK(pumping->value->value() == size);
        const bool same = of.taken == body.substr(0, size);
        CHECK(same);
        std::string rest;
        while (rest.size() < 6) {
            std::array<std::byte, 100> buffer;
            const std::size_t got = of.loop.run(of.at.stream.read_some(buffer));
            REQUIRE(got > 0);
            rest += as_text(Bytes(buffer).first(got));
        }
        CHECK(rest == "behind");
    }
}

TEST_CASE("more than one slice of work goes through both ways") {
    Fixture of;
    of.text = sample(33 * kib * kib + 5);
    const auto out = of.start_out();
    const bool same = of.at.hear(of.text.size()) == of.text;
    CHECK(same);
    of.loop.finish(out);
    CHECK(out->value->value() == of.text.size());

    Fixture other;
    const auto in = other.start_in();
    other.peer_sends(of.text);
    other.loop.finish(in);
    const bool same_in = other.taken == of.text;
    CHECK(same_in);
}

TEST_CASE("bytes that were read ahead belong to the body") {
    Fixture of;
    of.at.say("header body");
    REQUIRE(of.loop.run(of.at.stream.fill(100)));
    of.at.stream.consume(7);
    const auto pumping = of.start_in(8);
    of.at.say(" too");
    of.loop.finish(pumping);
    CHECK(of.taken == "body too");
}

TEST_CASE("a source that gives little at a time, or has nothing yet, is waited for") {
    Fixture of;
    of.text = sample(10'000);
    int waits = 0;
    bool ready = false;
    const Produce produce = [&](MutableBytes buffer) -> Result<std::optional<std::size_t>> {
        if (!std::exchange(ready, false)) return std::optional<std::size_t>();
        return of.give(buffer, 999);
    };
    const WaitForSource wait = [&]() -> Task<> {
        ++waits;
        Timer timer(of.loop.executor(), 1ms);
        co_await timer.async_wait(UseTask());
        ready = true;
    };
    const auto pumping = of.start_out(produce, wait);
    CHECK(of.at.hear(of.text.size()) == of.text);
    of.loop.finish(pumping);
    REQUIRE_FALSE(pumping->thrown);
    CHECK(pumping->value->value() == of.text.size());
    CHECK(waits == 12);  // eleven pieces and the end
}

TEST_CASE("what a source has got out goes out before more is waited for") {
    Fixture of;
    of.text = "first second";
    std::atomic<bool> released = false;  // read in the disk pool
    bool gave_first = false;
    const Produce produce = [&](MutableBytes buffer) -> Result<std::optional<std::size_t>> {
        if (gave_first && !released) return std::optional<std::size_t>();
        gave_first = true;
        return of.give(buffer, 6);
    };
    const WaitForSource wait = [&]() -> Task<> {
        while (!released) {
            Timer timer(of.loop.executor(), 1ms);
            co_await timer.async_wait(UseTask());
        }
    };
    const auto pumping = of.start_out(produce, wait);
    CHECK(of.at.hear(6) == "first ");
    CHECK_FALSE(pumping->done);
    released = true;
    CHECK(of.at.hear(6) == "second");
    of.loop.finish(pumping);
}

TEST_CASE("an error of the source comes back, and what went before it is out") {
    Fixture of;
    of.text = sample(700 * kib);
    const Produce produce = [&](MutableBytes buffer) -> Result<std::optional<std::size_t>> {
        if (of.given == of.text.size()) return make_error(Errc::local_file, "disk on fire");
        return of.give(buffer);
    };
    const auto pumping = of.start_out(produce);
    const bool same = of.at.hear(of.text.size()) == of.text;
    CHECK(same);
    of.loop.finish(pumping);
    REQUIRE_FALSE(pumping->thrown);
    REQUIRE(pumping->value->has_error());
    CHECK(pumping->value->error() == Errc::local_file);
    CHECK(pumping->value->error().context == "disk on fire");
}

TEST_CASE("an error of the target comes back at once, though the peer would go on") {
    for (const std::size_t good : {std::size_t{0}, std::size_t{1'000'000}}) {
        Fixture of;
        const std::string body = sample(20 * kib * kib);
        const Consume consume = [&](Bytes bytes) -> Result<> {
            if (of.taken.size() + bytes.size() > good)
                return make_error(Errc::local_file, "disk full");
            of.taken += as_text(bytes);
            return {};
        };
        const auto pumping = of.start_in(std::nullopt, consume);
        of.peer_sends(body, false);
        of.loop.finish(pumping);
        REQUIRE_FALSE(pumping->thrown);
        REQUIRE(pumping->value->has_error());
        CHECK(pumping->value->error().context == "disk full");
        CHECK(of.taken.size() <= good);
        of.at.stream.reset();
        of.loop.poll();
    }
}

TEST_CASE("an exception in a job is thrown to who waits for the pump") {
    Fixture of;
    const Produce produce = [](MutableBytes) -> Result<std::optional<std::size_t>> {
        throw std::runtime_error("a defect");
    };
    const auto out = of.start_out(produce);
    of.loop.finish(out);
    REQUIRE(out->thrown);
    CHECK_THROWS_WITH(std::rethrow_exception(out->thrown), "a defect");

    Fixture other;
    const Consume consume = [](Bytes) -> Result<> { throw std::runtime_error("a defect"); };
    const auto in = other.start_in(std::nullopt, consume);
    other.at.say("x");
    other.at.end();
    other.loop.finish(in);
    REQUIRE(in->thrown);
    CHECK_THROWS_WITH(std::rethrow_exception(in->thrown), "a defect");
}

TEST_CASE("a peer that ends short of the length is a connection lost, and what came is consumed") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 300 * kib, 1024 * kib}) {
        INFO(size << " bytes of one more");
        Fixture of;
        const std::string body = sample(size);
        const auto pumping = of.start_in(size + 1);
        of.peer_sends(body);
        of.loop.finish(pumping);
        CHECK(pumping->thrown_code() == connection_lost);
        const bool same = of.taken == body;
        CHECK(same);
    }
}

TEST_CASE("a peer that resets is a connection lost, and what was read before is consumed") {
    Fixture of;
    const std::string body = sample(300 * kib);
    const auto pumping = of.start_in();
    of.peer_sends(body, false);
    of.loop.run_until([&] { return of.progress.bytes == body.size(); });
    of.at.reset();
    of.loop.finish(pumping);
    CHECK(pumping->thrown_code() == connection_lost);
    const bool same = of.taken == body;
    CHECK(same);
}

TEST_CASE("a receiver that goes away is a connection lost, and no job is under way any more") {
    Fixture of;
    make_narrow(of.at);
    std::atomic<int> running{0};
    const Produce endless = [&](MutableBytes buffer) -> Result<std::optional<std::size_t>> {
        ++running;
        std::ranges::fill(buffer, std::byte{'x'});
        --running;
        return std::optional(buffer.size());
    };
    const auto pumping = of.start_out(endless);
    of.at.hear(100'000);
    of.at.reset();
    of.loop.finish(pumping);
    CHECK(pumping->thrown_code() == connection_lost);
    CHECK(running == 0);
}
