#include "net/stream.hpp"

#include <catch2/catch.hpp>

#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

/// One connection with a Stream at our end, and how long things took.
struct Fixture {
    Loop loop;
    Connection at{loop};
    Clock::time_point began = Clock::now();

    Clock::duration passed() const { return Clock::now() - began; }
    /// The code of the error that an operation of the stream throws; none if it succeeds.
    template <class T>
    error_code error_of(Task<T> task) {
        return loop.run_for_error(std::move(task));
    }
    std::string read(std::size_t size) {
        std::vector<std::byte> buffer(size);
        const std::size_t got = loop.run(at.stream.read_some(buffer));
        return std::string(as_text(Bytes(buffer).first(got)));
    }
    /// Sends until neither side's kernel takes any more, as a peer finds it whose partner does not
    /// read.
    void fill_up() {
        at.stream.socket().set_option(asio::socket_base::send_buffer_size(4096));
        at.peer.set_option(asio::socket_base::receive_buffer_size(4096));
        const std::vector<std::byte> block(64 * 1024);
        at.stream.socket().non_blocking(true);
        error_code error;
        while (!error) at.stream.socket().write_some(asio::buffer(block), error);
        REQUIRE(error == asio::error::would_block);
    }
};

}  // namespace

TEST_CASE("a stream knows its peer's address and port") {
    Fixture of;
    CHECK(of.at.stream.peer() == to_string(of.at.peer.local_endpoint()));
    CHECK(of.at.stream.peer().starts_with("127.0.0.1:"));
}

TEST_CASE("addresses are shown as a user would type them") {
    const auto shown = [](const char* address) {
        return to_string(Tcp::endpoint(asio::ip::make_address(address), 5003));
    };
    CHECK(shown("127.0.0.1") == "127.0.0.1:5003");
    CHECK(shown("::1") == "[::1]:5003");
    CHECK(shown("2001:db8::1") == "[2001:db8::1]:5003");
    CHECK(shown("::ffff:10.0.0.2") == "10.0.0.2:5003");
}

TEST_CASE("what the peer sends is read, and the end of it is 0") {
    Fixture of;
    of.at.say("hello");
    of.at.end();
    CHECK(of.read(3) == "hel");
    CHECK(of.read(100) == "lo");
    CHECK(of.read(100).empty());
    CHECK(of.read(100).empty());
}

TEST_CASE("bytes that were read ahead come first") {
    Fixture of;
    of.at.say("hello");
    REQUIRE(of.loop.run(of.at.stream.fill(100)));
    CHECK(of.at.stream.buffered() == "hello");
    of.at.stream.consume(1);
    CHECK(of.at.stream.buffered() == "ello");
    of.at.say(" you");
    CHECK(of.read(2) == "el");
    CHECK(of.read(100) == "lo");
    CHECK(of.read(100) == " you");
    CHECK(of.at.stream.buffered().empty());
}

TEST_CASE("reading ahead goes on behind what is there, up to the limit and not beyond") {
    Fixture of;
    of.at.say("0123456789");
    REQUIRE(of.loop.run(of.at.stream.fill(4)));
    CHECK(of.at.stream.buffered() == "0123");
    REQUIRE(of.loop.run(of.at.stream.fill(6)));
    CHECK(of.at.stream.buffered() == "012345");
    of.at.stream.consume(5);
    REQUIRE(of.loop.run(of.at.stream.fill(3)));
    CHECK(of.at.stream.buffered() == "567");
    of.at.end();
    REQUIRE(of.loop.run(of.at.stream.fill(100)));
    CHECK_FALSE(of.loop.run(of.at.stream.fill(100)));
    CHECK(of.at.stream.buffered() == "56789");
}

TEST_CASE("a write takes all bytes, and the peer gets them in order") {
    Fixture of;
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += std::to_string(i);
    const auto writing = of.loop.start(of.at.stream.write(as_bytes(text)));
    CHECK(of.at.hear(text.size()) == text);
    of.loop.finish(writing);
    CHECK_FALSE(writing->thrown);
}

TEST_CASE("one write takes as much as there is room for, at least a byte") {
    Fixture of;
    CHECK(of.loop.run(of.at.stream.write_some(as_bytes("hello"))) == 5);
    CHECK(of.at.hear(5) == "hello");
}

TEST_CASE("past the deadline a read fails, and not before") {
    Fixture of;
    of.at.stream.deadline_in(100ms);
    std::array<std::byte, 10> buffer;
    CHECK(of.error_of(of.at.stream.read_some(buffer)) == make_error_code(Errc::timed_out));
    CHECK(of.passed() >= 100ms);
    // The deadline is absolute: it is still over, though there is something to read now.
    of.at.say("late");
    CHECK(of.error_of(of.at.stream.read_some(buffer)) == make_error_code(Errc::timed_out));
    CHECK(of.error_of(of.at.stream.fill(100)) == make_error_code(Errc::timed_out));
    CHECK(of.error_of(of.at.stream.write(as_bytes("x"))) == make_error_code(Errc::timed_out));
    CHECK(of.error_of(of.at.stream.write_some(as_bytes("x"))) == make_error_code(Errc::timed_out));
}

TEST_CASE("a new deadline, or none, makes the stream usable again") {
    Fixture of;
    of.at.stream.deadline_in(20ms);
    std::array<std::byte, 10> buffer;
    CHECK(of.error_of(of.at.stream.read_some(buffer)) == make_error_code(Errc::timed_out));
    of.at.say("one");
    of.at.stream.deadline_in(10s);
    CHECK(of.read(10) == "one");
    of.at.stream.deadline_in(20ms);
    CHECK(of.error_of(of.at.stream.read_some(buffer)) == make_error_code(Errc::timed_out));
    of.at.say("two");
    of.at.stream.no_deadline();
    CHECK(of.read(10) == "two");
}

TEST_CASE("a deadline that is moved away does not strike at its old time") {
    Fixture of;
    of.at.stream.deadline_in(50ms);
    of.at.stream.deadline_in(10s);
    of.loop.after(150ms, [&] { of.at.say("late"); });
    CHECK(of.read(10) == "late");
}

TEST_CASE("a deadline that is moved nearer strikes at its new time") {
    Fixture of;
    of.at.stream.deadline_in(60s);
    of.at.stream.deadline_in(50ms);
    std::array<std::byte, 10> buffer;
    CHECK(of.error_of(of.at.stream.read_some(buffer)) == make_error_code(Errc::timed_out));
    CHECK(of.passed() < 10s);
}

TEST_CASE("a write that the peer does not take fails at the deadline") {
    Fixture of;
    of.fill_up();
    of.at.stream.deadline_in(100ms);
    CHECK(of.error_of(of.at.stream.write(as_bytes("more"))) == make_error_code(Errc::timed_out));
    of.at.stream.deadline_in(100ms);
    CHECK(of.error_of(of.at.stream.write_some(as_bytes("more"))) ==
          make_error_code(Errc::timed_out));
}

TEST_CASE("a peer that resets is a connection lost") {
    Fixture of;
    of.at.reset();
    std::array<std::byte, 10> buffer;
    CHECK(of.error_of(of.at.stream.read_some(buffer)) == make_error_code(Errc::connection_lost));
    CHECK(of.error_of(of.at.stream.write(as_bytes("x"))) == make_error_code(Errc::connection_lost));
    CHECK(of.error_of(of.at.stream.write_some(as_bytes("x"))) ==
          make_error_code(Errc::connection_lost));
    Fixture other;
    other.at.reset();
    CHECK(other.error_of(other.at.stream.fill(10)) == make_error_code(Errc::connection_lost));
}

TEST_CASE("a cancelled read is aborted, which is neither a timeout nor a lost connection") {
    Fixture of;
    asio::cancellation_signal signal;
    std::array<std::byte, 10> buffer;
    const auto reading = of.loop.start(of.at.stream.read_some(buffer), signal.slot());
    of.loop.poll();
    signal.emit(asio::cancellation_type::terminal);
    of.loop.finish(reading);
    CHECK(reading->thrown_code() == asio::error::operation_aborted);
}

TEST_CASE("what goes without waiting is as much as there is, or as there is room for") {
    Fixture of;
    std::array<std::byte, 10> buffer;
    CHECK_FALSE(of.at.stream.read_now(buffer));  // nothing there yet
    of.at.say("hello you all");
    of.loop.run_until([&] { return of.at.stream.socket().available() == 13; });
    CHECK(of.at.stream.read_now(buffer) == 10U);
    CHECK(as_text(buffer) == "hello you ");
    CHECK(of.at.stream.read_now(buffer) == 3U);
    CHECK_FALSE(of.at.stream.read_now(buffer));
    CHECK(of.at.stream.write_now(as_bytes("hello")) == 5U);
    CHECK(of.at.hear(5) == "hello");
    of.fill_up();
    CHECK(of.at.stream.write_now(as_bytes("hello")) == 0U);
    of.at.reset();
    of.loop.run_until([&] { return !of.at.stream.write_now(as_bytes("hello")); });
    CHECK_FALSE(of.at.stream.read_now(buffer));
}

TEST_CASE("bytes that were read ahead are not overtaken by those that come without waiting") {
    Fixture of;
    of.at.say("hello");
    REQUIRE(of.loop.run(of.at.stream.fill(2)));
    std::array<std::byte, 10> buffer;
    CHECK_FALSE(of.at.stream.read_now(buffer));
    CHECK(of.read(10) == "he");
    CHECK(of.at.stream.read_now(buffer) == 3U);
}

TEST_CASE("what is queued goes out together when it is flushed") {
    Fixture of;
    of.at.stream.queue("one ");
    of.at.stream.queue("two");
    of.loop.poll();
    CHECK(of.at.peer.available() == 0);
    of.loop.run(of.at.stream.flush());
    CHECK(of.at.hear(7) == "one two");
    of.loop.run(of.at.stream.flush());
    CHECK(of.at.peer.available() == 0);
}

TEST_CASE("after our FIN the peer sees the end and may go on to speak") {
    Fixture of;
    of.loop.run(of.at.stream.write(as_bytes("bye")));
    of.at.stream.shutdown_send();
    error_code error;
    CHECK(of.at.hear_all(&error) == "bye");
    CHECK_FALSE(error);
    of.at.say("and you");
    CHECK(of.read(100) == "and you");
}

TEST_CASE("a reset is seen by the peer as such") {
    Fixture of;
    of.loop.run(of.at.stream.write(as_bytes("half a file")));
    of.at.stream.reset();
    error_code error;
    of.at.hear_all(&error);
    CHECK(error == asio::error::connection_reset);
}

TEST_CASE("last words reach a peer that has sent what nobody read") {
    Fixture of;
    of.at.say(std::string(100'000, 'x'));
    of.at.stream.queue("ERR|why\n");
    const auto closing = of.loop.start(of.at.stream.close_after_last_words());
    error_code error;
    CHECK(of.at.hear_all(&error) == "ERR|why\n");
    CHECK_FALSE(error);
    of.at.end();
    of.loop.finish(closing);
    CHECK_FALSE(closing->thrown);
    CHECK(of.passed() < 10s);
}

TEST_CASE("a peer that goes on sending does not keep the last words from ending") {
    Fixture of;
    of.at.stream.queue("ERR|why\n");
    const auto closing = of.loop.start(of.at.stream.close_after_last_words());
    of.loop.every(20ms, [&] {
        error_code ignored;
        asio::write(of.at.peer, asio::buffer("x", 1), ignored);
        return !closing->done;
    });
    of.loop.finish(closing);
    CHECK(of.passed() < 10s);
    // Whether it gave up by returning or by the deadline is its own affair.
    if (closing->thrown) CHECK(closing->thrown_code() == make_error_code(Errc::timed_out));
}

TEST_CASE("a failed stream in words names what was wanted, and a cancelled one is no news") {
    using boost::system::system_error;
    const Error lost =
        stream_error(system_error(make_error_code(Errc::connection_lost)), "cannot send 'a'");
    CHECK(lost == Errc::connection_lost);
    CHECK(lost.context == "cannot send 'a': the connection was lost");
    CHECK_THROWS_AS(stream_error(system_error(asio::error::operation_aborted), "x"), system_error);
}

TEST_CASE("a neighbour's socket is tuned without harm") {
    Fixture of;
    tune_for_neighbour(of.at.stream.socket());
    of.loop.run(of.at.stream.write(as_bytes("hello")));
    CHECK(of.at.hear(5) == "hello");
}
