#include <catch2/catch.hpp>

#include "test/golden/transcript.hpp"
#include "test/unit/wire/feed.hpp"

// The golden transcripts as the codec alone sees them; session/checksum_golden_test.cpp replays
// them over a connection.

using namespace netcopy;
using namespace netcopy::test;
using Kind = Step::Kind;

namespace {

/// The client's lines up to the server's next one, as separate pieces.
std::vector<std::vector<std::string>> client_turns(const Transcript& transcript) {
    std::vector<std::vector<std::string>> turns(1);
    for (const Step& step : transcript.steps) {
        if (step.kind == Kind::client) turns.back().push_back(step.bytes);
        if (step.kind == Kind::server) turns.emplace_back();
    }
    return turns;
}

Fed feed_turns(const Transcript& transcript, bool byte_by_byte) {
    Feeder feeder;
    for (const auto& turn : client_turns(transcript)) {
        for (const std::string& bytes : turn) {
            if (!byte_by_byte) feeder.piece(bytes);
            for (std::size_t i = 0; byte_by_byte && i < bytes.size(); ++i) {
                feeder.piece(std::string_view(bytes).substr(i, 1));
            }
        }
        feeder.pause();  // the client awaits the answer
    }
    return feeder.end();
}

}  // namespace

TEST_CASE("there are golden transcripts of both kinds") {
    CHECK(read_transcripts(NETCOPY_GOLDEN_DIR "/checksum", false).size() >= 10);
    CHECK(read_transcripts(NETCOPY_GOLDEN_DIR "/checksum", true).size() >= 8);
}

TEST_CASE("the client's lines of every transcript are the same requests byte by byte") {
    for (const Transcript& transcript : read_transcripts(NETCOPY_GOLDEN_DIR "/checksum", false)) {
        INFO(transcript.name);
        const Fed whole = feed_turns(transcript, false);
        CHECK(feed_turns(transcript, true) == whole);
        CHECK_FALSE((whole.messages.empty() && whole.error.empty() && whole.left.empty()));
    }
}

TEST_CASE("the reason that the parser gives is what the transcripts' server says") {
    for (const Transcript& transcript : read_transcripts(NETCOPY_GOLDEN_DIR "/checksum", false)) {
        INFO(transcript.name);
        const Fed fed = feed_turns(transcript, false);
        std::string said;
        for (const Step& step : transcript.steps) {
            if (step.kind == Kind::server) said += step.bytes;
        }
        if (fed.error.empty()) {
            CHECK((said.find("ERR|") == std::string::npos || !fed.left.empty()));
        } else {
            CHECK(said.ends_with(wire::encode_error(fed.error)));
        }
    }
}

TEST_CASE("the requests of foreign transcripts are what our client sends") {
    for (const Transcript& transcript : read_transcripts(NETCOPY_GOLDEN_DIR "/checksum", true)) {
        INFO(transcript.name);
        const std::string& request = transcript.steps.front().bytes;
        REQUIRE(request.starts_with("KI|"));
        CHECK(wire::encode_lookup(request.substr(3)) == request);
    }
}

TEST_CASE("a backslash in a transcript is an escape or an error") {
    CHECK(unescape("a\\x0a\\x5cb") == "a\n\\b");
    for (const char* bad : {"\\", "\\x", "\\x0", "\\xg0", "\\n", "\\x0A"}) {
        INFO(bad);
        CHECK_THROWS(unescape(bad));
    }
}
