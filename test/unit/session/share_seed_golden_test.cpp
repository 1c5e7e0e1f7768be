#include "test/golden/transcript.hpp"

#include <boost/asio/read.hpp>

#include "test/unit/session/peers.hpp"
#include "test/unit/session/share_seed_fixture.hpp"

// The golden transcripts of the share protocol over real connections: netcopy's server with the
// clients of the transcripts, netcopy's client with the servers of the foreign ones.

using namespace netcopy;
using namespace netcopy::test;
using Kind = Step::Kind;

namespace {

constexpr const char* folder = NETCOPY_GOLDEN_DIR "/share";

/// Plays the client; each piece is read before the next is said.
void play_client(const Transcript& transcript) {
    INFO(transcript.name);
    ShareSeedFixture of;
    of.serve();
    for (const Step& step : transcript.steps) {
        if (step.kind == Kind::client) {
            of.say(step.bytes);
        } else if (step.kind == Kind::client_end) {
            of.at.end();
        } else if (step.kind == Kind::server) {
            of.expect(step.bytes);
        } else if (step.kind == Kind::server_end) {
            CHECK_FALSE(of.ends_by_reset());
            of.at.peer.close();
        }
    }
    CHECK(transcript.steps.back().kind == Kind::server_end);
    of.finish();
    for (const ReceivedFile& file : of.received) {
        if (file.outcome) CHECK(of.content(file.name).size() == file.size);
    }
}

/// A server that plays the transcript's, over as many connections as it closes.
class Player {
public:
    Player(Loop& loop, const Transcript& transcript)
        : steps_(transcript.steps),
          server_(loop, [this](Socket& socket, int) { return play(socket); }) {}

    const Endpoint& endpoint() const { return server_.endpoint; }
    /// All of it was played, and what came was what it has.
    bool is_through() const { return next_ + 1 >= steps_.size() && !wrong_; }

private:
    Task<> play(Socket& socket) {
        for (; next_ < steps_.size(); ++next_) {
            const Step& step = steps_[next_];
            if (step.kind == Kind::client) {
                std::string text(step.bytes.size(), '\0');
                co_await asio::async_read(socket, asio::buffer(text), asio::as_tuple(UseTask()));
                wrong_ = wrong_ || text != step.bytes;
            } else if (step.kind == Kind::server) {
                co_await send_all(socket, step.bytes);
                co_await pause(socket, 5ms);  // a segment of its own
            } else if (step.kind == Kind::server_end) {
                ++next_;
                co_return;
            }
        }
        co_await receive_once(socket);  // until the client has gone
    }

    const std::vector<Step>& steps_;
    std::size_t next_ = 0;
    bool wrong_ = false;
    ForeignServer server_;
};

std::string result_of(const Transcript& transcript) {
    const Step& last = transcript.steps.back();
    return last.kind == Kind::no_result ? "none" : last.bytes;
}

/// netcopy's client with one of them. They all run at the same time: most of it is waiting.
struct ForeignRun {
    ForeignRun(Loop& loop, DiskPool& disk, const Transcript& transcript_)
        : transcript(transcript_), player(loop, transcript_) {
        ShareSeedPlan plan;
        plan.endpoint = player.endpoint();
        plan.stall = {10s};
        client.emplace(plan, disk);
        running = loop.start(run());
    }

    Task<std::string> run() {
        if (transcript.name.starts_with("foreign-upload")) co_return co_await uploaded();
        std::vector<ShareSeedFile> files;
        const auto each = [&](ShareSeedFile file) { files.push_back(std::move(file)); };
        const auto list = co_await client->list(each);
        if (!list) co_return list.error().context;
        if (transcript.name.starts_with("foreign-download")) co_return co_await downloaded(files);
        std::string text;
        for (const ShareSeedFile& file : files) {
            text += file.id + ";" + file.name + ";" + std::to_string(file.size) + "\n";
        }
        co_return text.empty() ? "none" : text;
    }
    Task<std::string> downloaded(const std::vector<ShareSeedFile>& files) {
        if (files.size() != 1) co_return "no list of one file";
        Tree tree = Tree::open(folder / "to").value();
        ShareSeedTarget target;
        target.tree = &tree;
        const auto fetched = co_await client->download(files[0], target, progress);
        const bool is_empty = std::filesystem::is_empty(folder / "to");
        if (!fetched) co_return is_empty ? "none" : "leftovers";
        if (fetched->digests != Digests{{DigestKind::md5, files[0].id}}) co_return "wrong digest";
        co_return read_file(folder / "to" / files[0].name);
    }
    Task<std::string> uploaded() {
        write_file(folder / "hello.txt", "hello\n");
        auto source = FileSource::open(folder / "hello.txt").value();
        const auto sent = co_await client->upload(source, "hello.txt", progress);
        if (sent) co_return "verified";
        if (sent.error() == Errc::corrupted) co_return "corrupted";
        if (sent.error() == Errc::connection_lost) co_return "lost";
        co_return sent.error() == Errc::refused ? "refused" : sent.error().context;
    }

    const Transcript& transcript;
    TemporaryFolder folder;
    Progress progress;
    Player player;
    std::optional<ShareSeedClient> client;
    std::shared_ptr<Running<std::string>> running;
};

}  // namespace

TEST_CASE("there are golden transcripts of shares in both roles") {
    CHECK(read_transcripts(folder, false).size() >= 20);
    CHECK(read_transcripts(folder, true).size() >= 40);
}

TEST_CASE("netcopy's share says what the golden transcripts of shares have") {
    for (const Transcript& transcript : read_transcripts(folder, false)) play_client(transcript);
}

TEST_CASE("netcopy's client of a share says and concludes what the foreign transcripts have") {
    const auto transcripts = read_transcripts(folder, true);
    Loop loop;
    DiskPool disk{2};
    std::vector<std::unique_ptr<ForeignRun>> runs;
    for (const Transcript& transcript : transcripts) {
        runs.push_back(std::make_unique<ForeignRun>(loop, disk, transcript));
    }
    for (const auto& run : runs) {
        INFO(run->transcript.name);
        loop.finish(run->running);
        REQUIRE(run->running->value);
        CHECK(*run->running->value == result_of(run->transcript));
        run->client.reset();
        loop.run_until([&] { return run->player.is_through(); });
    }
}
