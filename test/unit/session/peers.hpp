#pragma once

#include <catch2/catch.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>
#include <functional>
#include <string>
#include <vector>

#include "net/server.hpp"
#include "session/checksum_server.hpp"
#include "store/memory_store.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"
#include "test/unit/store/ttl_store_conformance.hpp"

namespace netcopy::test {

/// netcopy's checksum server on the test's loop, with a clock that the test moves.
class ChecksumServer {
public:
    explicit ChecksumServer(Loop& loop, ChecksumServerLimits limits = {},
                            std::size_t max_entries = 1000)
        : store(max_entries, [this] { return clock.now(); }),
          loop_(loop),
          limits_(limits),
          server_(loop.executor(), {}, {}, [this](Stream& stream) { return serve(stream); }) {
        endpoint = loop.run(server_.listen(Endpoint{"127.0.0.1", 0})).value();
        running_ = loop.start(server_.run());
    }

    void put(const std::string& id, const std::string& checksum,
             std::chrono::seconds validity = 60s) {
        const std::string entry = wire::encode_entry(checksum.size(), checksum);
        REQUIRE(loop_.run(store.put(id, entry, validity)));
    }
    /// The entry as it would be answered; nothing when there is none.
    std::optional<std::string> get(const std::string& id) {
        return loop_.run(store.get(id)).value();
    }
    void stop() {
        server_.stop();
        loop_.finish(running_);
    }

    ManualClock clock;
    MemoryStore store;
    Endpoint endpoint;

private:
    Task<> serve(Stream& stream) { co_await serve_checksums(stream, store, limits_); }

    Loop& loop_;
    const ChecksumServerLimits limits_;
    Server server_;
    std::shared_ptr<Running<void>> running_;
};

/// A server of another make: each connection is handed to the function, with the number of those
/// before it. The socket is closed when the function's task ends.
class ForeignServer {
public:
    using Behaviour = std::function<Task<>(Socket&, int)>;

    ForeignServer(Loop& loop, Behaviour behaviour)
        : acceptor_(loop.io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          behaviour_(std::move(behaviour)) {
        endpoint = {"127.0.0.1", acceptor_.local_endpoint().port()};
        running_ = loop.start(run(loop));
    }
    ~ForeignServer() { close(); }

    void close() {
        error_code ignored;
        acceptor_.close(ignored);
    }

    Endpoint endpoint;
    int connections = 0;

private:
    Task<> run(Loop& loop) {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(UseTask()));
            if (error) co_return;
            loop.start(serve(std::move(socket), connections++));
        }
    }
    Task<> serve(Socket socket, int number) { co_await behaviour_(socket, number); }

    Acceptor acceptor_;
    Behaviour behaviour_;
    std::shared_ptr<Running<void>> running_;
};

/// What one read of a foreign server gives, as `recv` would; empty at the end.
inline Task<std::string> receive_once(Socket& socket) {
    std::string text(4096, '\0');
    const auto [error, got] =
        co_await socket.async_read_some(asio::buffer(text), asio::as_tuple(UseTask()));
    text.resize(error ? 0 : got);
    co_return text;
}

inline Task<> send_all(Socket& socket, std::string text) {
    co_await asio::async_write(socket, asio::buffer(text), asio::as_tuple(UseTask()));
}

inline Task<> pause(Socket& socket, Clock::duration time) {
    Timer timer(socket.get_executor(), time);
    co_await timer.async_wait(asio::as_tuple(UseTask()));
}

}  // namespace netcopy::test
