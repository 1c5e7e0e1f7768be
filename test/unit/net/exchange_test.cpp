#include "test/unit/net/exchange_fixture.hpp"

#include <thread>

#include "test/unit/sample.hpp"

namespace netcopy::test {
namespace {

const error_code lost = make_error_code(Errc::connection_lost);
const error_code stalled = make_error_code(Errc::timed_out);
const error_code aborted = asio::error::operation_aborted;

}  // namespace

TEST_CASE("An exchange ends when both have said all") {
    ExchangeFixture at;
    at.dialogue.to_say = "hello\n";
    const auto running = at.start();
    CHECK(at.at.hear(6) == "hello\n");
    at.at.say("bye\n");
    at.check_done(running);
    CHECK(at.dialogue.heard == "bye\n");
}

TEST_CASE("Two dialogues over a connection give each other everything, both ways at once") {
    Loop loop;
    DiskPool disk(2);
    auto [a, b] = connected_sockets(loop.io);
    const auto a_end = a.local_endpoint(), b_end = b.local_endpoint();
    Stream left(std::move(a), b_end), right(std::move(b), a_end);
    Scripted one, two;
    one.to_say = sample(5'000'000) + "bye\n";
    two.to_say = sample(3'000'000) + "bye\n";
    two.takes = 10'000;
    const std::string from_one = one.to_say, from_two = two.to_say;
    const auto first = loop.start(exchange(left, disk, one, {}));
    const auto second = loop.start(exchange(right, disk, two, {}));
    loop.finish(first);
    loop.finish(second);
    CHECK_FALSE(first->thrown);
    CHECK_FALSE(second->thrown);
    CHECK(two.heard == from_one);
    CHECK(one.heard == from_two);
}

TEST_CASE("What was read behind the opening is the dialogue's") {
    ExchangeFixture at;
    at.at.say("opening\nmore\nbye\n");
    REQUIRE(at.loop.run(at.at.stream.fill(100)));
    at.at.stream.consume(8);
    at.check_done(at.start());
    CHECK(at.dialogue.heard == "more\nbye\n");
}

TEST_CASE("An error of the dialogue comes back as it is") {
    ExchangeFixture at;
    SECTION("of what it takes") {
        at.dialogue.fails = make_error(Errc::protocol, "nonsense");
        at.at.say("x\n");
    }
    SECTION("of its work") {
        at.dialogue.work_fails = make_error(Errc::protocol, "nonsense");
        at.dialogue.works = 1;
    }
    const auto running = at.start();
    at.finish(running);
    REQUIRE(running->value);
    REQUIRE(running->value->has_error());
    CHECK(running->value->error() == Errc::protocol);
    CHECK(running->value->error().context == "nonsense");
}

TEST_CASE("A peer that ends too early has lost the connection") {
    ExchangeFixture at;
    at.dialogue.to_say = "hello\n";
    const auto running = at.start();
    REQUIRE(at.at.hear(6) == "hello\n");
    SECTION("by its end") {
        at.at.say("by");
        at.at.end();
    }
    SECTION("by a reset") { at.at.reset(); }
    at.finish(running);
    CHECK(running->thrown_code() == lost);
}

TEST_CASE("What a peer has said before it ended is taken first") {
    ExchangeFixture at;
    at.dialogue.takes = 3;
    at.at.say("one\ntwo\nbye\n");
    at.at.end();
    at.check_done(at.start());
    CHECK(at.dialogue.heard == "one\ntwo\nbye\n");
}

TEST_CASE("A peer that owes something and is silent has stalled") {
    ExchangeFixture at;
    at.limits.stall = {200ms};
    const auto running = at.start();
    at.finish(running);
    CHECK(running->thrown_code() == stalled);
    CHECK(at.passed() >= 200ms);
    CHECK(at.passed() < 5s);
}

TEST_CASE("A peer that trickles less than a message has stalled") {
    ExchangeFixture at;
    at.limits.stall = {300ms};
    const auto running = at.start();
    at.loop.every(20ms, [&] {
        error_code ignored;
        asio::write(at.at.peer, asio::buffer("x", 1), ignored);
        return !running->done && at.passed() < 5s;
    });
    at.finish(running);
    CHECK(running->thrown_code() == stalled);
    CHECK(at.passed() < 3s);
}

TEST_CASE("A peer that says whole messages is alive, however short they are") {
    ExchangeFixture at;
    at.limits.stall = {500ms};
    const auto running = at.start();
    at.loop.every(50ms, [&] {
        const bool more = at.passed() < 1200ms && !running->done;
        if (!running->done) at.at.say(more ? "\n" : "bye\n");
        return more;
    });
    at.check_done(running);
}

TEST_CASE("A peer that does not read has stalled") {
    ExchangeFixture at;
    at.limits.stall = {300ms};
    at.dialogue.awaits = false;
    at.dialogue.endless = true;
    at.dialogue.to_say = std::string(256 * 1024, 'x');
    const auto running = at.start();
    at.finish(running);
    CHECK(running->thrown_code() == stalled);
    CHECK(at.passed() < 5s);
}

TEST_CASE("A peer that owes nothing may be silent for as long as it likes") {
    ExchangeFixture at;
    at.limits.stall = {100ms};
    at.limits.sign_of_life = 10s;
    at.dialogue.awaits = false;
    const auto running = at.start();
    at.loop.after(400ms, [&] { at.at.say("bye\n"); });
    at.check_done(running);
    CHECK(at.passed() >= 400ms);
}

TEST_CASE("Who has nothing to say says that it is alive") {
    ExchangeFixture at;
    at.limits.sign_of_life = 30ms;
    const auto running = at.start();
    CHECK(at.at.hear(15) == "busy\nbusy\nbusy\n");
    CHECK(at.passed() >= 90ms);
    at.at.say("bye\n");
    at.check_done(running);
}

TEST_CASE("Who works long says that it is alive, and is not taken for stalled by itself") {
    ExchangeFixture at;
    at.limits.sign_of_life = 40ms;
    at.limits.stall = {400ms};
    at.dialogue.due_at = Clock::now() + 30ms;  // so that it has waited for the peer before
    at.dialogue.on_work = [] { std::this_thread::sleep_for(1s); };
    const auto running = at.start();
    const std::string signs = at.at.hear(50);
    CHECK(signs.substr(0, 10) == "busy\nbusy\n");
    CHECK_FALSE(running->done);
    at.at.say("bye\n");
    at.check_done(running);
    CHECK(at.passed() >= 1s);
}

TEST_CASE("Many short works in a row are not taken for a stalled peer either") {
    ExchangeFixture at;
    at.limits.stall = {400ms};
    at.dialogue.due_at = Clock::now() + 30ms;
    bool first = true;
    at.dialogue.on_work = [&] {
        if (std::exchange(first, false)) at.dialogue.works = 40;
        if (at.dialogue.works == 0) at.dialogue.to_say = "done\n";
        std::this_thread::sleep_for(20ms);
    };
    const auto running = at.start();
    CHECK(at.at.hear(5) == "done\n");
    CHECK(at.passed() > 800ms);
    at.at.say("bye\n");
    at.check_done(running);
}

TEST_CASE("What is due is done though nothing moves") {
    ExchangeFixture at;
    at.dialogue.due_at = Clock::now() + 50ms;
    at.dialogue.on_work = [&] { at.dialogue.to_say = "done\n"; };
    const auto running = at.start();
    CHECK(at.at.hear(5) == "done\n");
    CHECK(at.passed() >= 40ms);
    at.at.say("bye\n");
    at.check_done(running);
}

TEST_CASE("A server that stops tells the dialogue, which may go on to its end") {
    ExchangeFixture at;
    const auto running = at.start();
    at.loop.after(50ms, [&] { at.at.stream.stop_when_idle(); });
    at.loop.run_until([&] { return at.dialogue.stops > 0; });
    CHECK_FALSE(running->done);
    at.at.say("bye\n");
    at.check_done(running);
}

TEST_CASE("A cancelled exchange ends, and no job of it is under way any more") {
    ExchangeFixture at;
    asio::cancellation_signal cancel;
    std::atomic<bool> in_job{false};
    SECTION("while it waits") {}
    SECTION("while it works") {
        at.dialogue.works = 1'000'000;
        at.dialogue.on_work = [&] {
            in_job = true;
            std::this_thread::sleep_for(20ms);
            in_job = false;
        };
    }
    SECTION("while it sends") {
        at.dialogue.endless = true;
        at.dialogue.to_say = std::string(256 * 1024, 'x');
    }
    const auto running = at.start(cancel.slot());
    at.loop.after(100ms, [&] { cancel.emit(asio::cancellation_type::terminal); });
    at.finish(running);
    CHECK(running->thrown_code() == aborted);
    CHECK_FALSE(in_job);
    CHECK(at.passed() < 5s);
}

TEST_CASE("Waking a stream lets its exchange look for something to say") {
    ExchangeFixture at;
    const auto running = at.start();
    at.loop.after(50ms, [&] {
        at.dialogue.to_say = "news\n";
        at.at.stream.wake();
    });
    CHECK(at.at.hear(5) == "news\n");
    at.at.say("bye\n");
    at.check_done(running);
}

TEST_CASE("A wake that comes before the wait ends it at once, and only one") {
    Loop loop;
    Connection at(loop);
    at.stream.wake();
    const auto began = Clock::now();
    loop.run(at.stream.wait_ready(true, false, Clock::now() + 10s));
    CHECK(Clock::now() - began < 5s);
    const auto again = Clock::now();
    loop.run(at.stream.wait_ready(true, false, Clock::now() + 50ms));
    CHECK(Clock::now() - again >= 50ms);
}

TEST_CASE("Waiting ends when there is something to read, room to write, or the end") {
    Loop loop;
    Connection at(loop);
    const auto began = Clock::now();
    loop.run(at.stream.wait_ready(false, true, began + 10s));
    const auto reading = loop.start(at.stream.wait_ready(true, false, began + 10s));
    loop.poll();
    CHECK_FALSE(reading->done);
    SECTION("bytes") { at.say("x"); }
    SECTION("the end") { at.end(); }
    SECTION("a reset") { at.reset(); }
    loop.finish(reading);
    CHECK(Clock::now() - began < 5s);
}

TEST_CASE("The end of a stream is told apart from nothing to read") {
    Loop loop;
    Connection at(loop);
    std::array<std::byte, 10> buffer{};
    CHECK_FALSE(at.stream.read_now(buffer));
    CHECK_FALSE(at.stream.ended());
    at.say("x");
    at.end();
    loop.run(at.stream.wait_ready(true, false, Clock::now() + 10s));
    CHECK(at.stream.read_now(buffer) == 1U);
    CHECK_FALSE(at.stream.ended());
    loop.run(at.stream.wait_ready(true, false, Clock::now() + 10s));
    CHECK_FALSE(at.stream.read_now(buffer));
    CHECK(at.stream.ended());
    CHECK_NOTHROW(at.stream.check_now());
}

TEST_CASE("Waiting for a disk job ends with it or when the time has come") {
    Loop loop;
    DiskPool disk(1);
    std::atomic<bool> go{false};
    const auto task = [&]() -> Task<int> {
        auto job = disk.start(loop.executor(), [&] {
            while (!go) std::this_thread::yield();
            return 7;
        });
        const bool early = co_await job.wait_until(Clock::now() + 30ms);
        go = true;
        const bool then = co_await job.wait_until(Clock::now() + 10s);
        const int value = co_await job.join();
        co_return !early && then ? value : 0;
    };
    CHECK(loop.run(task()) == 7);
}

TEST_CASE("What comes behind a dialogue's last word is left to the next one") {
    struct UntilBye final : Dialogue {
        bool heard = false;
        Result<std::size_t> consume(Bytes bytes) override {
            if (heard || !as_text(bytes).starts_with("bye\n")) return std::size_t{0};
            heard = true;
            return std::size_t{4};
        }
        Result<std::size_t> produce(MutableBytes) override { return std::size_t{0}; }
        bool busy() const override { return false; }
        Result<> work() override { return {}; }
        Clock::time_point due() const override { return Clock::time_point::max(); }
        bool awaits_peer() const override { return true; }
        std::uint64_t messages() const override { return 0; }
        bool finished() const override { return heard; }
        void stop() override {}
        std::string_view sign_of_life() const override { return {}; }
    };
    ExchangeFixture at;
    for (int round = 0; round < 2; ++round) {
        UntilBye dialogue;
        if (round == 0) at.at.say("bye\nbye\nmore");
        REQUIRE(at.loop.run(exchange(at.at.stream, at.disk, dialogue, at.limits)));
        CHECK(dialogue.heard);
    }
    CHECK(at.at.stream.buffered() == "more");
}

}  // namespace netcopy::test
