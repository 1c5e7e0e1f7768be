#include <boost/asio/read.hpp>

#include "session/registry_client.hpp"
#include "test/golden/transcript.hpp"
#include "test/unit/session/peers.hpp"
#include "test/unit/session/registry_fixture.hpp"

// The golden transcripts of the registry protocol over real connections: netcopy's master with the
// file servers and clients of the transcripts, netcopy's client with the masters of the foreign
// ones.

using namespace netcopy;
using namespace netcopy::test;
using Kind = Step::Kind;

namespace {

constexpr const char* folder = NETCOPY_GOLDEN_DIR "/registry";

void play(BarePeer& peer, const Transcript& transcript) {
    INFO(transcript.name);
    for (const Step& step : transcript.steps) {
        if (step.kind == Kind::client) {
            peer.say(step.bytes);
        } else if (step.kind == Kind::client_end) {
            peer.end();
        } else if (step.kind == Kind::server) {
            CHECK(peer.hear(step.bytes.size()) == step.bytes);
        } else if (step.kind == Kind::server_end) {
            CHECK(peer.hear_all() == "");
        }
    }
}

/// "NAME" of `server-NAME.txt`, and of `client-NAME.txt` or `client-NAME-MORE.txt`.
std::string name_of(const Transcript& transcript) {
    return transcript.name.substr(7, transcript.name.find_first_of("-.", 7) - 7);
}

/// What came last of a file server is in the catalogue.
void settle(RegistryFixture& of) {
    bool settled = false;
    of.loop.after(20ms, [&] { settled = true; });
    of.loop.run_until([&] { return settled; });
}

std::string play_foreign(const Transcript& transcript) {
    Loop loop;
    std::size_t next = 0;
    ForeignServer server(loop, [&](Socket& socket, int) -> Task<> {
        for (; next < transcript.steps.size(); ++next) {
            const Step& step = transcript.steps[next];
            if (step.kind == Kind::client) {
                std::string text(step.bytes.size(), '\0');
                co_await asio::async_read(socket, asio::buffer(text), asio::as_tuple(UseTask()));
                CHECK(text == step.bytes);
            } else if (step.kind == Kind::client_end) {
                const std::string more = co_await receive_once(socket);
                CHECK(more == "");
            } else if (step.kind == Kind::server) {
                co_await send_all(socket, step.bytes);
                co_await pause(socket, 5ms);  // a segment of its own
            } else if (step.kind == Kind::server_end) {
                co_return;
            }
        }
        co_await pause(socket, 2s);
    });
    RegistryClientPlan plan;
    plan.master = server.endpoint;
    plan.timeout = 10s;
    plan.dialects = Dialects::seed;
    RegistryClient client(plan);
    std::string found;
    const auto take = [&](const CatalogueEntry& entry) {
        found += entry.name + " " + to_string(entry.sources.at(0).udp) + "\n";
        CHECK(entry.sources.at(0).seed);
    };
    const auto asked = loop.run(client.find({.names = {}, .prefixes = {}, .all = true}, take));
    if (!asked) return asked.error() == Errc::connection_lost ? "lost" : asked.error().context;
    return found.empty() ? "none" : found;
}

}  // namespace

TEST_CASE("netcopy's master says what the golden transcripts of registries have") {
    const auto transcripts = read_transcripts(folder, false);
    CHECK(transcripts.size() >= 18);
    std::size_t played = 0;
    for (const Transcript& server : transcripts) {
        if (!server.name.starts_with("server-")) continue;
        RegistryFixture of;
        of.start();
        BarePeer peer = of.connect();
        play(peer, server);
        ++played;
        settle(of);
        for (const Transcript& client : transcripts) {
            if (!client.name.starts_with("client-") || name_of(client) != name_of(server)) continue;
            BarePeer asking = of.connect();
            play(asking, client);
            ++played;
        }
    }
    RegistryFixture alone;
    alone.start();
    for (const Transcript& client : transcripts) {
        if (name_of(client) != "alone") continue;
        BarePeer asking = alone.connect();
        play(asking, client);
        ++played;
    }
    CHECK(played == transcripts.size());
}

TEST_CASE("netcopy's client makes of foreign masters what the golden transcripts have") {
    const auto transcripts = read_transcripts(folder, true);
    CHECK(transcripts.size() >= 9);
    for (const Transcript& transcript : transcripts) {
        INFO(transcript.name);
        const Step& last = transcript.steps.back();
        CHECK(play_foreign(transcript) == (last.kind == Kind::no_result ? "none" : last.bytes));
    }
}
