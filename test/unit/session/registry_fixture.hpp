#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/server.hpp"
#include "session/registry_service.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"
#include "wire/registry.hpp"

namespace netcopy::test {

/// A bare socket that plays a peer of a server on the test's loop.
class BarePeer {
public:
    BarePeer(Loop& loop, const Endpoint& endpoint) : loop_(loop), socket_(loop.io) {
        socket_.connect({asio::ip::address_v4::loopback(), endpoint.port});
        socket_.set_option(Tcp::no_delay(true));
        socket_.non_blocking(true);
    }

    void say(std::string_view text) { asio::write(socket_, asio::buffer(text)); }
    void end() { socket_.shutdown(Socket::shutdown_send); }
    void close() { socket_.close(); }
    void reset() {
        socket_.set_option(asio::socket_base::linger(true, 0));
        socket_.close();
    }
    /// So many bytes, or fewer at the end.
    std::string hear(std::size_t size) {
        std::string text;
        loop_.run_until([&] { return !read_on(text, size) || text.size() >= size; });
        return text;
    }
    /// All until the other side ends.
    std::string hear_all() { return hear(SIZE_MAX); }
    std::string hear_until(const std::string& end) {
        std::string text;
        loop_.run_until([&] { return !read_on(text, SIZE_MAX) || text.ends_with(end); });
        return text;
    }

private:
    bool read_on(std::string& text, std::size_t size) {
        char buffer[16 * 1024];
        error_code error;
        while (!error && text.size() < size) {
            const std::size_t most = std::min(sizeof buffer, size - text.size());
            text.append(buffer, socket_.read_some(asio::buffer(buffer, most), error));
        }
        return !error || error == asio::error::would_block;
    }

    Loop& loop_;
    Socket socket_;
};

/// A master on the test's loop.
struct RegistryFixture {
    Loop loop;
    CatalogueLimits limits;
    RegistryRules rules;
    std::optional<RegistryCatalogue> catalogue;
    std::optional<RegistryService> service;
    std::optional<Server> server;
    std::shared_ptr<Running<void>> running;
    Endpoint endpoint{"127.0.0.1", 0};

    ~RegistryFixture() { stop(); }

    /// On the same port, when it was there before.
    void start() {
        catalogue.emplace(limits);
        service.emplace(*catalogue, rules);
        const SessionFn session = [this](Stream& stream) { return service->serve(stream); };
        server.emplace(loop.executor(), std::vector<Executor>{}, ServerLimits{}, session);
        endpoint = loop.run(server->listen(endpoint)).value();
        running = loop.start(server->run());
    }
    void stop() {
        if (!running) return;
        server->stop();
        loop.finish(running);
        running.reset();
    }
    BarePeer connect() { return BarePeer(loop, endpoint); }
    /// Until the catalogue has so many files.
    void await_files(std::size_t files) {
        loop.run_until([&] { return catalogue->counts().files == files; });
    }
    std::vector<CatalogueEntry> entries() const {
        RegistryCatalogue::Reader reader(*catalogue, {.names = {}, .prefixes = {}, .all = true});
        return reader.page(10'000).entries;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : entries()) all.push_back(entry.name);
        return all;
    }
};

inline const std::string register_opening = "NETCOPY/1 register\n";
inline const std::string register_accepted = "NETCOPY/1 ok register\n";
inline const std::string beat_line = wire::line_of(wire::RegistryBeat{});

inline wire::CopyFile listed_file(const std::string& name, char content = 'a') {
    return {6, {1700000000, 0}, name, std::string(32, content), std::string(64, content)};
}
inline std::string file_line(const std::string& name, char content = 'a') {
    return wire::line_of(listed_file(name, content));
}

}  // namespace netcopy::test
