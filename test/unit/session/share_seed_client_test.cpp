// The client of the seed's share protocol: with netcopy's own share, and with servers that go
// wrong. Those of other makes that do well are in the golden transcripts.

#include <deque>

#include "net/server.hpp"
#include "test/unit/session/peers.hpp"
#include "test/unit/session/share_seed_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

const std::string hello_id = md5_of("hello\n");

/// A client, and the folder that it downloads to.
struct ClientFixture {
    TemporaryFolder folder;
    std::filesystem::path root = folder / "to";
    Loop loop;
    DiskPool disk{2};
    Tree tree = Tree::open(root).value();
    Progress progress;
    ShareSeedPlan plan;
    ShareSeedTarget target;
    std::deque<ForeignServer> foreign;  // they stay as long as the loop may run
    std::optional<ShareSeedClient> client;

    ClientFixture() {
        plan.stall = {10s};
        target.tree = &tree;
    }
    void connect(const Endpoint& endpoint) {
        plan.endpoint = endpoint;
        client.emplace(plan, disk);
    }

    ForeignServer& connect_to(ForeignServer::Behaviour behaviour) {
        connect(foreign.emplace_back(loop, std::move(behaviour)).endpoint);
        return foreign.back();
    }

    Result<std::vector<ShareSeedFile>> list() {
        std::vector<ShareSeedFile> files;
        const auto listed =
            loop.run(client->list([&](ShareSeedFile file) { files.push_back(std::move(file)); }));
        if (!listed) return listed.error();
        return files;
    }
    Result<ShareSeedUploaded> upload(const std::string& name, const std::string& content) {
        write_file(folder / "source", content);
        auto source = FileSource::open(folder / "source").value();
        return loop.run(client->upload(source, name, progress));
    }
    Result<ShareSeedDownloaded> download(const std::string& id, const std::string& name,
                                         std::uint64_t size) {
        progress.bytes = 0;
        return loop.run(client->download({id, name, size}, target, progress));
    }
    Names names() const {
        Names all;
        for (const auto& entry : std::filesystem::directory_iterator(root)) {
            all.push_back(entry.path().filename().string());
        }
        std::ranges::sort(all);
        return all;
    }
};

/// netcopy's share on the client's loop.
struct ShareFixture : ClientFixture {
    std::filesystem::path shared_root = folder / "shared";
    Tree shared_tree = Tree::open(shared_root).value();
    std::unique_ptr<SharedFolder> shared;
    ShareRules rules;
    int connections = 0;

    ShareFixture() {
        rules.stall = {10s};
        shared = SharedFolder::open(shared_root, loop.executor(), disk).value();
        following_ = loop.start(shared->run());
        server_.emplace(loop.executor(), std::vector<Executor>(), ServerLimits(),
                        [this](Stream& stream) { return serve(stream); });
        connect(loop.run(server_->listen(Endpoint{"127.0.0.1", 0})).value());
        running_ = loop.start(server_->run());
    }
    ~ShareFixture() {
        client.reset();
        server_->stop();
        loop.finish(running_);
        shared->stop();
        loop.finish(following_);
    }

private:
    Task<> serve(Stream& stream) {
        ++connections;
        Tree tree_of_session = shared_tree.another();
        co_await serve_share_seed(stream, disk, *shared, tree_of_session, rules, {10s, 10s});
    }

    std::optional<Server> server_;
    std::shared_ptr<Running<void>> following_;
    std::shared_ptr<Running<void>> running_;
};

template <class T>
void check_failed(const Result<T>& result, Errc kind, std::string_view word = "") {
    REQUIRE(result.has_error());
    INFO(result.error().context);
    CHECK(result.error() == kind);
    CHECK(result.error().context.find(word) != std::string::npos);
}

/// Reads one message and says something, once for each of them; then waits for the client to go.
ForeignServer::Behaviour says(std::vector<std::string> lines) {
    return [lines](Socket& socket, int) -> Task<> {
        for (const std::string& line : lines) {
            co_await receive_once(socket);
            co_await send_all(socket, line);
        }
        while (!(co_await receive_once(socket)).empty()) {
        }
    };
}

}  // namespace

TEST_CASE("files of any size go up to a share and come down again over one connection") {
    ShareFixture of;
    CHECK(of.list().value().empty());
    for (const std::size_t size : {0UL, 1UL, 300'000UL, 3'000'000UL}) {
        INFO(size << " bytes");
        const std::string content = sample(size);
        const std::string name = std::to_string(size) + " EOF.bin";
        const auto sent = of.upload(name, content);
        REQUIRE(sent);
        CHECK(sent->theirs == md5_of(content));
        CHECK(sent->digests ==
              Digests{{DigestKind::md5, md5_of(content)},
                      {DigestKind::sha256, digest_of(DigestKind::sha256, content)}});
        const auto came = of.download(md5_of(content), name, size);
        REQUIRE(came);
        CHECK(came->name == name);
        CHECK_FALSE(came->same);
        CHECK(of.progress.bytes == size);
        const bool same = read_file(of.root / name) == content;
        CHECK(same);
    }
    CHECK(of.list().value().size() == 4);
    CHECK(of.connections == 1);
}

TEST_CASE("a file that is there already is not asked for") {
    ShareFixture of;
    write_file(of.root / "a", "hello\n");
    const auto came = of.download(hello_id, "a", 6);
    REQUIRE(came);
    CHECK(came->same);
    CHECK(of.connections == 0);
}

TEST_CASE("another file of that name stays, gives way or has the newcomer renamed") {
    for (const Existing existing : {Existing::keep, Existing::rename, Existing::replace}) {
        ShareFixture of;
        REQUIRE(of.upload("a", "hello\n"));
        of.target.existing = existing;
        for (const char* there : {"jello\n", "longer than that"}) {
            write_file(of.root / "a", there);
            const auto came = of.download(hello_id, "a", 6);
            if (existing == Existing::keep) {
                check_failed(came, Errc::refused, "another file of that name is there");
            } else {
                REQUIRE(came);
                CHECK(came->name == (existing == Existing::rename ? "a (2)" : "a"));
                CHECK(read_file(of.root / came->name) == "hello\n");
            }
            const bool replaced = existing == Existing::replace;
            CHECK(read_file(of.root / "a") == (replaced ? "hello\n" : there));
        }
    }
}

TEST_CASE("a download may go to somebody who takes the bytes in order") {
    ShareFixture of;
    const std::string content = sample(1'000'000);
    REQUIRE(of.upload("a", content));
    std::string taken;
    of.target = {};
    of.target.take = [&](Bytes bytes) -> Result<> {
        taken += as_text(bytes);
        return {};
    };
    const auto came = of.download(md5_of(content), "a", content.size());
    REQUIRE(came);
    const bool same = taken == content;
    CHECK(same);
    CHECK(of.names().empty());
    CHECK(came->digests == Digests{{DigestKind::md5, md5_of(content)},
                                   {DigestKind::sha256, digest_of(DigestKind::sha256, content)}});

    of.target.take = [](Bytes) -> Result<> { return make_error(Errc::local_file, "full"); };
    check_failed(of.download(md5_of(content), "a", content.size()), Errc::local_file, "full");
    // The next one has a connection of its own.
    of.target.take = {};
    of.target.tree = &of.tree;
    CHECK(of.download(md5_of(content), "a", content.size()));
}

TEST_CASE("names that are not safe, and those that this wire cannot say, do not get far") {
    ShareFixture of;
    for (const char* name : {"../a", "a/b", "..", "", "/etc/passwd"}) {
        check_failed(of.download(hello_id, name, 6), Errc::refused);
    }
    for (const char* name : {"a;b", "a\nb", ""}) check_failed(of.upload(name, "x"), Errc::refused);
    CHECK(of.names().empty());
    CHECK(of.connections == 0);
}

TEST_CASE("what the share refuses is refused in its words, and another file goes on") {
    ShareFixture of;
    of.rules.max_size = 10;
    check_failed(of.upload("a", sample(1'000'000)), Errc::refused, "the file is too large");
    check_failed(of.upload("b/c", "x"), Errc::refused, "the name is not allowed");
    CHECK(of.upload("a", "hello\n"));
    of.rules.read_only = true;
    check_failed(of.upload("c", "hello\n"), Errc::refused, "read-only");
    CHECK(of.list().value().size() == 1);
}

TEST_CASE("a file that the share has no more is lost, and nothing has its name") {
    ShareFixture of;
    REQUIRE(of.upload("a", "hello\n"));
    check_failed(of.download(md5_of("x"), "x", 1), Errc::connection_lost, "'x'");
    CHECK(of.names().empty());
    CHECK(of.download(hello_id, "a", 6));
}

TEST_CASE("a source that changes while it is sent does not arrive whole") {
    ShareFixture of;
    write_file(of.folder / "source", sample(8 << 20));
    auto source = FileSource::open(of.folder / "source").value();
    write_file(of.folder / "source", sample(8 << 20) + "more");
    check_failed(of.loop.run(of.client->upload(source, "a", of.progress)), Errc::local_file,
                 "changed");
    of.client.reset();
    CHECK(of.shared->count() == 0);
}

TEST_CASE("nobody there is told as such") {
    ClientFixture of;
    of.connect_to(says({})).close();
    of.loop.poll();
    check_failed(of.list(), Errc::unreachable);
    check_failed(of.upload("a", "x"), Errc::unreachable);
    check_failed(of.download(hello_id, "a", 6), Errc::unreachable);
    CHECK(of.names().empty());
}

TEST_CASE("a server that falls silent is timed out at every wait") {
    ClientFixture of;
    of.plan.stall = {200ms};
    const auto silent_behind = [&](std::vector<std::string> lines, auto action) {
        of.connect_to(says(std::move(lines)));
        const auto result = action();
        check_failed(result, Errc::timed_out);
        of.client.reset();
    };
    const auto list = [&] { return of.list(); };
    const auto upload = [&] { return of.upload("a", "hello\n"); };
    const auto download = [&] { return of.download(hello_id, "a", 6); };
    silent_behind({}, list);
    silent_behind({hello_id + ";"}, list);  // within a line
    silent_behind({"100", hello_id + ";a;6\n"}, list);
    silent_behind({}, upload);
    silent_behind({"?"}, upload);
    silent_behind({"?", "!"}, upload);
    silent_behind({}, download);
    silent_behind({"?"}, download);
    silent_behind({"?", "hell"}, download);
    CHECK(of.names().empty());
}

TEST_CASE("the MD5 of an empty file may be joined to the prompt before it") {
    ClientFixture of;
    of.connect_to(says({"Name;size?", "Ready to receive a file" + md5_of("")}));
    CHECK(of.upload("empty", ""));
}

TEST_CASE("words that come late behind a file are not taken for a prompt") {
    ClientFixture of;
    const ForeignServer& server = of.connect_to([](Socket& socket, int) -> Task<> {
        for (int i = 0; i < 3; ++i) {
            const std::string command = co_await receive_once(socket);
            if (command != "DOWNLOAD") co_return;
            co_await send_all(socket, "Please send a file ID");
            const std::string id = co_await receive_once(socket);
            if (id != hello_id) co_return;
            co_await send_all(socket, "hello\n");
            co_await pause(socket, i == 0 ? 100ms : 300ms);
            co_await send_all(socket, "EOF");
            co_await pause(socket, 20ms);
            co_await send_all(socket, hello_id);
        }
        co_await receive_once(socket);
    });
    for (const char* name : {"a", "b", "c"}) CHECK(of.download(hello_id, name, 6));
    CHECK(of.names() == Names{"a", "b", "c"});
    CHECK(server.connections == 1);
}

TEST_CASE("a server that closes behind each command is connected to again for the next") {
    for (const bool resets : {false, true}) {
        ClientFixture of;
        const ForeignServer& server = of.connect_to([resets](Socket& socket, int number) -> Task<> {
            co_await receive_once(socket);
            if (number == 0) {
                co_await send_all(socket, "No files available at the moment");
            } else {
                co_await send_all(socket, "Name?");
                co_await receive_once(socket);
                co_await send_all(socket, "Go on.");
                co_await receive_once(socket);
                co_await send_all(socket, hello_id);
            }
            co_await pause(socket, 100ms);  // a reset would overtake what was said
            if (resets) socket.set_option(asio::socket_base::linger(true, 0));
        });
        CHECK(of.list());
        CHECK(of.upload("a", "hello\n"));
        CHECK(of.upload("b", "hello\n"));
        CHECK(server.connections == 3);
    }
}

TEST_CASE("a client that closes hears what a server still has to say, and can begin anew") {
    ClientFixture of;
    std::vector<std::string> ends;
    const ForeignServer& server = of.connect_to([&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, "?");
        co_await receive_once(socket);
        co_await send_all(socket, "hello\n");
        co_await pause(socket, 100ms);
        co_await send_all(socket, "EOF" + hello_id);
        char byte = 0;
        const auto [error, got] =
            co_await socket.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(UseTask()));
        ends.push_back(error == asio::error::eof ? "end" : error.message());
    });
    of.loop.run(of.client->close());  // of what was never open
    for (const char* name : {"a", "b"}) {
        CHECK(of.download(hello_id, name, 6));
        of.loop.run(of.client->close());
    }
    CHECK(ends == std::vector<std::string>{"end", "end"});
    CHECK(server.connections == 2);
}

TEST_CASE("a list that has no end, and one beyond all limits, are given up") {
    ClientFixture of;
    for (const std::string& text : {std::string(10'000, 'a'), std::string("9223372036854775808")}) {
        of.connect_to(says({text}));
        check_failed(of.list(), Errc::protocol);
        of.client.reset();
    }
}

TEST_CASE("a download that is no more than its beginning never has a name, wherever it is cut") {
    const std::string sent = "a;6hello\n";
    for (std::size_t cut = 0; cut < 6; ++cut) {
        INFO("behind " << cut << " bytes");
        ClientFixture of;
        of.connect_to([&](Socket& socket, int) -> Task<> {
            co_await receive_once(socket);
            co_await send_all(socket, "?");
            co_await receive_once(socket);
            co_await send_all(socket, std::string("hello\n").substr(0, cut));
        });
        check_failed(of.download(hello_id, "a", 6), Errc::connection_lost);
        CHECK(of.names().empty());
    }
    // With name and size repeated ahead, too.
    for (std::size_t cut = 0; cut < sent.size(); ++cut) {
        INFO("behind " << cut << " bytes");
        ClientFixture of;
        of.connect_to([&](Socket& socket, int) -> Task<> {
            co_await receive_once(socket);
            co_await send_all(socket, "?");
            co_await receive_once(socket);
            co_await send_all(socket, sent.substr(0, cut));
        });
        check_failed(of.download(hello_id, "a", 6), Errc::connection_lost);
        CHECK(of.names().empty());
    }
}
