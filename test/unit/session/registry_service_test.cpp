#include "session/registry_service.hpp"

#include "test/unit/session/registry_fixture.hpp"

// A master as bare peers see it.

namespace netcopy::test {
namespace {

using wire::line_of;
using Names = std::vector<std::string>;

const std::string seed_front = "FS, Listen client at ";

/// A master, and file servers that say what they are told to.
struct Master : RegistryFixture {
    BarePeer registered(const std::string& lines, std::uint16_t port = 4433) {
        BarePeer peer = connect();
        peer.say(register_opening + line_of(wire::RegistryServer{port, "h"}) + lines);
        CHECK(peer.hear(register_accepted.size()) == register_accepted);
        return peer;
    }
    BarePeer seed_server(const Names& files) {
        BarePeer peer = connect();
        peer.say(seed_front + "10.0.0.7:9000");
        CHECK(peer.hear(2) == "OK");
        for (const std::string& file : files) {
            peer.say(file);
            CHECK(peer.hear(2) == "OK");
        }
        peer.say("end");
        CHECK(peer.hear(2) == "OK");
        return peer;
    }
    std::string ask(const std::string& lines) {
        BarePeer peer = connect();
        peer.say("NETCOPY/1 catalogue\n" + lines + line_of(wire::CatalogueLast{}));
        return peer.hear_all();
    }
};

}  // namespace

TEST_CASE("the files of a file server leave when its connection ends, by FIN or RST") {
    Master of;
    of.start();
    for (const bool reset : {false, true}) {
        BarePeer netcopy = of.registered(file_line("a"));
        BarePeer seed = of.seed_server({"b"});
        of.await_files(2);
        reset ? netcopy.reset() : netcopy.close();
        of.await_files(1);
        CHECK(of.names() == Names{"b"});
        reset ? seed.reset() : seed.close();
        of.await_files(0);
        CHECK(of.catalogue->counts().servers == 0);
    }
}

TEST_CASE("a file server that falls silent is forgotten and one that beats is not") {
    Master of;
    of.rules.silence = 300ms;
    of.start();
    BarePeer silent = of.registered(file_line("silent"));
    BarePeer alive = of.registered(file_line("alive"));
    bool beats = true;
    of.loop.every(50ms, [&] {
        if (beats) alive.say(beat_line);
        return beats;
    });
    of.await_files(2);
    of.await_files(1);
    CHECK(of.names() == Names{"alive"});
    bool later = false;
    of.loop.after(500ms, [&] { later = true; });
    of.loop.run_until([&] { return later; });
    CHECK(of.names() == Names{"alive"});
    beats = false;
    of.await_files(0);
}

TEST_CASE("a silent file server of the seed's stays: its connection is its sign of life") {
    Master of;
    of.rules.silence = of.rules.idle = of.rules.message = 100ms;
    of.start();
    BarePeer seed = of.seed_server({"a"});
    bool later = false;
    of.loop.after(500ms, [&] { later = true; });
    of.loop.run_until([&] { return later; });
    CHECK(of.names() == Names{"a"});
}

TEST_CASE("the master beats by itself, whatever it hears") {
    Master of;
    of.rules.beat = 50ms;
    of.start();
    BarePeer peer = of.registered("");
    CHECK(peer.hear(4 * beat_line.size()) == beat_line + beat_line + beat_line + beat_line);
}

TEST_CASE("changes are in the catalogue as they are told") {
    Master of;
    of.start();
    BarePeer peer = of.registered(file_line("a") + file_line("b") + line_of(wire::RegistryWhole{}));
    of.await_files(2);
    peer.say(line_of(wire::RegistryGone{"a"}) + line_of(wire::RegistryGone{"never there"}) +
             file_line("b", 'c') + file_line("d") + file_line("e"));
    of.await_files(3);
    CHECK(of.names() == Names{"b", "d", "e"});
    CHECK(of.entries()[0].sha256 == std::string(64, 'c'));
}

TEST_CASE("a list that is told anew replaces the one before when it is whole and not sooner") {
    Master of;
    of.start();
    BarePeer peer = of.registered(file_line("a") + file_line("b") + line_of(wire::RegistryWhole{}));
    of.await_files(2);
    peer.say(line_of(wire::RegistryAnew{}) + file_line("b") + file_line("c"));
    of.await_files(4);
    CHECK(of.names() == Names{"a", "b", "c"});
    CHECK(of.entries()[1].sources.size() == 1);
    peer.say(line_of(wire::RegistryWhole{}));
    of.await_files(2);
    CHECK(of.names() == Names{"b", "c"});
    // What was told anew in part counts no more when the list begins once more.
    peer.say(line_of(wire::RegistryAnew{}) + file_line("x") + line_of(wire::RegistryAnew{}) +
             file_line("y"));
    of.loop.run_until([&] { return of.names() == Names{"b", "c", "y"}; });
    peer.say(line_of(wire::RegistryWhole{}));
    of.loop.run_until([&] { return of.names() == Names{"y"}; });
    peer.close();
    of.await_files(0);
}

TEST_CASE("a server without a host is where its connection comes from") {
    Master of;
    of.start();
    for (const std::string host : {"", "0.0.0.0", "::"}) {
        BarePeer peer = of.connect();
        peer.say(register_opening + line_of(wire::RegistryServer{4433, host}) + file_line("a"));
        of.await_files(1);
        CHECK(of.entries()[0].sources[0].udp == Endpoint{"127.0.0.1", 4433});
        peer.close();
        of.await_files(0);
    }
    BarePeer seed = of.connect();
    seed.say(seed_front + "0.0.0.0:9000\na\nend\n");
    of.await_files(1);
    CHECK(of.entries()[0].sources[0].udp == Endpoint{"127.0.0.1", 9000});
}

TEST_CASE("names that are not safe are left out of the catalogue, and the rest is kept") {
    Master of;
    of.start();
    BarePeer peer = of.registered(file_line("../a") + file_line("a/b") + file_line("..") +
                                  file_line(".x.netcopy-0123456789abcdef") + file_line("good"));
    of.await_files(1);
    CHECK(of.names() == Names{"good"});
}

TEST_CASE("a server that has more files than may be is told once and keeps those it has") {
    Master of;
    of.limits.server_files = 2;
    of.rules.beat = 1h;
    of.start();
    BarePeer peer =
        of.registered(file_line("a") + file_line("b") + file_line("c") + file_line("d"));
    const std::string no =
        line_of(wire::RegistryNo{"full", "the master keeps no more files of this server"});
    CHECK(peer.hear_until(no) == beat_line + no);
    peer.say(line_of(wire::RegistryGone{"a"}) + file_line("e"));
    of.loop.run_until([&] { return of.names() == Names{"b", "e"}; });
}

TEST_CASE("one server too many is refused in either protocol") {
    Master of;
    of.limits.servers = 1;
    of.start();
    BarePeer first = of.registered(file_line("a"));
    of.await_files(1);
    BarePeer second = of.registered("");
    CHECK(second.hear_all() ==
          line_of(wire::RegistryNo{"full", "as many file servers are there as may be"}));
    BarePeer seed = of.connect();
    seed.say(seed_front + "h:1");
    CHECK(seed.hear_all() == "");
    CHECK(of.names() == Names{"a"});
}

TEST_CASE("a registration that breaks the grammar ends, and its files with it") {
    Master of;
    of.rules.beat = 1h;
    of.start();
    const std::string server = line_of(wire::RegistryServer{4433, "h"});
    for (const std::string& lines :
         {file_line("a"), server + server, server + "HELLO\n", server + file_line("a") + "\n",
          server + std::string(wire::copy_line_limit, 'x'),
          server + "FILE " + std::string(2 * wire::copy_line_limit, 'x')}) {
        BarePeer peer = of.connect();
        peer.say(register_opening + lines);
        peer.end();
        const std::string said = peer.hear_all();
        INFO(said);
        CHECK(said.find("NO protocol ") != std::string::npos);
        of.await_files(0);
    }
}

TEST_CASE("a question is answered within one round trip behind the connection's") {
    Master of;
    of.start();
    BarePeer peer = of.registered(file_line("a") + file_line("b"));
    of.await_files(2);
    const std::string answer = of.ask(line_of(wire::CatalogueFind{"b"}));
    CHECK(answer == "NETCOPY/1 ok catalogue\n" + file_line("b") +
                        line_of(wire::CatalogueFrom{4433, "h"}) + line_of(wire::CopyListed{1}));
}

TEST_CASE("a question that is too long, or none, is refused in words") {
    Master of;
    of.start();
    std::string lines;
    for (int i = 0; i <= 1000; ++i) lines += line_of(wire::CatalogueFind{"a"});
    CHECK(of.ask(lines).find("NO question ") != std::string::npos);
    CHECK(of.ask("GIVE all\n").find("NO protocol ") != std::string::npos);
}

TEST_CASE("a list of thousands of files is told whole, in its order") {
    Master of;
    of.start();
    std::string lines;
    for (int i = 0; i < 5000; ++i) lines += file_line(std::to_string(100'000 + i));
    BarePeer peer = of.connect();
    of.loop.start([](BarePeer& to, std::string text) -> Task<> {
        to.say(text);
        co_return;
    }(peer, register_opening + line_of(wire::RegistryServer{1, "h"})));
    of.loop.poll();
    for (std::size_t at = 0; at < lines.size(); at += 30'000) {
        peer.say(std::string_view(lines).substr(at, 30'000));
        of.loop.poll();
    }
    of.await_files(5000);
    const std::string answer = of.ask(line_of(wire::CatalogueAll{}));
    CHECK(answer.ends_with(line_of(wire::CopyListed{5000})));
    BarePeer seed = of.connect();
    seed.say("CL");
    seed.end();
    const std::string list = seed.hear_all();
    CHECK(std::ranges::count(list, ';') == 5000);
    CHECK(list.starts_with("100000:h:1;100001:h:1;"));
}

TEST_CASE("one protocol alone is served where the other is forbidden") {
    Master of;
    of.rules.dialects = Dialects::netcopy;
    of.start();
    BarePeer seed = of.connect();
    seed.say("CL");
    CHECK(seed.hear_all() == "");
    of.stop();
    of.rules.dialects = Dialects::seed;
    of.start();
    BarePeer netcopy = of.connect();
    netcopy.say(register_opening);
    CHECK(netcopy.hear_all() == "");
}

TEST_CASE("a master that stops lets its file servers go at once") {
    Master of;
    of.start();
    BarePeer netcopy = of.registered(file_line("a"));
    BarePeer seed = of.seed_server({"b"});
    of.await_files(2);
    const auto began = Clock::now();
    of.stop();
    CHECK(Clock::now() - began < 5s);
}

}  // namespace netcopy::test
