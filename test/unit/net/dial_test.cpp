#include "net/dial.hpp"

#include <catch2/catch.hpp>

#include <dlfcn.h>
#include <netdb.h>

#include <cstring>

#include "net/resolve.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

constexpr const char* two_addresses = "two-addresses.test";

int system_getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                       addrinfo** result) {
    using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto next = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return next(node, service, hints, result);
}

}  // namespace

/// A name with two addresses, of which the first has nobody: no machine's own names can be relied
/// on for that.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
    if (node == nullptr || std::strcmp(node, two_addresses) != 0) {
        return system_getaddrinfo(node, service, hints, result);
    }
    addrinfo* second = nullptr;
    const int failed = system_getaddrinfo("127.0.0.2", service, hints, result);
    if (failed != 0) return failed;
    if (system_getaddrinfo("127.0.0.1", service, hints, &second) != 0) return 0;
    addrinfo* last = *result;
    while (last->ai_next != nullptr) last = last->ai_next;
    last->ai_next = second;
    return 0;
}

namespace {

struct Fixture {
    Loop loop;
    Clock::time_point began = Clock::now();
    Clock::duration passed() const { return Clock::now() - began; }

    Result<Dialled> dial_to(const char* host, std::uint16_t port, DialOptions options = {}) {
        began = Clock::now();
        return loop.run(dial(Endpoint{host, port}, options));
    }
};

/// Listens on 127.0.0.1; `backlog` 0 and a few connections make it deaf: further ones hang.
struct Listener {
    explicit Listener(Loop& loop, int backlog = 16) : acceptor(loop.io) {
        acceptor.open(Tcp::v4());
        acceptor.bind(Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        acceptor.listen(backlog);
    }
    std::uint16_t port() const { return acceptor.local_endpoint().port(); }

    Acceptor acceptor;
};

/// A port on which nobody listens; it stays bound, so that nobody else gets it.
struct ClosedPort {
    explicit ClosedPort(Loop& loop) : socket(loop.io) {
        socket.open(Tcp::v4());
        socket.bind(Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    }
    std::uint16_t port() const { return socket.local_endpoint().port(); }

    Socket socket;
};

/// A listener whose queue is full, so that the kernel drops what knocks.
struct DeafListener {
    explicit DeafListener(Loop& loop) : listener(loop, 0) {
        for (int i = 0; i < 4; ++i) {
            Socket& socket = knocking.emplace_back(loop.io);
            socket.open(Tcp::v4());
            socket.native_non_blocking(true);
            // Asio's connect() would wait for the answer that will not come.
            const auto address = listener.acceptor.local_endpoint();
            ::connect(socket.native_handle(), address.data(),
                      static_cast<socklen_t>(address.size()));
        }
    }
    Listener listener;
    std::vector<Socket> knocking;
};

}  // namespace

TEST_CASE("dialling connects to who listens") {
    Fixture of;
    Listener listener(of.loop);
    const auto dialled = of.dial_to("127.0.0.1", listener.port());
    REQUIRE(dialled);
    CHECK(dialled->socket.remote_endpoint() == listener.acceptor.local_endpoint());
    CHECK(dialled->peer == listener.acceptor.local_endpoint());
}

TEST_CASE("dialling by name connects too") {
    Fixture of;
    Listener listener(of.loop);
    CHECK(of.dial_to("localhost", listener.port()));
}

TEST_CASE("where nobody listens is unreachable, with the system's reason") {
    Fixture of;
    ClosedPort closed(of.loop);
    const auto dialled = of.dial_to("127.0.0.1", closed.port());
    REQUIRE(dialled.has_error());
    CHECK(dialled.error() == Errc::unreachable);
    CHECK(dialled.error().context.find("127.0.0.1:" + std::to_string(closed.port())) !=
          std::string::npos);
    CHECK(dialled.error().context.find("Connection refused") != std::string::npos);
    CHECK(of.passed() < 5s);
}

TEST_CASE("when the first address refuses the next one is tried") {
    Fixture of;
    Listener listener(of.loop);  // on 127.0.0.1 alone; 127.0.0.2 refuses
    const auto addresses = of.loop.run(resolve(Endpoint{two_addresses, listener.port()}, 5s));
    REQUIRE(addresses);
    REQUIRE(addresses->size() >= 2);
    REQUIRE(addresses->front().address().to_string() == "127.0.0.2");
    const auto dialled = of.dial_to(two_addresses, listener.port());
    REQUIRE(dialled);
    CHECK(dialled->peer.address().to_string() == "127.0.0.1");
    CHECK(dialled->socket.remote_endpoint() == dialled->peer);
}

TEST_CASE("when all addresses refuse the error names the host") {
    Fixture of;
    ClosedPort closed(of.loop);
    const auto dialled = of.dial_to(two_addresses, closed.port());
    REQUIRE(dialled.has_error());
    CHECK(dialled.error() == Errc::unreachable);
    CHECK(dialled.error().context.find(two_addresses) != std::string::npos);
}

TEST_CASE("a host that does not answer is given up after the timeout") {
    Fixture of;
    DeafListener deaf(of.loop);
    DialOptions options;
    options.timeout = 400ms;
    const auto dialled = of.dial_to("127.0.0.1", deaf.listener.port(), options);
    REQUIRE(dialled.has_error());
    CHECK(dialled.error() == Errc::unreachable);
    CHECK(of.passed() >= 400ms);
    CHECK(of.passed() < 8s);
}

TEST_CASE("a name that does not exist is unreachable") {
    Fixture of;
    // A label of more than 63 characters cannot exist, so that nobody need be asked.
    const std::string name = std::string(70, 'x') + ".test";
    const auto dialled = of.dial_to(name.c_str(), 1);
    REQUIRE(dialled.has_error());
    CHECK(dialled.error() == Errc::unreachable);
    CHECK(dialled.error().context.find(name) != std::string::npos);
}

TEST_CASE("tries beyond the first come after pauses that double") {
    Fixture of;
    ClosedPort closed(of.loop);
    DialOptions options;
    options.retries = 3;
    options.first_pause = 20ms;
    CHECK(of.dial_to("127.0.0.1", closed.port(), options).has_error());
    CHECK(of.passed() >= 140ms);  // 20 + 40 + 80
    CHECK(of.passed() < 8s);
    options.retries = 0;
    CHECK(of.dial_to("127.0.0.1", closed.port(), options).has_error());
    CHECK(of.passed() < 5s);
}

TEST_CASE("a listener that comes up between two tries is found") {
    Fixture of;
    Acceptor acceptor(of.loop.io);
    acceptor.open(Tcp::v4());
    acceptor.bind(Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    of.loop.after(60ms, [&] { acceptor.listen(); });
    DialOptions options;
    options.retries = 20;
    options.first_pause = 20ms;
    CHECK(of.dial_to("127.0.0.1", acceptor.local_endpoint().port(), options));
}

TEST_CASE("dialling that is cancelled is aborted, while it connects and while it pauses") {
    Fixture of;
    DeafListener deaf(of.loop);
    ClosedPort closed(of.loop);
    DialOptions options;
    options.retries = 1000;
    options.first_pause = 5s;
    for (const std::uint16_t port : {deaf.listener.port(), closed.port()}) {
        asio::cancellation_signal signal;
        const auto dial_there = [&]() -> Task<bool> {
            const Endpoint endpoint{"127.0.0.1", port};
            const auto dialled = co_await dial(endpoint, options);
            co_return dialled.has_value();
        };
        const auto dialling = of.loop.start(dial_there(), signal.slot());
        of.loop.after(50ms, [&] { signal.emit(asio::cancellation_type::terminal); });
        of.loop.finish(dialling);
        CHECK(dialling->thrown_code() == asio::error::operation_aborted);
    }
    CHECK(of.passed() < 8s);
}

TEST_CASE("an address in numbers is taken as it stands") {
    Loop loop;
    for (const char* host : {"127.0.0.1", "::1", "2001:db8::1"}) {
        const auto addresses = loop.run(resolve(Endpoint{host, 5003}, 1s));
        REQUIRE(addresses);
        REQUIRE(addresses->size() == 1);
        CHECK(addresses->front() == Tcp::endpoint(asio::ip::make_address(host), 5003));
    }
}
