#include "session/checksum_client.hpp"

#include <catch2/catch.hpp>

#include "test/unit/session/peers.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Found = Result<std::optional<std::string>>;

namespace {

const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";

struct Fixture {
    Loop loop;
    Clock::time_point began = Clock::now();
    Clock::duration passed() const { return Clock::now() - began; }

    Result<> insert(ChecksumClient& client, const std::string& id = "7") {
        const wire::Insert message{id, 60, md5.size(), md5};
        return loop.run(client.insert(message));
    }
};

/// A port on which nobody listens, and then somebody may.
struct LatePort {
    explicit LatePort(Loop& loop) : acceptor(loop.io) {
        acceptor.open(Tcp::v4());
        acceptor.bind({asio::ip::address_v4::loopback(), 0});
    }
    Endpoint endpoint() const { return {"127.0.0.1", acceptor.local_endpoint().port()}; }
    Acceptor acceptor;
};

}  // namespace

TEST_CASE("what one client inserts another one looks up") {
    Fixture of;
    ChecksumServer server(of.loop);
    ChecksumClient first(server.endpoint, {}, 10s);
    REQUIRE(of.loop.run(first.connect()));
    REQUIRE(of.insert(first));
    CHECK(server.get("7") == std::optional<std::string>("32|" + md5));
    ChecksumClient second(server.endpoint, {}, 10s);
    const Found found = of.loop.run(second.lookup("7", 2s));
    REQUIRE(found);
    CHECK(*found == md5);
    server.clock.advance(60s);
    const Found late = of.loop.run(second.lookup("7", 0s));
    REQUIRE(late);
    CHECK_FALSE(*late);
}

TEST_CASE(
    "an insert goes out in one write, without a line end, as other people's servers want it") {
    Fixture of;
    std::string got;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        got = co_await receive_once(socket);
        co_await send_all(socket, "OK");
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    REQUIRE(of.loop.run(client.connect()));
    REQUIRE(of.insert(client));
    CHECK(got == "BE|7|60|32|" + md5);
    CHECK(server.connections == 1);
}

TEST_CASE("an OK with a line end, or in two pieces, is an OK") {
    for (const std::string answer : {"OK\n", "OK\r\n", " OK"}) {
        Fixture of;
        ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
            co_await receive_once(socket);
            co_await send_all(socket, answer);
            co_await receive_once(socket);
        });
        ChecksumClient client(server.endpoint, {}, 10s);
        CHECK(of.insert(client));
    }
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "O");
        co_await pause(socket, 80ms);
        co_await send_all(socket, "K");
        co_await receive_once(socket);
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    CHECK(of.insert(client));
}

TEST_CASE("a connection that the server has closed meanwhile is made anew, once") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int number) -> Task<> {
        if (number == 0) co_return;  // a server that drops quiet connections
        co_await receive_once(socket);
        co_await send_all(socket, "OK");
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    REQUIRE(of.loop.run(client.connect()));
    of.loop.run_until([&] { return server.connections == 1; });
    of.loop.poll();
    CHECK(of.insert(client));
    CHECK(server.connections == 2);
}

TEST_CASE("a server that always closes without an answer is given up") {
    Fixture of;
    ForeignServer server(of.loop,
                         [&](Socket& socket, int) -> Task<> { co_await receive_once(socket); });
    ChecksumClient client(server.endpoint, {}, 10s);
    REQUIRE(of.loop.run(client.connect()));
    const auto inserted = of.insert(client);
    REQUIRE(inserted.has_error());
    CHECK(inserted.error() == Errc::connection_lost);
    CHECK(server.connections == 2);
}

TEST_CASE("a server that says ERR| has refused, and its words are handed on") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "ERR|the store is full\n");
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    const auto inserted = of.insert(client);
    REQUIRE(inserted.has_error());
    CHECK(inserted.error() == Errc::refused);
    CHECK(inserted.error().context.find("the store is full") != std::string::npos);
    CHECK(inserted.error().context.find(to_string(server.endpoint)) != std::string::npos);
    CHECK(server.connections == 1);

    const Found found = of.loop.run(client.lookup("7", 2s));
    REQUIRE(found.has_error());
    CHECK(found.error() == Errc::refused);
    CHECK(server.connections == 2);  // who has refused is not asked again
}

TEST_CASE("a server that talks of something else breaks the protocol") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    const auto inserted = of.insert(client);
    REQUIRE(inserted.has_error());
    CHECK(inserted.error() == Errc::protocol);
    const Found found = of.loop.run(client.lookup("7", 0s));
    REQUIRE(found.has_error());
    CHECK(found.error() == Errc::protocol);
}

TEST_CASE("a server that never confirms an insert is given up after the timeout") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await receive_once(socket);
    });
    ChecksumClient client(server.endpoint, {}, 200ms);
    const auto inserted = of.insert(client);
    REQUIRE(inserted.has_error());
    CHECK(inserted.error() == Errc::timed_out);
    CHECK(of.passed() >= 200ms);
    CHECK(of.passed() < 8s);
}

TEST_CASE("a server that trickles its answer is given up after the timeout too") {
    Fixture of;
    bool over = false;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        for (int i = 0; i < 100 && !over; ++i) {
            co_await send_all(socket, " ");
            co_await pause(socket, 30ms);
        }
    });
    ChecksumClient client(server.endpoint, {}, 300ms);
    const auto inserted = of.insert(client);
    over = true;
    REQUIRE(inserted.has_error());
    CHECK(inserted.error() == Errc::timed_out);
    CHECK(of.passed() < 2500ms);
}

TEST_CASE("a server that is down is unreachable before anything is inserted") {
    Fixture of;
    LatePort port(of.loop);
    ChecksumClient client(port.endpoint(), {}, 10s);
    const auto connected = of.loop.run(client.connect());
    REQUIRE(connected.has_error());
    CHECK(connected.error() == Errc::unreachable);
    CHECK(of.insert(client).error() == Errc::unreachable);
}

TEST_CASE("a look-up goes out in one write and ends with a half-close") {
    Fixture of;
    std::vector<std::string> got;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        got.push_back(co_await receive_once(socket));
        got.push_back(co_await receive_once(socket));
        co_await send_all(socket, "32|" + md5);
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    const Found found = of.loop.run(client.lookup("-7", 0s));
    REQUIRE(found);
    CHECK(*found == md5);
    CHECK(got == std::vector<std::string>{"KI|-7", ""});
    CHECK(of.passed() < 5s);
}

TEST_CASE(
    "a missing entry is asked for again, each time on a connection of its own, until it is there") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int number) -> Task<> {
        co_await receive_once(socket);
        // Named: GCC 12 destroys a conditional's temporary within a co_await expression twice.
        const std::string answer = number < 3 ? "0|" : "32|" + md5;
        co_await send_all(socket, answer);
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    const Found found = of.loop.run(client.lookup("7", 10s));
    REQUIRE(found);
    CHECK(*found == md5);
    CHECK(server.connections == 4);
    CHECK(of.passed() < 8s);
}

TEST_CASE("an entry that never comes is missing when the patience is over") {
    Fixture of;
    ChecksumServer server(of.loop);
    ChecksumClient client(server.endpoint, {}, 10s);
    const Found found = of.loop.run(client.lookup("7", 700ms));
    REQUIRE(found);
    CHECK_FALSE(*found);
    // The next question would have come too late.
    CHECK(of.passed() >= 300ms);
    CHECK(of.passed() < 5s);
}

TEST_CASE("without patience a missing entry is asked for once") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "0|");
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    const Found found = of.loop.run(client.lookup("7", 0s));
    REQUIRE(found);
    CHECK_FALSE(*found);
    CHECK(server.connections == 1);
}

TEST_CASE("a server that is silent for unknown ids is asked again, and then found to know") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int number) -> Task<> {
        co_await receive_once(socket);
        if (number == 0) {
            co_await receive_once(socket);  // our half-close
            co_await pause(socket, 5s);
        }
        co_await send_all(socket, "32|" + md5);
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    const Found found = of.loop.run(client.lookup("7", 5s));
    REQUIRE(found);
    CHECK(*found == md5);
    CHECK(of.passed() < 5s);
}

TEST_CASE("a server that is there but never answers is timed out") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await pause(socket, 15s);
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    const Found found = of.loop.run(client.lookup("7", 1s));
    REQUIRE(found.has_error());
    CHECK(found.error() == Errc::timed_out);
    CHECK(of.passed() < 8s);
}

TEST_CASE("a server that is down is asked again, and found when it comes up") {
    Fixture of;
    LatePort port(of.loop);
    ChecksumClient client(port.endpoint(), {}, 10s);
    const Found found = of.loop.run(client.lookup("7", 300ms));
    REQUIRE(found.has_error());
    CHECK(found.error() == Errc::unreachable);

    of.loop.after(150ms, [&] { port.acceptor.listen(); });
    std::shared_ptr<Running<void>> answering;
    const auto answer = [&]() -> Task<> {
        Socket socket = co_await port.acceptor.async_accept(UseTask());
        co_await receive_once(socket);
        co_await send_all(socket, "32|" + md5);
    };
    of.loop.after(160ms, [&] { answering = of.loop.start(answer()); });
    const Found later = of.loop.run(client.lookup("7", 10s));
    REQUIRE(later);
    CHECK(*later == md5);
}

TEST_CASE("an answer that is cut by a reset is no entry") {
    Fixture of;
    ForeignServer server(of.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "32|9001");
        co_await pause(socket, 30ms);
        socket.set_option(asio::socket_base::linger(true, 0));
        socket.close();  // the destructor would not reset
    });
    ChecksumClient client(server.endpoint, {}, 10s);
    const Found found = of.loop.run(client.lookup("7", 0s));
    // Four digits of thirty-two would be held against the file, and call a good one corrupted.
    const bool is_entry = found && found->has_value();
    CHECK_FALSE(is_entry);
}

TEST_CASE("a look-up that is cancelled is aborted") {
    Fixture of;
    ChecksumServer server(of.loop);
    ChecksumClient client(server.endpoint, {}, 10s);
    asio::cancellation_signal signal;
    const auto looking = of.loop.start(client.lookup("7", 10s), signal.slot());
    of.loop.after(200ms, [&] { signal.emit(asio::cancellation_type::terminal); });
    of.loop.finish(looking);
    CHECK(looking->thrown_code() == asio::error::operation_aborted);
    CHECK(of.passed() < 5s);
}
