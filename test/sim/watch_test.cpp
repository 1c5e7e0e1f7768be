#include "test/sim/watch.hpp"

#include <catch2/catch.hpp>

#include <cstring>

#include "test/sim/client_host.hpp"
#include "test/sim/server_host.hpp"

/// That the simulator notices what it is there to notice.

using namespace netcopy;
using namespace netcopy::sim;
using namespace std::chrono_literals;

namespace {

using Packet = std::vector<std::byte>;
using SendOn = std::function<void(Bytes, const Address&)>;

Address address(unsigned host) {
    Address made;
    made.ip[15] = static_cast<std::byte>(host);
    made.port = 1;
    return made;
}

/// One transfer of a server whose packets somebody changes on their way out.
struct Tampered {
    explicit Tampered(std::function<void(Bytes, const Address&, const SendOn&)> tamper) {
        link.rate = 1e6;
        link.queue = 100'000;
        link.delay = 10ms;
        network.connect(1, 2, {&up});
        network.connect(2, 1, {&down});
        content.file.size = 200'000;
        content.file.tag.fill(std::byte{1});
        ServerOptions server_options;
        server_options.site = 2;
        server_options.address = address(2);
        server_options.content = content;
        server_options.tamper = std::move(tamper);
        server = std::make_unique<ServerHost>(network, std::move(server_options));
        ClientOptions client_options;
        client_options.site = 1;
        client_options.address = address(1);
        client_options.servers = {address(2)};
        client_options.truth = &content;
        client = std::make_unique<ClientHost>(network, std::move(client_options));
    }
    ClientHost::Outcome run() {
        network.run(network.now() + 60s, [] { return false; });
        return client->outcome();
    }

    Network network{Time(1h), 1};
    LinkOptions link{.rate = 1e6, .queue = 100'000, .delay = 10ms, .jitter = {}, .faults = {}};
    Link up{link, 2}, down{link, 3};
    Content content;
    std::unique_ptr<ServerHost> server;
    std::unique_ptr<ClientHost> client;
};

bool is_data(Bytes packet) { return packet[0] == static_cast<std::byte>(rudp::Kind::data); }

FlightWatch::Look look(std::uint64_t in_flight, std::uint64_t window, std::uint64_t timeouts = 0) {
    return {in_flight, window, timeouts};
}

}  // namespace

TEST_CASE("a transfer that nobody changes is done, and then everything is silent") {
    Tampered world([](Bytes packet, const Address& to, const SendOn& send) { send(packet, to); });
    CHECK(world.run() == ClientHost::Outcome::done);
    CHECK(world.network.idle());
}

TEST_CASE("a packet number that is used twice is noticed") {
    Tampered world([](Bytes packet, const Address& to, const SendOn& send) {
        send(packet, to);
        if (is_data(packet)) send(packet, to);
    });
    CHECK_THROWS_WITH(world.run(), Catch::Contains("number was used again"));
}

TEST_CASE("content that is not the file's is noticed where it is sent") {
    Tampered world([](Bytes packet, const Address& to, const SendOn& send) {
        Packet changed(packet.begin(), packet.end());
        if (is_data(packet)) changed.back() ^= std::byte{1};
        send(changed, to);
    });
    CHECK_THROWS_WITH(world.run(), Catch::Contains("other bytes than the file's"));
}

TEST_CASE("packets to somebody who never said a word are noticed") {
    Tampered world([](Bytes packet, const Address& to, const SendOn& send) {
        send(packet, is_data(packet) ? address(3) : to);
    });
    CHECK_THROWS_WITH(world.run(), Catch::Contains("unproven address"));
}

TEST_CASE("a server that stops sending is noticed by the transfer that does not end") {
    int left = 50;
    Tampered world([&](Bytes packet, const Address& to, const SendOn& send) {
        if (!is_data(packet) || --left > 0) send(packet, to);
    });
    CHECK(world.run() == ClientHost::Outcome::running);
}

TEST_CASE("more in flight than the window is noticed, but for what a time-out sends") {
    using rudp::Kind;
    FlightWatch watch;
    CHECK_NOTHROW(watch.transmitted(look(9000, 10'000), look(10'000, 10'000), Kind::data));
    CHECK_THROWS_AS(watch.transmitted(look(9000, 10'000), look(10'001, 10'000), Kind::data),
                    Violation);
    CHECK_NOTHROW(watch.transmitted(look(12'000, 10'000), look(12'065, 10'000), Kind::accept));
    CHECK_NOTHROW(watch.transmitted(look(12'000, 9000), look(13'000, 9000, 1), Kind::data));
    CHECK_NOTHROW(watch.transmitted(look(13'000, 9000, 1), look(14'000, 9000, 1), Kind::data));
    CHECK_THROWS_AS(watch.transmitted(look(14'000, 9000, 1), look(15'000, 9000, 1), Kind::data),
                    Violation);
    CHECK_THROWS_AS(watch.transmitted(look(0, 9000, 1), look(65'507, 9000, 1), Kind::probe),
                    Violation);
}

TEST_CASE("an address is proven by what only it was told, and by nothing else") {
    AmplificationWatch watch;
    Packet cookie(41), echo(rudp::least_datagram - rudp::seal_size);
    const rudp::Header header{rudp::Kind::cookie, 1, 0};
    rudp::Cookie secret;
    secret.fill(std::byte{5});
    rudp::write_cookie(header, secret, cookie);
    rudp::Request request;
    request.name = "file";
    request.cookie = secret;
    rudp::write_request({rudp::Kind::request, 1, 0}, request, echo);
    const Packet large(1500);

    watch.received(address(1), echo);  // before anybody told it: a guess
    CHECK_NOTHROW(watch.sent(address(1), cookie));
    CHECK_THROWS_AS(watch.sent(address(1), large), Violation);
    watch.received(address(2), echo);  // told to another
    CHECK_THROWS_AS(watch.sent(address(2), large), Violation);
    AmplificationWatch good;
    good.received(address(1), echo);
    good.sent(address(1), cookie);
    good.received(address(1), echo);
    CHECK_NOTHROW(good.sent(address(1), large));
    CHECK_NOTHROW(good.sent(address(1), large));
    good.restart();
    CHECK_THROWS_AS(good.sent(address(1), cookie), Violation);
}

TEST_CASE("numbers that go back and deadlines that have passed are noticed") {
    NumberWatch numbers;
    numbers.sent(3);
    CHECK_NOTHROW(numbers.sent(5));
    CHECK_THROWS_AS(numbers.sent(4), Violation);
    CHECK_NOTHROW(check_drained(Time(5s), Time(6s), "it"));
    CHECK_THROWS_AS(check_drained(Time(5s), Time(5s), "it"), Violation);
}

TEST_CASE("a host that never lets time pass is noticed") {
    struct Restless : Host {
        void on_packet(Time, const Address&, const Address&, Bytes) override {}
        void on_wake(Time now) override { next = now + pause; }
        Time deadline() const override { return next; }
        Time next{};
        Duration pause{};
    };
    Network network(Time(1s), 1);
    Restless host;
    SECTION("its deadline stays where it is") {
        network.attach(host, address(1), 1);
        CHECK_THROWS_WITH(network.run(Time(2s), [] { return false; }),
                          Catch::Contains("in the past"));
    }
    SECTION("it moves by a microsecond") {
        host.pause = 1us;
        network.attach(host, address(1), 1);
        CHECK_THROWS_WITH(network.run(Time(2s), [] { return false; }), Catch::Contains("spins"));
    }
    SECTION("a hundred times a millisecond is much, but well") {
        host.pause = 10us;
        network.attach(host, address(1), 1);
        CHECK_NOTHROW(network.run(Time(2s), [] { return false; }));
    }
}

TEST_CASE("coverage counts each byte once") {
    Coverage coverage;
    CHECK(coverage.add({10, 20}) == 10);
    CHECK(coverage.add({30, 40}) == 10);
    CHECK(coverage.add({15, 35}) == 10);
    CHECK(coverage.add({0, 50}) == 20);
    CHECK(coverage.add({50, 50}) == 0);
    CHECK(coverage.add({60, 70}) == 10);
    CHECK(coverage.contains({0, 50}));
    CHECK_FALSE(coverage.contains({0, 51}));
    CHECK_FALSE(coverage.contains({55, 65}));
    CHECK(coverage.ranges().size() == 2);
}
