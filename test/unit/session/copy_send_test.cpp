#include "test/unit/session/copy_send_fixture.hpp"

namespace netcopy::test {

TEST_CASE("A tree is sent over one connection and over several") {
    SendFixture at;
    at.plan.connections = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{4});
    const bool several = at.plan.connections == 4;
    // More than one connection takes at once, and no sooner done than the others are open.
    const int files = several ? 2500 : 400;
    RateLimit rate(8 << 20);
    if (several) at.plan.rate = &rate;
    at.add_some(files, 3000);
    at.add("big", noise(3 << 20));
    std::filesystem::create_directories(at.tree() / "empty");
    ReceiveServer server(at.loop, at.disk, at.target.path());
    at.send(server.endpoint);
    at.check_equal();
    CHECK(at.queue->summary().sent == static_cast<std::uint64_t>(files) + 1);
    CHECK(at.queue->summary().failed == 0);
    CHECK(at.progress.bytes == at.progress.total);
    CHECK(at.progress.active().empty());
    if (at.plan.connections == 1) CHECK(server.connections == 1);
    if (several) CHECK(server.connections > 1);
    CHECK(server.connections <= 4);
    at.loop.run_until([&] { return server.clients_done == server.connections; });
    server.stop();
}

TEST_CASE("A tree of nothing but an empty folder is sent") {
    SendFixture at;
    at.plan.connections = GENERATE(std::size_t{0}, std::size_t{4});
    ReceiveServer server(at.loop, at.disk, at.target.path());
    at.send(server.endpoint);
    at.check_equal();
    CHECK(std::filesystem::exists(at.there()));
}

TEST_CASE("A peer of another make is told within a second, and its connection closed") {
    SendFixture at;
    bool ended = false;
    const std::string kind = GENERATE("says something", "echoes", "closes", "is silent",
                                      "says the beginning of our word");
    INFO(kind);
    ForeignServer peer(at.loop, [&](Socket& socket, int) -> Task<> {
        const std::string heard = co_await receive_once(socket);
        if (kind == "says something") co_await send_all(socket, "HTTP/1.1 400 Bad Request\r\n");
        if (kind == "echoes") co_await send_all(socket, heard);
        if (kind == "says the beginning of our word") co_await send_all(socket, "NETCOPY/1 o");
        if (kind == "closes") co_return;
        co_await receive_once(socket);
        ended = true;
    });
    at.make(peer.endpoint);
    const auto connected = at.connect();
    REQUIRE(connected);
    CHECK_FALSE(*connected);
    CHECK(at.passed() < 1s);
    if (kind != "closes") at.loop.run_until([&] { return ended; });
}

TEST_CASE("A receiver that is known to speak netcopy/1 may take longer to say so") {
    SendFixture at;
    at.plan.only_netcopy = true;
    ForeignServer peer(at.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await pause(socket, 700ms);
        co_await send_all(socket, "NETCOPY/1 ok put\n");
        co_await receive_once(socket);
    });
    at.make(peer.endpoint);
    const auto connected = at.connect();
    REQUIRE(connected);
    CHECK(*connected);
}

TEST_CASE("A receiver that declines is an error in its words") {
    SendFixture at;
    ForeignServer peer(at.loop, [](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "NETCOPY/1 no digest none\\x20of\\x1bthese\n");
    });
    at.make(peer.endpoint);
    const auto connected = at.connect();
    REQUIRE(connected.has_error());
    CHECK(connected.error() == Errc::refused);
    CHECK(connected.error().context.find("none of\\x1bthese") != std::string::npos);
}

TEST_CASE("Nobody there is an error") {
    SendFixture at;
    ForeignServer peer(at.loop, [](Socket&, int) -> Task<> { co_return; });
    peer.close();
    at.make(peer.endpoint);
    const auto connected = at.connect();
    REQUIRE(connected.has_error());
    CHECK(connected.error() == Errc::unreachable);
}

TEST_CASE("A connection that is cut again and again is taken up, and the tree is whole") {
    SendFixture at;
    at.plan.connections = GENERATE(std::size_t{1}, std::size_t{4});
    at.add_some(300, 2000);
    at.add("big", noise(5 << 20));
    ReceiveServer server(at.loop, at.disk, at.target.path());
    CuttingRelay relay(at.loop, server.endpoint,
                       {30'000, 200'000, 130'000, 2'000'000, 1'500'000, 1'200'000});
    at.send(relay.endpoint());
    at.check_equal();
    CHECK(relay.cuts_left() == 0);
    CHECK(at.queue->summary().failed == 0);
    CHECK(at.queue->summary().files == 301);
    CHECK(at.progress.bytes == at.progress.total);
}

TEST_CASE("What a broken connection has brought is not sent again") {
    SendFixture at;
    at.plan.connections = 1;
    at.add("big", noise(8 << 20));
    ReceiveServer server(at.loop, at.disk, at.target.path());
    std::uint64_t arrived = 0;
    server.rules.on_file = [&](const ReceivedFile& file) { arrived += file.bytes; };
    CuttingRelay relay(at.loop, server.endpoint, {6'000'000});
    at.send(relay.endpoint());
    at.check_equal();
    CHECK(arrived <= (8 << 20) - 6'000'000 + (1 << 20));
}

TEST_CASE("A peer that has gone for good is an error, after so many tries") {
    SendFixture at;
    at.plan.connections = 1;
    at.add("big", noise(5 << 20));
    ReceiveServer server(at.loop, at.disk, at.target.path());
    CuttingRelay relay(at.loop, server.endpoint, {2'000'000});
    at.make(relay.endpoint());
    REQUIRE(at.connect());
    at.loop.poll();
    relay.close();
    const auto sent = at.loop.run(at.sender->run());
    REQUIRE(sent.has_error());
    CHECK(sent.error() == Errc::connection_lost);
    CHECK(sent.error().context.find(at.sender->peer()) != std::string::npos);
    CHECK_FALSE(at.queue->finished());
    CHECK(at.outcomes.empty());
    CHECK(at.progress.bytes == 0);
    CHECK_FALSE(std::filesystem::exists(at.there() / "big"));
}

TEST_CASE("A peer that takes the connection and breaks it each time is not tried for ever") {
    SendFixture at;
    at.plan.connections = 1;
    at.add("x", "12345");
    int tries = 0;
    ForeignServer peer(at.loop, [&](Socket& socket, int) -> Task<> {
        ++tries;
        co_await receive_once(socket);
        co_await send_all(socket, "NETCOPY/1 ok put\n");
        co_await receive_once(socket);
    });
    at.make(peer.endpoint);
    REQUIRE(at.connect());
    const auto sent = at.loop.run(at.sender->run());
    REQUIRE(sent.has_error());
    CHECK(tries == 1 + 2);
}

TEST_CASE("What is refused fails, and the rest arrives") {
    SendFixture at;
    at.add("fine", "12345");
    at.add("taken", "new");
    std::filesystem::create_directory(at.there());
    write_file(at.there() / "taken", "old content");
    ReceiveServer server(at.loop, at.disk, at.target.path());
    at.send(server.endpoint);
    CHECK(at.outcomes.at("tree/fine").kind == CopyOutcome::Kind::sent);
    CHECK(at.outcomes.at("tree/taken").error == Errc::refused);
    CHECK(read_file(at.there() / "fine") == "12345");
    CHECK(read_file(at.there() / "taken") == "old content");
}

TEST_CASE("A cancelled run ends at once and leaves nothing running") {
    SendFixture at;
    at.plan.connections = GENERATE(std::size_t{1}, std::size_t{3});
    RateLimit rate(2'000'000);
    at.plan.rate = &rate;
    at.add_some(300, 20'000);
    ReceiveServer server(at.loop, at.disk, at.target.path());
    at.make(server.endpoint);
    REQUIRE(at.connect());
    asio::cancellation_signal cancel;
    const auto running = at.loop.start(at.sender->run(), cancel.slot());
    at.loop.run_until([&] { return at.queue->summary().sent > 10; });
    cancel.emit(asio::cancellation_type::terminal);
    const auto cancelled = Clock::now();
    at.loop.finish(running);
    CHECK(running->thrown_code() == asio::error::operation_aborted);
    CHECK(Clock::now() - cancelled < 3s);
    CHECK_FALSE(at.queue->finished());
    at.sender.reset();
    at.queue.reset();  // whatever still ran would use it
    server.stop();     // ends only with the last connection
    at.loop.poll();
}

TEST_CASE("A run that is cancelled while it opens one more connection leaves nothing running") {
    SendFixture at;
    at.plan.connections = 2;
    at.plan.stall = {0s};
    at.add_some(3000, 1);
    bool ended = false;
    ForeignServer peer(at.loop, [&](Socket& socket, int number) -> Task<> {
        co_await receive_once(socket);
        if (number == 0) co_await send_all(socket, "NETCOPY/1 ok put\n");
        while (!(co_await receive_once(socket)).empty()) {
        }
        ended = ended || number == 0;
    });
    at.make(peer.endpoint);
    REQUIRE(at.connect());
    asio::cancellation_signal cancel;
    const auto running = at.loop.start(at.sender->run(), cancel.slot());
    at.loop.run_until([&] { return peer.connections == 2; });
    at.loop.after(50ms, [&] { cancel.emit(asio::cancellation_type::terminal); });
    at.loop.finish(running);
    CHECK(running->thrown_code() == asio::error::operation_aborted);
    at.loop.run_until([&] { return ended; });
}

TEST_CASE("A cancelled run does not wait for the next try") {
    SendFixture at;
    at.plan.connections = 1;
    at.plan.retries = 20;
    at.add("x", "12345");
    ForeignServer peer(at.loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "NETCOPY/1 ok put\n");
    });
    at.make(peer.endpoint);
    REQUIRE(at.connect());
    peer.close();
    asio::cancellation_signal cancel;
    const auto running = at.loop.start(at.sender->run(), cancel.slot());
    at.loop.after(1s, [&] { cancel.emit(asio::cancellation_type::terminal); });
    at.loop.finish(running);
    CHECK(running->thrown_code() == asio::error::operation_aborted);
    CHECK(at.passed() < 3s);
}

TEST_CASE("A receiver that stops confirms what is complete, and the sender knows what is not") {
    SendFixture at;
    at.plan.connections = 1;
    at.plan.retries = 1;
    RateLimit rate(4'000'000);
    at.plan.rate = &rate;
    at.add_some(300, 20'000);
    ReceiveServer server(at.loop, at.disk, at.target.path());
    at.make(server.endpoint);
    REQUIRE(at.connect());
    const auto running = at.loop.start(at.sender->run());
    at.loop.run_until([&] { return at.queue->summary().sent > 10; });
    server.begin_to_stop();
    at.loop.finish(running);
    REQUIRE(running->value);
    CHECK(running->value->has_error());
    CHECK(at.queue->summary().failed == 0);
    for (const auto& [name, outcome] : at.outcomes) {
        CHECK(read_file(at.target / name) == read_file(at.source / name));
    }
}

}  // namespace netcopy::test
