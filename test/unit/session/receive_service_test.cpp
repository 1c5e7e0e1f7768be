#include "session/receive_service.hpp"

#include <atomic>

#include "test/unit/session/copy_receiver_fixture.hpp"
#include "test/unit/session/peers.hpp"

/// The service as a bare client of netcopy/1 sees it. What is right is in docs/protocol/copy.md.
namespace netcopy::test {
namespace {

const std::string opening = "NETCOPY/1 put digest=sha256\n";
const std::string accepted = "NETCOPY/1 ok put window=4096 window-bytes=1048576\n";

/// One session at one end of a connection, a bare socket at the other.
struct ServiceFixture {
    TemporaryFolder folder;
    Loop loop;
    Connection at{loop};
    DiskPool disk{2};
    Tree tree = Tree::open(folder.path()).value();
    ReceiveRules rules;
    ReceiveTimes times{10s, 10s};
    Dialects dialects = Dialects::both;
    std::optional<ReceiveService> service;
    std::vector<ReceivedFile> files;  // to be looked at when the session has ended
    std::atomic<int> reported{0};
    int done = 0;

    std::shared_ptr<Running<void>> serve() {
        rules.stall = {10s};
        rules.on_file = [this](const ReceivedFile& file) {
            files.push_back(file);
            ++reported;
        };
        service.emplace(tree, rules, disk, dialects, times);
        service->on_client_done([this] { ++done; });
        return loop.start(serve_and_close());
    }
    /// All that is answered to this, until the service closes; the client keeps its end open.
    std::string converse(std::string_view said) {
        const auto running = serve();
        at.say(said);
        std::string heard = at.hear_all();
        error_code ignored;
        at.peer.close(ignored);
        loop.finish(running);
        return heard;
    }

private:
    Task<> serve_and_close() {
        co_await service->serve(at.stream);
        error_code ignored;
        at.stream.socket().close(ignored);
    }
};

std::string first_words(const std::string& text) {
    const auto second = text.find(' ', text.find(' ') + 1);
    return text.substr(0, text.find(' ', second + 1));
}

}  // namespace

TEST_CASE("A whole conversation over a connection ends with BYE and the file in its place") {
    ServiceFixture at;
    const std::string heard = at.converse(opening + file(1, "d/x", "12345") + end_line);
    wire::CopyDone done_line;
    done_line.n = 1;
    CHECK(heard == accepted + wire::line_of(wire::CopyWant{1, 0, 0}) + wire::line_of(done_line) +
                       wire::line_of(wire::CopyBye{}));
    CHECK(read_file(at.folder / "d/x") == "12345");
    CHECK(at.done == 1);
    REQUIRE(at.files.size() == 1);
    CHECK(at.files[0].outcome);
    CHECK(at.files[0].name == "d/x");
}

TEST_CASE("An opening that is not served is declined with its code") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"NETCOPY/1 get digest=sha256\n", "NETCOPY/1 no purpose"},
        {"NETCOPY/1 put digest=md17\n", "NETCOPY/1 no digest"},
        {"NETCOPY/1 put\n", "NETCOPY/1 no digest"},
        {"NETCOPY/2 put digest=sha256\n", "NETCOPY/1 no version"},
    };
    for (const auto& [said, answer] : rows) {
        INFO(said);
        ServiceFixture at;
        const std::string heard = at.converse(said + file(1, "x", "12345"));
        CHECK(first_words(heard) == answer);
        CHECK(std::ranges::count(heard, '\n') == 1);
        CHECK(at.folder.names().empty());
        CHECK(at.done == 0);
    }
}

TEST_CASE("Options that are not known are passed over") {
    ServiceFixture at;
    const std::string heard =
        at.converse("NETCOPY/1 put zstd colour=blue digest=sha256\n" + end_line);
    CHECK(heard == accepted + wire::line_of(wire::CopyBye{}));
}

TEST_CASE("Who breaks the protocol hears why, and what was complete before is kept") {
    ServiceFixture at;
    const std::string heard = at.converse(opening + file(1, "x", "12345") + "nonsense\n");
    const std::string last = heard.substr(heard.rfind('\n', heard.size() - 2) + 1);
    CHECK(last.starts_with("NO 0 protocol "));
    CHECK(read_file(at.folder / "x") == "12345");
    CHECK(at.done == 0);
}

TEST_CASE("What was complete when the connection broke is kept") {
    ServiceFixture at;
    const auto running = at.serve();
    at.at.say(opening + file(1, "x", "12345") + put(2, "y", 5) + data(2, 0, "123"));
    at.loop.run_until([&] { return at.reported == 1 || running->done; });
    at.at.reset();
    at.loop.finish(running);
    CHECK(read_file(at.folder / "x") == "12345");
    CHECK(at.folder.names() == std::vector<std::string>{"x"});
    CHECK(at.done == 0);
}

TEST_CASE("An opening that trickles or does not come is not waited for longer than allowed") {
    ServiceFixture at;
    at.times = {300ms, 300ms};
    const auto began = Clock::now();
    const auto running = at.serve();
    SECTION("nothing comes") {}
    SECTION("a part of it") { at.at.say("NETCO"); }
    SECTION("our family's name and no end") { at.at.say("NETCOPY/1 put"); }
    SECTION("byte by byte") {
        at.loop.every(50ms, [&] {
            error_code ignored;
            asio::write(at.at.peer, asio::buffer("N", 1), ignored);
            return !running->done && Clock::now() - began < 10s;
        });
    }
    at.loop.finish(running);
    CHECK(Clock::now() - began >= 300ms);
    CHECK(Clock::now() - began < 10s);
    CHECK(at.folder.names().empty());
}

TEST_CASE("A protocol that is not spoken here is not served") {
    ServiceFixture at;
    SECTION("ours") {
        at.dialects = Dialects::seed;
        CHECK(at.converse(opening + file(1, "x", "12345") + end_line).empty());
    }
    SECTION("the seed's") {
        at.dialects = Dialects::netcopy;
        CHECK(at.converse("x<SEPARATOR>5<SEPARATOR>827ccb0eea8a706c4c34a16891f84e7b12345").empty());
    }
    CHECK(at.folder.names().empty());
}

TEST_CASE("The seed's protocol and ours are told apart by the first bytes, however they are cut") {
    const bool ours = GENERATE(true, false);
    ServiceFixture at;
    at.rules.stamp = Stamp::never;
    const std::string said =
        ours ? opening + file(1, "x", "12345") + end_line
             : "NETS.txt<SEPARATOR>5<SEPARATOR>827ccb0eea8a706c4c34a16891f84e7b12345";
    const auto running = at.serve();
    std::size_t next = 0;
    at.loop.every(1ms, [&] {
        at.at.say(said.substr(next++, 1));
        if (next == said.size() && !ours) at.at.end();
        return next < said.size();
    });
    at.at.hear_all();
    error_code ignored;
    at.at.peer.close(ignored);
    at.loop.finish(running);
    CHECK(read_file(at.folder / (ours ? "x" : "NETS.txt")) == "12345");
}

}  // namespace netcopy::test
