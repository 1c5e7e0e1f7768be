#include <map>

#include "crypto/digest.hpp"
#include "test/golden/transcript.hpp"
#include "test/unit/wire/copy_lines.hpp"

// The golden transcripts of a share, in which the server is the sender, as the codec sees them, and
// whether what they say is true. A connection has several conversations.

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using std::string;
using Kind = Step::Kind;

namespace {

struct Heard {
    string opening;  // of this conversation
    std::vector<CopyRequest> requests;
    std::vector<CopyAnswer> answers;
    std::vector<CopyListing> listing;
    std::vector<string> bodies;  // by DATA
};

/// Reads both sides, and checks that each line is written as it was read, unless it has `more`.
std::vector<Heard> conversations_of(const Transcript& transcript, bool more) {
    std::vector<Heard> all;
    bool awaits_answer = false;
    std::uint64_t body = 0;  // bytes that the next piece is
    const auto same = [&](const string& line, const auto& message) {
        CHECK((line_of(message) == line || more));
    };
    for (const Step& step : transcript.steps) {
        const bool client = step.kind == Kind::client;
        if (!client && step.kind != Kind::server) continue;
        INFO(step.bytes);
        if (client && step.bytes.starts_with("NETCOPY/")) {
            const auto opening = message_of<CopyOpening>(step.bytes);
            same(step.bytes, opening);
            all.push_back({opening.purpose, {}, {}, {}, {}});
            awaits_answer = true;
            continue;
        }
        REQUIRE_FALSE(all.empty());
        Heard& heard = all.back();
        if (std::exchange(awaits_answer, false)) {
            const auto answer = message_of<CopyOpeningAnswer>(step.bytes);
            CHECK(std::get<CopyAccepted>(answer).purpose == heard.opening);
            same(step.bytes, answer);
        } else if (body > 0) {
            CHECK_FALSE(client);
            CHECK(step.bytes.size() == std::exchange(body, 0));
            heard.bodies.push_back(step.bytes);
        } else if (client) {
            heard.answers.push_back(message_of<CopyAnswer>(step.bytes));
            same(step.bytes, heard.answers.back());
        } else if (heard.opening == "list") {
            heard.listing.push_back(message_of<CopyListing>(step.bytes));
            same(step.bytes, heard.listing.back());
        } else {
            heard.requests.push_back(message_of<CopyRequest>(step.bytes));
            same(step.bytes, heard.requests.back());
            const auto* data = std::get_if<CopyData>(&heard.requests.back());
            if (data != nullptr) body = data->length;
        }
    }
    return all;
}

std::vector<std::pair<string, Heard>> all_conversations() {
    std::vector<std::pair<string, Heard>> all;
    for (const char* folder : {"/get", "/list"}) {
        for (const auto& transcript :
             read_transcripts(string(NETCOPY_GOLDEN_DIR) + folder, false)) {
            INFO(transcript.name);
            const bool more = transcript.name == "growth.txt";
            for (Heard& heard : conversations_of(transcript, more)) {
                all.emplace_back(transcript.name, std::move(heard));
            }
        }
    }
    return all;
}

}  // namespace

TEST_CASE("the lines of a share's transcripts are written as they are read") {
    std::size_t lists = 0;
    std::size_t gets = 0;
    for (const auto& [name, heard] : all_conversations())
        ++(heard.opening == "list" ? lists : gets);
    CHECK(lists >= 4);
    CHECK(gets >= 8);
}

TEST_CASE("a list in the transcripts goes by name, and ends with its count") {
    for (const auto& [name, heard] : all_conversations()) {
        INFO(name);
        if (heard.opening != "list") continue;
        std::uint64_t files = 0;
        string last;
        for (const CopyListing& line : heard.listing) {
            if (const auto* file = std::get_if<CopyFile>(&line)) {
                CHECK(file->name > last);
                last = file->name;
                ++files;
            }
        }
        REQUIRE_FALSE(heard.listing.empty());
        CHECK(heard.listing.back() == CopyListing(CopyListed{files}));
    }
}

TEST_CASE("each GET of the transcripts is settled once, and END comes after LAST") {
    for (const auto& [name, heard] : all_conversations()) {
        INFO(name);
        if (heard.opening != "get") continue;
        std::map<string, int> open;
        std::map<std::uint64_t, string> offered;
        for (const CopyAnswer& answer : heard.answers) {
            if (const auto* get = std::get_if<CopyGet>(&answer)) ++open[get->name];
        }
        for (const CopyRequest& request : heard.requests) {
            if (const auto* lack = std::get_if<CopyLack>(&request)) --open[lack->name];
            if (const auto* put = std::get_if<CopyPut>(&request)) {
                CHECK(open.contains(put->name));
                offered[put->n] = put->name;
            }
        }
        for (const CopyAnswer& answer : heard.answers) {
            if (const auto* done = std::get_if<CopyDone>(&answer)) --open[offered[done->n]];
            if (const auto* same = std::get_if<CopySame>(&answer)) --open[offered[same->n]];
        }
        for (const auto& [file, count] : open) {
            INFO(file);
            CHECK(count == 0);
        }
        REQUIRE(heard.answers.size() >= 2);
        CHECK(heard.answers[heard.answers.size() - 2] == CopyAnswer(CopyLast{}));
        CHECK(heard.answers.back() == CopyAnswer(CopyBye{}));
        CHECK(heard.requests.back() == CopyRequest(CopyEnd{}));
    }
}

TEST_CASE("what a share sends in the transcripts has the digests that it says") {
    int compared = 0;
    for (const auto& [name, heard] : all_conversations()) {
        INFO(name);
        std::size_t next = 0;
        std::map<std::uint64_t, string> content;
        for (const CopyRequest& request : heard.requests) {
            if (const auto* data = std::get_if<CopyData>(&request)) {
                string& bytes = content[data->n];
                bytes.resize(data->offset);  // holes are zeros
                if (data->length > 0) bytes += heard.bodies[next++];
            }
            const auto* sum = std::get_if<CopySum>(&request);
            if (sum == nullptr) continue;
            for (const auto& [kind, hex] : sum->digests) {
                Digest digest(*parse_digest_kind(kind));
                digest.update(as_bytes(content[sum->n]));
                CHECK(digest.hex() == hex);
                ++compared;
            }
        }
    }
    CHECK(compared >= 10);
}
