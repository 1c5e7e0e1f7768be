#include "test/golden/transcript.hpp"

#include "test/unit/session/transfer_fixture.hpp"

// The golden transcripts over real connections: netcopy's receiver with the clients of the
// transcripts, netcopy's sender with the receivers of the foreign ones.

using namespace netcopy;
using namespace netcopy::test;
using Kind = Step::Kind;
using Fixture = TransferFixture;

namespace {

constexpr const char* folder = NETCOPY_GOLDEN_DIR "/transfer";

/// Plays the sender; each piece is read before the next is said.
void play_sender(const Transcript& transcript) {
    INFO(transcript.name);
    Fixture of;
    const auto receiving = of.receive();
    for (const Step& step : transcript.steps) {
        if (step.kind == Kind::client) {
            of.at.say(step.bytes);
            of.loop.poll();
        } else if (step.kind == Kind::client_end) {
            of.at.end();
        } else if (step.kind == Kind::server) {
            CHECK(of.at.hear(step.bytes.size()) == step.bytes);
        } else if (step.kind == Kind::server_end) {
            error_code reset;
            CHECK(of.at.hear_all(&reset) == "");
            CHECK_FALSE(reset);
        }
    }
    error_code ignored;
    of.at.peer.close(ignored);
    const TransferReceived received = of.finish(receiving);
    const Step& result = transcript.steps.back();
    if (result.kind == Kind::no_result) {
        CHECK(received.outcome.has_error());
        for (const std::string& name : of.names()) CHECK(name.ends_with(".corrupted"));
        return;
    }
    REQUIRE(result.kind == Kind::result);
    REQUIRE(received.outcome);
    CHECK(of.names() == Names{received.name});
    CHECK(of.content(received.name) == result.bytes);
}

std::string word_for(const Result<TransferSent>& sent) {
    if (sent) return "verified";
    if (sent.error() == Errc::corrupted) return "corrupted";
    if (sent.error() == Errc::connection_lost) return "lost";
    if (sent.error() == Errc::refused) return "refused";
    return sent.error() == Errc::unverified ? "unverified" : sent.error().context;
}

/// Plays the receiver; netcopy sends the file that the second of its lines is.
void play_receiver(const Transcript& transcript) {
    INFO(transcript.name);
    REQUIRE(transcript.steps.size() >= 3);
    Fixture of;
    of.plan.peer_is_netcopy = false;
    FileSource source = of.source(transcript.steps[1].bytes, "hello.txt");
    const auto sending = of.send(source);
    bool open = true;
    for (const Step& step : transcript.steps) {
        if (step.kind == Kind::client) {
            CHECK(of.at.hear(step.bytes.size()) == step.bytes);
        } else if (step.kind == Kind::server) {
            of.at.say(step.bytes);
            of.loop.poll();
        } else if (step.kind == Kind::server_end) {
            of.at.peer.close();
            open = false;
        }
    }
    CHECK(word_for(of.finish(sending)) == transcript.steps.back().bytes);
    if (open) CHECK_FALSE(of.answers.empty());
}

}  // namespace

TEST_CASE("there are golden transcripts of transfers in both roles") {
    CHECK(read_transcripts(folder, false).size() >= 20);
    CHECK(read_transcripts(folder, true).size() >= 8);
}

TEST_CASE("netcopy's receiver says and stores what the golden transcripts of transfers have") {
    for (const Transcript& transcript : read_transcripts(folder, false)) play_sender(transcript);
}

TEST_CASE("netcopy's sender says and concludes what the foreign transcripts of transfers have") {
    for (const Transcript& transcript : read_transcripts(folder, true)) play_receiver(transcript);
}
