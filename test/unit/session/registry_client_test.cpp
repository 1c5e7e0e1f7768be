#include "session/registry_client.hpp"

#include "test/unit/session/peers.hpp"
#include "test/unit/session/registry_fixture.hpp"

// A client with netcopy's master and with masters that lie.

namespace netcopy::test {
namespace {

using wire::line_of;

struct Asked {
    std::vector<CatalogueEntry> entries;
    Result<> outcome;
    bool by_seed = false;

    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : entries) all.push_back(entry.name);
        return all;
    }
};

using Names = std::vector<std::string>;
const CatalogueQuestion everything{.names = {}, .prefixes = {}, .all = true};

Asked ask(Loop& loop, const Endpoint& master, CatalogueQuestion question = everything,
          Dialects dialects = Dialects::both) {
    RegistryClientPlan plan;
    plan.master = master;
    plan.timeout = 3s;
    plan.dialects = dialects;
    RegistryClient client(plan);
    Asked asked;
    const auto take = [&](const CatalogueEntry& entry) { asked.entries.push_back(entry); };
    asked.outcome = loop.run(client.find(std::move(question), take));
    asked.by_seed = client.by_seed();
    return asked;
}

/// A master that accepts, and says this.
Asked ask_liar(const std::string& text) {
    Loop loop;
    ForeignServer liar(loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "NETCOPY/1 ok catalogue\n" + text);
    });
    return ask(loop, liar.endpoint);
}

std::string from(const std::string& host) { return line_of(wire::CatalogueFrom{4433, host}); }
std::string end(std::uint64_t count) { return line_of(wire::CopyListed{count}); }

}  // namespace

TEST_CASE("a client hears of entries with all their sources") {
    RegistryFixture of;
    of.start();
    std::vector<std::unique_ptr<BarePeer>> servers;
    for (const char* host : {"one", "two"}) {
        servers.push_back(std::make_unique<BarePeer>(of.loop, of.endpoint));
        servers.back()->say(register_opening + line_of(wire::RegistryServer{4433, host}) +
                            file_line("both") + file_line(host));
    }
    servers.push_back(std::make_unique<BarePeer>(of.loop, of.endpoint));
    servers.back()->say("FS, Listen client at 10.0.0.7:9000\nboth\nend\n");
    of.await_files(5);
    const auto all = ask(of.loop, of.endpoint);
    REQUIRE(all.outcome);
    CHECK_FALSE(all.by_seed);
    CHECK(all.names() == Names{"both", "both", "one", "two"});
    CHECK(all.entries[0].sources.size() == 2);
    CHECK(all.entries[0].sha256 == std::string(64, 'a'));
    CHECK(all.entries[0].mtime == FileTime{1700000000, 0});
    CHECK(all.entries[1].sources == std::vector{CatalogueSource{{"10.0.0.7", 9000}, true}});
    CHECK_FALSE(all.entries[1].size);
    CHECK(ask(of.loop, of.endpoint, {.names = {"two", "none"}, .prefixes = {}}).names() ==
          Names{"two"});
    CHECK(ask(of.loop, of.endpoint, {.names = {"two"}, .prefixes = {"on"}}).names() ==
          Names{"one", "two"});
    CHECK(ask(of.loop, of.endpoint, {.names = {std::string(300, 'x')}, .prefixes = {}})
              .names()
              .empty());
    CHECK(ask(of.loop, of.endpoint, {.names = {"two"}, .prefixes = {""}}).entries.size() == 4);
    CatalogueQuestion long_one{.names = Names(2000, "none"), .prefixes = {}};
    long_one.names.push_back("two");
    CHECK(ask(of.loop, of.endpoint, long_one).names() == Names{"two"});
    const auto seed =
        ask(of.loop, of.endpoint, {.names = {"two"}, .prefixes = {"b"}}, Dialects::seed);
    CHECK(seed.by_seed);
    CHECK(seed.names() == Names{"both", "both", "both", "two"});
}

TEST_CASE("a master that knows no netcopy/1 is asked in the seed's words") {
    Loop loop;
    for (const bool silent : {false, true}) {
        ForeignServer master(loop, [&](Socket& socket, int) -> Task<> {
            const std::string heard = co_await receive_once(socket);
            if (heard == "CL") {
                co_await send_all(socket, "a:h:1;");
            } else if (silent) {
                co_await pause(socket, 5s);
            } else {
                co_await send_all(socket, "what?");
            }
        });
        const auto found = ask(loop, master.endpoint);
        REQUIRE(found.outcome);
        CHECK(found.by_seed);
        CHECK(found.names() == Names{"a"});
        const auto refused = ask(loop, master.endpoint, everything, Dialects::netcopy);
        CHECK_FALSE(refused.outcome);
    }
}

TEST_CASE("a master that lies is caught, and what it said before stands") {
    const std::string good = file_line("a") + from("h");
    CHECK(ask_liar(good + end(1)).outcome);
    CHECK(ask_liar(good + end(2)).outcome.error() == Errc::protocol);
    CHECK(ask_liar(from("h") + end(0)).outcome.error() == Errc::protocol);
    CHECK(ask_liar(good + "HELLO\n").outcome.error() == Errc::protocol);
    CHECK(ask_liar(good).outcome.error() == Errc::connection_lost);
    CHECK(ask_liar(good + "FILE 6").outcome.error() == Errc::connection_lost);
    CHECK(ask_liar(line_of(wire::RegistryNo{"question", "no"})).outcome.error() == Errc::refused);
    const auto broken = ask_liar(good + file_line("b") + from("h") + "x");
    CHECK(broken.names() == Names{"a"});
}

TEST_CASE("a name that could do harm is not handed on, nor an entry without a source") {
    const auto asked = ask_liar(file_line("../a") + from("h") + file_line("b") + file_line("c") +
                                from("h") + end(3));
    CHECK(asked.outcome);
    CHECK(asked.names() == Names{"c"});
}

TEST_CASE("a master that says no more is given up") {
    Loop loop;
    ForeignServer mute(loop, [](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "NETCOPY/1 ok catalogue\n" + file_line("a"));
        co_await pause(socket, 20s);
    });
    const auto asked = ask(loop, mute.endpoint);
    CHECK(asked.outcome.error() == Errc::timed_out);
}

TEST_CASE("an endless list of a seed's master is no list") {
    Loop loop;
    ForeignServer endless(loop, [](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, std::string(100'000, 'a'));
    });
    CHECK(ask(loop, endless.endpoint, everything, Dialects::seed).outcome.error() ==
          Errc::protocol);
}

}  // namespace netcopy::test
