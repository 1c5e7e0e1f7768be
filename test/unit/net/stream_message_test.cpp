// Stream::read_message: messages out of whatever TCP delivers.

#include <catch2/catch.hpp>

#include "test/unit/net/line_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = LineFixture;

TEST_CASE("messages that came together are taken one by one") {
    Fixture of;
    of.at.say("one\ntwo\nthree\n");
    of.at.end();
    CHECK(of.next() == "one");
    CHECK(of.next() == "two");
    CHECK(of.next() == "three");
    CHECK(of.next() == "end");
    CHECK(of.next() == "end");
}

TEST_CASE("a message in pieces is taken when it is whole") {
    Fixture of;
    const auto reading = of.start();
    for (const char byte : std::string("hello")) {
        of.at.say(std::string(1, byte));
        of.loop.poll();
        CHECK_FALSE(reading->done);
    }
    of.at.say("\nnext");
    of.loop.finish(reading);
    CHECK(reading->value.value().value() == "hello");
    of.at.say("\n");
    CHECK(of.next() == "next");
}

TEST_CASE("bytes that belong to no message are dropped") {
    Fixture of;
    of.at.say("\n\n");
    of.loop.after(20ms, [&] { of.at.say("\none\n\n\ntwo\n\n"); });
    CHECK(of.next() == "one");
    CHECK(of.next() == "two");
    of.at.end();
    CHECK(of.next() == "end");
}

TEST_CASE("the parser's error is returned, and what came before it counts") {
    Fixture of;
    of.at.say("one\n!two\n");
    CHECK(of.next() == "one");
    const Taken taken = of.take();
    REQUIRE(taken.has_error());
    CHECK(taken.error() == Errc::protocol);
    CHECK(taken.error().context == "no shouting");
}

TEST_CASE("a stream that ends within a message is a connection lost") {
    Fixture of;
    of.at.say("one\ntw");
    of.at.end();
    CHECK(of.next() == "one");
    const Taken taken = of.take();
    REQUIRE(taken.has_error());
    CHECK(taken.error() == Errc::connection_lost);
}

TEST_CASE("a peer that resets between messages or within one is thrown") {
    Fixture of;
    of.at.reset();
    CHECK(of.error() == make_error_code(Errc::connection_lost));
    Fixture other;
    const auto reading = other.start();
    other.at.say("hel");
    other.wait_until_seen("hel");
    other.at.reset();
    other.loop.finish(reading);
    CHECK(reading->thrown_code() == make_error_code(Errc::connection_lost));
}

TEST_CASE("a tentative message is taken after a pause, and not before") {
    Fixture of;
    of.limits.pause = 100ms;
    of.at.say("*12");
    CHECK(of.next() == "*12");
    CHECK(of.passed() >= 100ms);
    of.at.say("34\n");
    CHECK(of.next() == "34");
}

TEST_CASE("a tentative message is taken at the end of the stream, without a pause") {
    Fixture of;
    of.limits.pause = 10s;
    of.at.say("*12");
    of.at.end();
    CHECK(of.next() == "*12");
    CHECK(of.next() == "end");
    CHECK(of.passed() < 8s);
}

TEST_CASE("a tentative message goes on when more of it comes within the pause") {
    Fixture of;
    of.limits.pause = 5s;
    of.loop.after(20ms, [&] { of.at.say("34"); });
    of.loop.after(40ms, [&] { of.at.say("\n"); });
    of.at.say("*12");
    CHECK(of.next() == "*1234");
    CHECK(of.passed() < 4s);
}

TEST_CASE("several tentative messages in one segment end each other") {
    Fixture of;
    of.limits.pause = 10s;
    of.at.say("*12*3");
    of.at.end();
    CHECK(of.next() == "*12");
    CHECK(of.next() == "*3");
    CHECK(of.next() == "end");
    CHECK(of.passed() < 8s);
}

TEST_CASE("a message beyond its size is an error, and never held") {
    Fixture of;
    of.at.say(std::string(1000, 'x'));
    const auto reading = of.start();
    of.loop.finish(reading);
    // Thrown or returned: it says that the peer broke the protocol.
    if (reading->thrown) {
        CHECK(reading->thrown_code() == make_error_code(Errc::protocol));
    } else {
        REQUIRE(reading->value->has_error());
        CHECK(reading->value->error() == Errc::protocol);
    }
    CHECK(of.at.stream.buffered().size() <= of.limits.size);
}

TEST_CASE("a message of just the size is taken") {
    Fixture of;
    of.at.say(std::string(99, 'x') + "\nnext\n");
    CHECK(of.next() == std::string(99, 'x'));
    CHECK(of.next() == "next");
}

TEST_CASE("any number of bytes that belong to no message may stand before one") {
    for (const std::size_t count : {97UL, 98UL, 99UL, 100UL, 101UL, 5000UL}) {
        INFO(count << " blank lines");
        Fixture of;
        of.at.say(std::string(count, '\n') + "hello\n");
        CHECK(of.next() == "hello");
        Fixture tentative;
        tentative.at.say(std::string(count, '\n') + "*12");
        const auto reading = tentative.start();
        tentative.loop.finish(reading);
        CHECK(reading->thrown_code() == error_code());
        if (reading->value) CHECK(reading->value->value() == "*12");
    }
}

TEST_CASE("a message behind one of full size is taken too") {
    Fixture of;
    of.at.say(std::string(60, 'x') + "\n" + std::string(90, 'y') + "\n*1");
    CHECK(of.next() == std::string(60, 'x'));
    CHECK(of.next() == std::string(90, 'y'));
    CHECK(of.next() == "*1");
}

TEST_CASE("queued answers go out before the stream waits") {
    Fixture of;
    of.at.say("one\ntwo\n");
    CHECK(of.next() == "one");
    of.at.stream.queue("answer one ");
    CHECK(of.next() == "two");
    of.at.stream.queue("answer two");
    const auto reading = of.start();
    CHECK(of.at.hear(21) == "answer one answer two");
    CHECK_FALSE(reading->done);
    of.at.say("three\n");
    of.loop.finish(reading);
}

TEST_CASE("queued answers go out before a pause for a tentative message, and before the end") {
    Fixture of;
    of.limits.pause = 10s;
    of.at.stream.queue("answer one");
    of.at.say("*1");
    const auto reading = of.start();
    CHECK(of.at.hear(10) == "answer one");
    CHECK_FALSE(reading->done);
    of.at.end();
    of.loop.finish(reading);
    of.at.stream.queue("answer two");
    CHECK(of.next() == "end");
    CHECK(of.at.hear(10) == "answer two");
    CHECK(of.passed() < 8s);
}

TEST_CASE("answers are not piled up for a peer that pipelines") {
    Fixture of;
    of.limits.size = 4096;
    std::string requests;
    for (int i = 0; i < 1000; ++i) requests += "x\n";
    of.at.say(requests);
    const std::string answer(1000, 'a');
    for (int i = 0; i < 100; ++i) {
        CHECK(of.next() == "x");
        of.at.stream.queue(answer);
    }
    CHECK(of.next() == "x");
    // A hundred answers of a kilobyte: most of them are on their way though more requests wait.
    CHECK(of.at.hear(60'000).size() == 60'000);
}

TEST_CASE("a message may point into the stream's buffer until the next operation") {
    Fixture of;
    const auto parse = [](std::string_view bytes) -> Result<wire::Parsed<std::string_view>> {
        const auto end = bytes.find('\n');
        if (end == std::string_view::npos) return wire::Parsed<std::string_view>{};
        return wire::Parsed<std::string_view>{wire::Verdict::complete, end + 1,
                                              bytes.substr(0, end)};
    };
    of.at.say("one\ntwo\n");
    const auto first = of.loop.run(of.at.stream.read_message(parse, of.limits));
    CHECK(first.value().value() == "one");
    const auto second = of.loop.run(of.at.stream.read_message(parse, of.limits));
    CHECK(second.value().value() == "two");
}
