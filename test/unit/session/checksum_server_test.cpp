#include "session/checksum_server.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/read.hpp>

#include "test/unit/session/peers.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

/// A bare connection to a session of the checksum server.
struct Fixture {
    explicit Fixture(ChecksumServerLimits limits_ = {}) : limits(limits_) {}

    std::shared_ptr<Running<void>> serve() {
        return loop.start(serve_checksums(at.stream, store, limits));
    }

    Loop loop;
    Connection at{loop};
    ManualClock clock;
    MemoryStore store{1000, [this] { return clock.now(); }};
    ChecksumServerLimits limits;
    Clock::time_point began = Clock::now();
    Clock::duration passed() const { return Clock::now() - began; }
};

/// A store that cannot tell.
class BrokenStore final : public TtlStore {
public:
    Task<Result<>> put(std::string_view, std::string_view, std::chrono::seconds) override {
        co_return make_error(Errc::failed, "the store is broken");
    }
    Task<Result<std::optional<std::string>>> get(std::string_view) override {
        co_return make_error(Errc::failed, "the store is broken");
    }
};

}  // namespace

TEST_CASE("a look-up without an end is answered after the pause, on a connection that stays open") {
    Fixture of;
    const auto serving = of.serve();
    of.at.say("BE|1|60|3|abc");
    CHECK(of.at.hear(2) == "OK");
    for (int i = 0; i < 3; ++i) {
        const auto asked = Clock::now();
        of.at.say("KI|1");
        CHECK(of.at.hear(5) == "3|abc");
        CHECK(Clock::now() - asked >= lookup_pause);
    }
    CHECK_FALSE(serving->done);
    of.at.end();
    of.loop.finish(serving);
    CHECK_FALSE(serving->thrown);
}

TEST_CASE("a look-up whose end is marked is answered without a pause") {
    for (const std::string end : {"\n", "KI|2\n"}) {
        // A busy machine may make any one of them late, not all.
        Clock::duration fastest = Clock::duration::max();
        for (int i = 0; i < 20 && fastest >= lookup_pause; ++i) {
            Fixture of;
            const auto serving = of.serve();
            of.at.say("KI|1" + end);
            CHECK(of.at.hear(2) == "0|");
            fastest = std::min(fastest, of.passed());
            of.at.end();
            of.loop.finish(serving);
        }
        CHECK(fastest < lookup_pause);
    }
}

TEST_CASE("a look-up that ends with the connection is answered though nothing marks its end") {
    Fixture of;
    const auto serving = of.serve();
    of.at.say("KI|1");
    of.at.end();
    CHECK(of.at.hear(2) == "0|");
    of.loop.finish(serving);
    CHECK_FALSE(serving->thrown);
}

TEST_CASE("a client that inserts and closes without waiting has inserted") {
    Fixture of;
    const auto serving = of.serve();
    of.at.say("BE|1|60|3|abc");
    of.at.peer.close();
    of.loop.finish(serving);
    CHECK(of.loop.run(of.store.get("1")).value() == std::optional<std::string>("3|abc"));
}

TEST_CASE("a client that inserts and resets has inserted, if its message came") {
    Fixture of;
    const auto serving = of.serve();
    of.at.say("BE|1|60|3|abc");
    CHECK(of.at.hear(2) == "OK");
    of.at.reset();
    of.loop.finish(serving);
    CHECK(of.loop.run(of.store.get("1")).value() == std::optional<std::string>("3|abc"));
}

TEST_CASE("a thousand requests in one go are answered in order") {
    Fixture of;
    const auto serving = of.serve();
    std::string requests;
    std::string answers;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = std::to_string(i);
        requests += "BE|" + id + "|60|" + std::to_string(id.size()) + "|" + id + "KI|" + id + "\n";
        answers += "OK" + std::to_string(id.size()) + "|" + id;
    }
    of.at.say(requests);
    CHECK(of.at.hear(answers.size()) == answers);
    of.at.end();
    of.loop.finish(serving);
}

TEST_CASE("the same requests a byte at a time have the same answers") {
    Fixture of;
    const auto serving = of.serve();
    const std::string requests = "BE|1|60|3|abc\r\nKI|1\r\nKI|2\nBE|2|60|2|KI";
    for (const char byte : requests) {
        of.at.say(std::string(1, byte));
        of.loop.poll();
    }
    CHECK(of.at.hear(11) == "OK3|abc0|OK");
    of.at.end();
    of.loop.finish(serving);
}

TEST_CASE("line ends without number before a look-up do not cut its id") {
    Fixture of;
    const auto serving = of.serve();
    of.at.say("BE|12345|60|3|abc");
    CHECK(of.at.hear(2) == "OK");
    for (const std::size_t count :
         {2140UL, 2148UL, 2149UL, 2150UL, 2151UL, 2152UL, 2153UL, 2154UL, 4095UL, 9000UL}) {
        INFO(count << " line ends");
        of.at.say(std::string(count, '\n') + "KI|12345");
        CHECK(of.at.hear(5) == "3|abc");
    }
    of.at.end();
    of.loop.finish(serving);
}

TEST_CASE("bad input is answered with one line, and then the connection is closed") {
    Fixture of;
    const auto serving = of.serve();
    of.at.say("BE|1|60|1|xKI|1\nnonsense\nKI|1\nKI|1\n");
    error_code reset;
    const std::string said = of.at.hear_all(&reset);
    CHECK_FALSE(reset);
    REQUIRE(said.starts_with("OK1|xERR|"));
    CHECK(said.ends_with("\n"));
    CHECK(std::ranges::count(said, '\n') == 1);
    of.at.peer.close();
    of.loop.finish(serving);
}

TEST_CASE("bad input is answered also when there is no limit on a message's time") {
    ChecksumServerLimits limits;
    limits.idle = {};
    limits.message = {};
    Fixture of(limits);
    const auto serving = of.serve();
    of.at.say("nonsense\n");
    CHECK(of.at.hear_all().starts_with("ERR|"));
    of.at.peer.close();
    of.loop.finish(serving);
}

TEST_CASE("what bad input says of itself is escaped") {
    Fixture of;
    const auto serving = of.serve();
    of.at.say("\x1b[2J\n");
    const std::string said = of.at.hear_all();
    CHECK(said.starts_with("ERR|"));
    CHECK(said.find('\x1b') == std::string::npos);
    of.at.peer.close();
    of.loop.finish(serving);
}

TEST_CASE(
    "a checksum that is shorter than announced when the client ends is an error and kept nowhere") {
    Fixture of;
    const auto serving = of.serve();
    of.at.say("BE|1|60|12|abc");
    of.at.end();
    CHECK(of.at.hear_all().starts_with("ERR|"));
    of.at.peer.close();
    of.loop.finish(serving);
    CHECK(of.store.size() == 0);
}

TEST_CASE("a full store is an error to who inserts, and others are served on") {
    Loop loop;
    ChecksumServer server(loop, {}, 1);
    const auto ask = [&](const std::string& request) {
        Socket client(loop.io);
        client.connect({asio::ip::address_v4::loopback(), server.endpoint.port});
        asio::write(client, asio::buffer(request));
        client.shutdown(Socket::shutdown_send);
        client.non_blocking(true);
        std::string answer;
        char buffer[256];
        error_code error;
        loop.run_until([&] {
            answer.append(buffer, client.read_some(asio::buffer(buffer), error));
            return error && error != asio::error::would_block;
        });
        return answer;
    };
    CHECK(ask("BE|1|60|1|x") == "OK");
    const std::string refused = ask("BE|2|60|1|x");
    CHECK(refused.starts_with("ERR|"));
    CHECK(refused.ends_with("\n"));
    CHECK(ask("KI|1") == "1|x");
    CHECK(ask("BE|1|60|1|y") == "OK");
    server.clock.advance(60s);
    CHECK(ask("BE|2|60|1|x") == "OK");
}

TEST_CASE("a store that fails is an error to the client") {
    for (const std::string request : {"KI|1\n", "BE|1|60|1|x"}) {
        Loop loop;
        Connection at(loop);
        BrokenStore store;
        const ChecksumServerLimits limits;
        const auto serving = loop.start(serve_checksums(at.stream, store, limits));
        at.say(request);
        CHECK(at.hear_all() == "ERR|the store is broken\n");
        at.peer.close();
        loop.finish(serving);
    }
}

TEST_CASE("a quiet client is dropped after the idle time") {
    ChecksumServerLimits limits;
    limits.idle = 200ms;
    Fixture of(limits);
    const auto serving = of.serve();
    of.loop.finish(serving);
    CHECK(serving->thrown_code() == make_error_code(Errc::timed_out));
    CHECK(of.passed() >= 200ms);
    CHECK(of.passed() < 8s);
}

TEST_CASE("a client that trickles a message is dropped after a message's time") {
    ChecksumServerLimits limits;
    limits.message = 300ms;
    Fixture of(limits);
    const auto serving = of.serve();
    const std::string message = "BE|1|60|1000|";
    of.at.say(message);
    of.loop.every(30ms, [&] {
        if (serving->done || of.passed() > 4s) return false;
        error_code ignored;
        asio::write(of.at.peer, asio::buffer("x", 1), ignored);
        return true;
    });
    of.loop.finish(serving);
    CHECK(serving->thrown_code() == make_error_code(Errc::timed_out));
    CHECK(of.passed() < 3s);
    CHECK(of.store.size() == 0);
}

TEST_CASE("200 clients at once, some of them trickling, are all served") {
    Loop loop;
    ChecksumServer server(loop);
    std::vector<Socket> clients;
    for (int i = 0; i < 200; ++i) {
        clients.emplace_back(loop.io).connect(
            {asio::ip::address_v4::loopback(), server.endpoint.port});
        clients.back().non_blocking(true);
    }
    // Every tenth says only half of its message first.
    const auto message = [](int i) { return "BE|" + std::to_string(i) + "|60|3|abc"; };
    for (int i = 0; i < 200; ++i) {
        const std::string text = message(i);
        asio::write(clients[static_cast<std::size_t>(i)],
                    asio::buffer(text.data(), i % 10 == 0 ? text.size() / 2 : text.size()));
    }
    const auto answered = [&](int i) {
        char answer[2];
        error_code error;
        loop.run_until([&] {
            asio::read(clients[static_cast<std::size_t>(i)], asio::buffer(answer), error);
            return error != asio::error::would_block;
        });
        return !error && std::string(answer, 2) == "OK";
    };
    for (int i = 0; i < 200; ++i) {
        if (i % 10 != 0) CHECK(answered(i));
    }
    CHECK(server.store.size() == 180);
    for (int i = 0; i < 200; i += 10) {
        const std::string rest = message(i).substr(message(i).size() / 2);
        asio::write(clients[static_cast<std::size_t>(i)], asio::buffer(rest));
        CHECK(answered(i));
    }
    CHECK(server.store.size() == 200);
    clients.clear();
    server.stop();
}
