#include <catch2/catch.hpp>

#include "session/checksum_client.hpp"
#include "test/golden/transcript.hpp"
#include "test/unit/session/peers.hpp"

// The golden transcripts over real connections: netcopy's server answers the client's lines,
// netcopy's client understands the foreign servers' lines.

using namespace netcopy;
using namespace netcopy::test;
using Kind = Step::Kind;

namespace {

Task<> serve_and_end(Stream& stream, TtlStore& store, const ChecksumServerLimits& limits) {
    co_await serve_checksums(stream, store, limits);
    stream.shutdown_send();
}

/// Plays the client.
void replay(const Transcript& transcript) {
    INFO(transcript.name);
    Loop loop;
    ManualClock clock;
    MemoryStore store(1000, [&] { return clock.now(); });
    const ChecksumServerLimits limits;
    Connection at(loop);
    const auto serving = loop.start(serve_and_end(at.stream, store, limits));
    for (const Step& step : transcript.steps) {
        switch (step.kind) {
            case Kind::client:
                at.say(step.bytes);
                loop.poll();
                break;
            case Kind::server:
                CHECK(at.hear(step.bytes.size()) == step.bytes);
                break;
            case Kind::client_end:
                at.end();
                break;
            case Kind::server_end: {
                error_code reset;
                CHECK(at.hear_all(&reset) == "");
                CHECK_FALSE(reset);
                break;
            }
            case Kind::seconds:
                clock.advance(std::chrono::seconds(std::stoi(step.bytes)));
                break;
            case Kind::result:
            case Kind::no_result:
                FAIL("a line for foreign transcripts only");
        }
    }
    error_code ignored;
    at.peer.close(ignored);
    loop.finish(serving);
}

/// Plays a server of another make, which takes its time between two lines.
Task<> play_server(Socket& socket, const Transcript& transcript) {
    constexpr auto gap = 80ms;  // longer than the pause that ends a tentative answer
    bool spoke = false;
    for (const Step& step : transcript.steps) {
        if (step.kind == Kind::client) {
            const std::string got = co_await receive_once(socket);
            CHECK(got == step.bytes);
        } else if (step.kind == Kind::client_end) {
            const std::string got = co_await receive_once(socket);
            CHECK(got == "");
        } else if (step.kind == Kind::server) {
            if (std::exchange(spoke, true)) co_await pause(socket, gap);
            co_await send_all(socket, step.bytes);
        } else if (step.kind == Kind::server_end) {
            co_return;
        }
    }
    co_await receive_once(socket);  // keeps the connection open until the client closes it
    co_await pause(socket, 5s);
}

}  // namespace

TEST_CASE("netcopy's checksum server says what the golden transcripts say") {
    for (const Transcript& transcript : read_transcripts(NETCOPY_GOLDEN_DIR "/checksum", false)) {
        replay(transcript);
    }
}

TEST_CASE("netcopy's client understands the servers of the foreign transcripts") {
    for (const Transcript& transcript : read_transcripts(NETCOPY_GOLDEN_DIR "/checksum", true)) {
        INFO(transcript.name);
        Loop loop;
        ForeignServer server(loop,
                             [&](Socket& socket, int) { return play_server(socket, transcript); });
        ChecksumClient client(server.endpoint, {}, 10s);
        const std::string id = transcript.steps.front().bytes.substr(3);
        const auto found = loop.run(client.lookup(id, 0s));
        REQUIRE(found);
        const Step& result = transcript.steps.back();
        if (result.kind == Kind::no_result) {
            CHECK_FALSE(*found);
        } else {
            REQUIRE(result.kind == Kind::result);
            CHECK(found->value_or("nothing") == result.bytes);
        }
    }
}
