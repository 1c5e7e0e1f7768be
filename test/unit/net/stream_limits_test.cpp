// Stream::read_message: how long a peer may take, and what else ends the wait.

#include <catch2/catch.hpp>

#include "test/unit/net/line_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = LineFixture;

TEST_CASE("a peer that says nothing is waited for until the idle time is over") {
    Fixture of;
    of.limits.idle = 100ms;
    CHECK(of.error() == timed_out);
    CHECK(of.passed() >= 100ms);
    CHECK(of.passed() < 8s);
}

TEST_CASE("the idle time counts anew for every message") {
    Fixture of;
    of.limits.idle = 600ms;
    for (int i = 0; i < 3; ++i) {
        of.loop.after(250ms, [&] { of.at.say("one\n"); });
        CHECK(of.next() == "one");
    }
    CHECK(of.passed() >= 750ms);
}

TEST_CASE("a message is not given more time by trickling") {
    Fixture of;
    of.limits.message = 300ms;
    const auto reading = of.start();
    of.trickle(reading, "abcdefg", 20ms);
    of.loop.finish(reading);
    CHECK(reading->thrown_code() == timed_out);
    CHECK(of.passed() >= 300ms);
    CHECK(of.passed() < 2500ms);
}

TEST_CASE("a message's time begins with its first byte, not with the wait before it") {
    Fixture of;
    of.limits.message = 600ms;
    of.limits.idle = 60s;
    of.loop.after(400ms, [&] { of.at.say("he"); });
    of.loop.after(700ms, [&] { of.at.say("llo\n"); });
    CHECK(of.next() == "hello");
}

TEST_CASE("the idle time does not cut a message that has begun") {
    Fixture of;
    of.limits.idle = 300ms;
    of.loop.after(50ms, [&] { of.at.say("he"); });
    of.loop.after(450ms, [&] { of.at.say("llo\n"); });
    CHECK(of.next() == "hello");
}

TEST_CASE("bytes that belong to no message do not prolong the idle time") {
    Fixture of;
    of.limits.idle = 300ms;
    const auto reading = of.start();
    of.trickle(reading, "\n", 20ms);
    of.loop.finish(reading);
    CHECK(reading->thrown_code() == timed_out);
    CHECK(of.passed() < 2500ms);
}

TEST_CASE("a tentative message that comes late in the idle time still has its pause") {
    Fixture of;
    of.limits.idle = 600ms;
    of.limits.pause = 550ms;
    of.loop.after(200ms, [&] { of.at.say("*12"); });
    const auto reading = of.start();
    of.loop.finish(reading);
    CHECK_FALSE(reading->thrown);
    if (reading->value) CHECK(reading->value->value() == "*12");
}

TEST_CASE("a tentative message is not given more time than a message has by trickling") {
    Fixture of;
    of.limits.message = 300ms;
    of.limits.pause = 1s;
    const auto reading = of.start();
    of.at.say("*");
    of.trickle(reading, "1234567890", 40ms);
    of.loop.finish(reading);
    CHECK(reading->thrown_code() == timed_out);
    CHECK(of.passed() < 2500ms);
}

TEST_CASE("times of zero are no limit") {
    Fixture of;
    of.limits.idle = {};
    of.limits.message = {};
    of.loop.after(150ms, [&] { of.at.say("he"); });
    of.loop.after(300ms, [&] { of.at.say("llo\n"); });
    CHECK(of.next() == "hello");
}

TEST_CASE("a deadline of an earlier operation does not strike a message without limits") {
    Fixture of;
    of.limits.idle = {};
    of.limits.message = {};
    of.at.stream.deadline_in(50ms);
    of.loop.after(200ms, [&] { of.at.say("hello\n"); });
    CHECK(of.next() == "hello");
}

TEST_CASE("answers that the peer does not take end the connection after a message's time") {
    Fixture of;
    of.limits.idle = 60s;
    of.limits.message = 300ms;
    of.limits.size = 4096;
    of.at.stream.socket().set_option(asio::socket_base::send_buffer_size(4096));
    of.at.peer.set_option(asio::socket_base::receive_buffer_size(4096));
    std::string requests;
    for (int i = 0; i < 2000; ++i) requests += "x\n";
    of.at.say(requests);
    const std::string answer(100'000, 'a');
    error_code error;
    for (int i = 0; i < 2000 && !error && of.passed() < 15s; ++i) {
        of.at.stream.queue(answer);
        error = of.error();
    }
    CHECK(error == timed_out);
    CHECK(of.passed() < 8s);
}

TEST_CASE(
    "answers that the peer does not take end the connection also when nothing more is asked") {
    Fixture of;
    of.limits.idle = 60s;
    of.limits.message = 300ms;
    of.at.stream.socket().set_option(asio::socket_base::send_buffer_size(4096));
    of.at.peer.set_option(asio::socket_base::receive_buffer_size(4096));
    of.at.stream.queue(std::string(20'000'000, 'a'));
    CHECK(of.error() == timed_out);
    CHECK(of.passed() < 8s);
}

TEST_CASE("a stream asked to stop ends at rest between messages, at once") {
    Fixture of;
    const auto reading = of.start();
    of.loop.poll();
    of.at.stream.stop_when_idle();
    of.loop.finish(reading);
    REQUIRE_FALSE(reading->thrown);
    CHECK_FALSE(reading->value->value());
    CHECK(of.passed() < 8s);
}

TEST_CASE("a stream asked to stop within a message first takes it, and its answer goes out") {
    Fixture of;
    const auto reading = of.start();
    of.at.say("hel");
    of.wait_until_seen("hel");
    of.at.stream.stop_when_idle();
    of.at.say("lo\n");
    of.loop.finish(reading);
    CHECK(reading->value->value() == "hello");
    of.at.stream.queue("answer");
    CHECK(of.next() == "end");
    CHECK(of.at.hear(6) == "answer");
}

TEST_CASE("a stream asked to stop before it waits takes the messages that it has and then ends") {
    Fixture of;
    of.at.say("one\ntwo\n");
    CHECK(of.next() == "one");
    of.at.stream.stop_when_idle();
    CHECK(of.next() == "two");
    CHECK(of.next() == "end");
}

TEST_CASE("a stream asked to stop during the pause of a tentative message takes that first") {
    Fixture of;
    of.limits.pause = 100ms;
    const auto reading = of.start();
    of.at.say("*12");
    of.wait_until_seen("*12");
    of.at.stream.stop_when_idle();
    of.loop.finish(reading);
    REQUIRE_FALSE(reading->thrown);
    CHECK(reading->value->value() == "*12");
    CHECK(of.next() == "end");
}

TEST_CASE("a cancelled wait for a message is aborted") {
    Fixture of;
    asio::cancellation_signal signal;
    const auto reading =
        of.loop.start(of.at.stream.read_message(parse_line, of.limits), signal.slot());
    of.loop.poll();
    signal.emit(asio::cancellation_type::terminal);
    of.loop.finish(reading);
    CHECK(reading->thrown_code() == asio::error::operation_aborted);
}
