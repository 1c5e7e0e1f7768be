#include <map>
#include <set>

#include "crypto/digest.hpp"
#include "file/crc64.hpp"
#include "test/golden/transcript.hpp"
#include "test/unit/wire/copy_lines.hpp"

// The golden transcripts of netcopy/1 as the codec sees them, and whether what they say is true.

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using std::string;
using Kind = Step::Kind;

namespace {

const char* const folder = NETCOPY_GOLDEN_DIR "/copy";

/// What one side says, in the pieces in which it says it.
std::vector<string> said(const Transcript& transcript, Kind side) {
    std::vector<string> pieces;
    for (const Step& step : transcript.steps) {
        if (step.kind == side) pieces.push_back(step.bytes);
    }
    return pieces;
}

/// The first line by the opening's parser, the rest by the conversation's.
template <class First, class Message>
struct Side {
    std::vector<string> taken;  // written anew
    CopyFeeder<Message> feeder;

    Side(const std::vector<string>& pieces, bool byte_by_byte) {
        REQUIRE_FALSE(pieces.empty());
        taken.push_back(line_of(message_of<First>(pieces.front())));
        for (std::size_t i = 1; i < pieces.size(); ++i) {
            if (!byte_by_byte) feeder.piece(pieces[i]);
            for (std::size_t at = 0; byte_by_byte && at < pieces[i].size(); ++at) {
                feeder.piece(std::string_view(pieces[i]).substr(at, 1));
            }
        }
        taken.insert(taken.end(), feeder.taken().begin(), feeder.taken().end());
    }
};
using ClientSide = Side<CopyOpening, CopyRequest>;
using ServerSide = Side<CopyOpeningAnswer, CopyAnswer>;

string joined(const std::vector<string>& pieces) {
    string all;
    for (const string& piece : pieces) all += piece;
    return all;
}

/// Those that both sides can read to the end.
std::vector<Transcript> conversations() {
    std::vector<Transcript> all = read_transcripts(folder, false);
    std::erase_if(all, [](const Transcript& one) {
        return one.name == "opening-version.txt" || one.name == "protocol.txt" ||
               one.name == "flipped.txt";
    });
    return all;
}

Transcript transcript_of(const string& name) {
    return read_transcript(string(folder) + "/" + name);
}

/// What a sender made of a file, and what it heard.
struct Transfer {
    string content;
    std::optional<std::uint64_t> begin;  // of the first DATA
    std::optional<CopySum> sum;
    std::optional<CopyWant> want;
    bool asked = false;          // WANT is an answer, and nothing follows
    std::vector<string> finals;  // SAME, DONE, WANT where asked, or the code of NO
};

std::map<std::uint64_t, Transfer> transfers(const ClientSide& client, const ServerSide& server) {
    std::map<std::uint64_t, Transfer> all;
    for (std::size_t i = 0; i < client.feeder.messages().size(); ++i) {
        const CopyRequest& request = client.feeder.messages()[i];
        if (const auto* put = std::get_if<CopyPut>(&request)) all[put->n].asked = put->ask;
        if (const auto* data = std::get_if<CopyData>(&request)) {
            Transfer& transfer = all[data->n];
            if (!transfer.begin) transfer.begin = data->offset;
            CHECK(data->offset >= transfer.content.size());  // ascending
            transfer.content.resize(data->offset);
            transfer.content += client.feeder.taken()[i].substr(line_of(*data).size());
        }
        if (const auto* sum = std::get_if<CopySum>(&request)) {
            all[sum->n].sum = *sum;
            CHECK(sum->size >= all[sum->n].content.size());
            all[sum->n].content.resize(sum->size);
        }
    }
    for (const CopyAnswer& answer : server.feeder.messages()) {
        if (const auto* want = std::get_if<CopyWant>(&answer)) {
            Transfer& transfer = all[want->n];
            transfer.want = *want;
            if (transfer.asked) transfer.finals.push_back("WANT");
        }
        if (const auto* same = std::get_if<CopySame>(&answer)) {
            all[same->n].finals.push_back("SAME");
        }
        if (const auto* done = std::get_if<CopyDone>(&answer)) {
            all[done->n].finals.push_back("DONE");
        }
        if (const auto* no = std::get_if<CopyNo>(&answer)) all[no->n].finals.push_back(no->code);
    }
    return all;
}

/// The number of a request that waits for a final answer.
std::optional<std::uint64_t> offered(const CopyRequest& request) {
    if (const auto* put = std::get_if<CopyPut>(&request)) return put->n;
    if (const auto* directory = std::get_if<CopyFolder>(&request)) return directory->n;
    if (const auto* link = std::get_if<CopyLink>(&request)) return link->n;
    return std::nullopt;
}

}  // namespace

TEST_CASE("there are golden transcripts of netcopy/1 of both kinds") {
    CHECK(conversations().size() >= 20);
    CHECK(read_transcripts(folder, true).size() >= 4);
}

TEST_CASE("both sides of every copy transcript are the same messages byte by byte") {
    for (const Transcript& transcript : conversations()) {
        INFO(transcript.name);
        const auto client = said(transcript, Kind::client);
        const auto server = said(transcript, Kind::server);
        const ClientSide whole(client, false);
        CHECK(whole.feeder.error() == "");
        CHECK(whole.feeder.left() == "");
        CHECK(ClientSide(client, true).taken == whole.taken);
        const ServerSide answers(server, false);
        CHECK(answers.feeder.error() == "");
        CHECK(answers.feeder.left() == "");
        CHECK(ServerSide(server, true).taken == answers.taken);
    }
}

TEST_CASE("the lines of every copy transcript are written as they are read") {
    // What these have besides is passed over, and so not written.
    const std::set<string> unknown_words = {"growth.txt", "opening-capabilities.txt"};
    for (const Transcript& transcript : conversations()) {
        INFO(transcript.name);
        const auto client = said(transcript, Kind::client);
        const auto server = said(transcript, Kind::server);
        const bool known = !unknown_words.contains(transcript.name);
        CHECK((joined(ClientSide(client, false).taken) == joined(client)) == known);
        CHECK((joined(ServerSide(server, false).taken) == joined(server)) ==
              (known || transcript.name != "opening-capabilities.txt"));
    }
}

TEST_CASE("requests of the copy transcripts count from 1 and have one final answer each") {
    for (const Transcript& transcript : conversations()) {
        INFO(transcript.name);
        const ClientSide client(said(transcript, Kind::client), false);
        const ServerSide server(said(transcript, Kind::server), false);
        auto files = transfers(client, server);
        std::uint64_t count = 0;
        for (const CopyRequest& request : client.feeder.messages()) {
            const auto n = offered(request);
            if (!n) continue;
            CHECK(*n == ++count);
            const bool unanswered = transcript.name == "stop.txt" && *n == 2;
            CHECK(files[*n].finals.size() == (unanswered ? 0U : 1U));
        }
        CHECK(files.size() == count);
    }
}

TEST_CASE("the digests of the copy transcripts are those of their bodies") {
    int compared = 0;
    for (const Transcript& transcript : conversations()) {
        const ClientSide client(said(transcript, Kind::client), false);
        const ServerSide server(said(transcript, Kind::server), false);
        for (const auto& [n, file] : transfers(client, server)) {
            INFO(transcript.name << ", request " << n);
            if (!file.sum) continue;
            CHECK_FALSE(file.sum->digests.empty());
            const bool corrupted = file.finals == std::vector<string>{"corrupted"};
            for (const auto& [kind, hex] : file.sum->digests) {
                const auto known = parse_digest_kind(kind);
                REQUIRE(known);
                Digest digest(*known);
                digest.update(as_bytes(file.content));
                CHECK((digest.hex() == hex) != corrupted);
                ++compared;
            }
        }
    }
    CHECK(compared >= 12);
}

TEST_CASE("a resume in the copy transcripts begins where the CRC-64 of both sides agrees") {
    int equal = 0;
    int unequal = 0;
    for (const Transcript& transcript : conversations()) {
        const ClientSide client(said(transcript, Kind::client), false);
        const ServerSide server(said(transcript, Kind::server), false);
        for (const auto& [n, file] : transfers(client, server)) {
            INFO(transcript.name << ", request " << n);
            if (!file.want || file.want->offset == 0) continue;
            const string kept = file.content.substr(0, file.want->offset);
            const bool agrees = crc64(0, as_bytes(kept)) == file.want->crc64;
            CHECK(file.begin == (agrees ? file.want->offset : 0));
            ++(agrees ? equal : unequal);
        }
    }
    CHECK(equal >= 1);
    CHECK(unequal >= 1);
}

TEST_CASE("a server of another make is known by what the foreign transcripts have it say") {
    for (const Transcript& transcript : read_transcripts(folder, true)) {
        INFO(transcript.name);
        const string opening = joined(said(transcript, Kind::client));
        CHECK(line_of(message_of<CopyOpening>(opening)) == opening);
        const string answer = joined(said(transcript, Kind::server));
        CHECK((answer.empty() || is_refused<CopyOpeningAnswer>(answer)));
    }
}

TEST_CASE("the transcript of a client of the future is declined for its version") {
    const Transcript transcript = transcript_of("opening-version.txt");
    const auto opening = parse<CopyOpening>(joined(said(transcript, Kind::client)));
    REQUIRE(opening.has_error());
    CHECK(opening.error() == Errc::refused);
    const auto answer = message_of<CopyOpeningAnswer>(joined(said(transcript, Kind::server)));
    CHECK(std::get<CopyDeclined>(answer).code == "version");
}

TEST_CASE("the transcripts of broken lines have the parser's words in the answer") {
    for (const char* name : {"protocol.txt", "flipped.txt"}) {
        INFO(name);
        const Transcript transcript = transcript_of(name);
        const ClientSide client(said(transcript, Kind::client), false);
        const ServerSide server(said(transcript, Kind::server), false);
        REQUIRE_FALSE(server.feeder.messages().empty());
        CHECK(server.feeder.messages().back() ==
              CopyAnswer(CopyNo{0, "protocol", client.feeder.error()}));
    }
}
