#pragma once

#include <algorithm>
#include <deque>
#include <memory>

#include "session/copy_send.hpp"
#include "session/receive_service.hpp"
#include "test/unit/session/copy_dialogue_fixture.hpp"
#include "test/unit/session/peers.hpp"

namespace netcopy::test {

/// `netcopy receive` on the test's loop.
class ReceiveServer {
public:
    ReceiveServer(Loop& loop, DiskPool& disk, std::filesystem::path root)
        : loop_(loop),
          tree_(Tree::open(std::move(root)).value()),
          service_(tree_, rules, disk, Dialects::both, {10s, 10s}),
          server_(loop.executor(), {}, {}, [this](Stream& stream) { return serve(stream); }) {
        endpoint = loop.run(server_.listen(Endpoint{"127.0.0.1", 0})).value();
        running_ = loop.start(server_.run());
        service_.on_client_done([this] { ++clients_done; });
    }
    ~ReceiveServer() { stop(); }

    /// No more connections, and none left.
    void stop() {
        server_.stop();
        loop_.finish(running_);
    }
    void begin_to_stop() { server_.stop(); }

    ReceiveRules rules;
    Endpoint endpoint;
    int connections = 0;
    int clients_done = 0;

private:
    Task<> serve(Stream& stream) {
        ++connections;
        co_await service_.serve(stream);
    }

    Loop& loop_;
    Tree tree_;
    ReceiveService service_;
    Server server_;
    std::shared_ptr<Running<void>> running_;
};

/// Stands between a client and a server, and cuts each connection after so many bytes of one
/// side's.
class CuttingRelay {
public:
    enum class Cuts { requests, answers };

    CuttingRelay(Loop& loop, Endpoint target, std::deque<std::size_t> cuts,
                 Cuts which = Cuts::requests)
        : loop_(loop),
          target_(std::move(target)),
          cuts_(std::move(cuts)),
          which_(which),
          server_(loop, [this](Socket& socket, int) { return relay(socket); }) {}

    Endpoint endpoint() const { return server_.endpoint; }
    int connections() const { return server_.connections; }
    std::size_t cuts_left() const { return cuts_.size(); }
    std::size_t passed() const { return *passed_; }  ///< bytes, of the side that is cut
    void close() { server_.close(); }

private:
    struct Pair {
        Pair(Socket near_, asio::io_context& io) : near(std::move(near_)), far(io) {}
        void close() {
            error_code ignored;
            near.close(ignored);
            far.close(ignored);
        }
        Socket near, far;
    };

    Task<> relay(Socket& socket) {
        const auto both = std::make_shared<Pair>(std::move(socket), loop_.io);
        error_code failed;
        both->far.connect({asio::ip::address_v4::loopback(), target_.port}, failed);
        std::size_t most = SIZE_MAX;
        if (!cuts_.empty()) {
            most = cuts_.front();
            cuts_.pop_front();
        }
        const bool answers = which_ == Cuts::answers;
        std::shared_ptr<std::size_t> requests_passed, answers_passed;
        (answers ? answers_passed : requests_passed) = passed_;
        loop_.start(pass_on(both, both->far, both->near, answers ? most : SIZE_MAX,
                            std::move(answers_passed)));
        co_await pass_on(both, both->near, both->far, answers ? SIZE_MAX : most,
                         std::move(requests_passed));
    }
    /// May outlive the relay. `passed` counts the bytes, if it is not null.
    static Task<> pass_on(std::shared_ptr<Pair> both, Socket& from, Socket& to, std::size_t most,
                          std::shared_ptr<std::size_t> passed) {
        std::vector<char> buffer(64 * 1024);
        for (;;) {
            const auto [failed, got] =
                co_await from.async_read_some(asio::buffer(buffer), asio::as_tuple(UseTask()));
            const std::size_t count = std::min(got, most);
            most -= count;
            if (passed) *passed += count;
            const auto [error, put] = co_await asio::async_write(
                to, asio::buffer(buffer.data(), count), asio::as_tuple(UseTask()));
            if (failed == asio::error::eof && most > 0) {
                error_code ignored;
                to.shutdown(Socket::shutdown_send, ignored);
                co_return;
            }
            if (!failed && !error && put == count && most > 0) continue;
            co_return both->close();
        }
    }

    Loop& loop_;
    const Endpoint target_;
    std::deque<std::size_t> cuts_;
    const Cuts which_;
    const std::shared_ptr<std::size_t> passed_ = std::make_shared<std::size_t>(0);
    ForeignServer server_;
};

/// A tree, a queue over it, and a sender of it.
struct SendFixture {
    Loop loop;
    DiskPool disk{6};
    TemporaryFolder source, target;
    TreeProgress progress;
    std::map<std::string, CopyOutcome> outcomes;
    CopySendPlan plan;
    std::optional<CopyQueue> queue;
    std::optional<CopySend> sender;
    Clock::time_point began = Clock::now();

    SendFixture() {
        std::filesystem::create_directory(tree());
        plan.stall = {10s};
        plan.retries = 2;
    }

    std::filesystem::path tree() const { return source / "tree"; }
    std::filesystem::path there() const { return target / "tree"; }
    Clock::duration passed() const { return Clock::now() - began; }

    void add(const std::string& name, std::string_view content) const {
        std::filesystem::create_directories((tree() / name).parent_path());
        write_file(tree() / name, content);
    }
    void add_some(int files, std::size_t size) const {
        for (int i = 0; i < files; ++i) {
            add("d" + std::to_string(i % 7) + "/" + std::to_string(i),
                noise(size, static_cast<std::uint32_t>(i + 1)));
        }
    }
    void make(const Endpoint& endpoint) {
        plan.endpoint = endpoint;
        queue.emplace(TreeWalk({tree()}, WalkOptions{true, true, {}}), progress,
                      [this](const CopyItem& item, const CopyOutcome& outcome) {
                          outcomes[item.name] = outcome;
                      });
        sender.emplace(plan, disk, *queue);
        began = Clock::now();
    }
    Result<bool> connect() { return loop.run(sender->connect()); }
    /// All of it, which must succeed.
    void send(const Endpoint& endpoint) {
        make(endpoint);
        const auto connected = connect();
        REQUIRE(connected);
        REQUIRE(*connected);
        const auto sent = loop.run(sender->run());
        REQUIRE(sent);
        CHECK(queue->finished());
    }
    void check_equal() const { CHECK((contents(tree()) == contents(there()))); }
};

}  // namespace netcopy::test
