#include "test/unit/session/share_fixture.hpp"

// A client and a share, both ours, over a connection (docs/protocol/copy.md, "A share: get and
// list").

namespace netcopy::test {
namespace {

constexpr auto sent = CopyOutcome::Kind::sent;
constexpr auto same = CopyOutcome::Kind::same;
constexpr auto failed = CopyOutcome::Kind::failed;

/// Two blocks with the same MD5: the example of Wang and Yu (2005).
std::pair<std::string, std::string> md5_collision() {
    const std::string_view one =
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70";
    std::string bytes;
    for (std::size_t i = 0; i < one.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(one.substr(i, 2)), nullptr, 16));
    }
    std::string other = bytes;
    for (const std::size_t at : {19U, 45U, 59U, 83U, 109U, 123U}) {
        other[at] = static_cast<char>(other[at] ^ '\x80');
    }
    return {bytes, other};
}

}  // namespace

TEST_CASE("A share lists its files by name, with size, time and digests") {
    ShareFixture at;
    at.share("b", "bytes");
    at.share("a b", "");
    at.share("\xff\n;\\", "odd");
    std::filesystem::create_directory(at.there / "folder");
    std::filesystem::create_symlink("b", at.there / "link");
    at.serve();
    const auto files = at.list();
    REQUIRE(files.size() == 3);
    CHECK(files[0].name == "a b");
    CHECK(files[0].size == 0);
    CHECK(files[1].name == "b");
    CHECK(files[1].size == 5);
    CHECK(files[1].md5 == md5_hex("bytes"));
    CHECK(files[1].sha256 == sha256_hex("bytes"));
    const auto source = FileSource::open(at.there / "b");
    REQUIRE(source);
    CHECK(files[1].mtime == source->status().mtime);
    CHECK(files[2].name == "\xff\n;\\");
}

TEST_CASE("A list of more files than a page is complete, and one of none is empty") {
    ShareFixture at;
    const int count = GENERATE(0, 1, 511, 512, 513, 1500);
    for (int i = 0; i < count; ++i) at.share("file" + std::to_string(i), std::to_string(i));
    at.serve();
    const auto files = at.list();
    CHECK(files.size() == static_cast<std::size_t>(count));
    for (std::size_t i = 1; i < files.size(); ++i) CHECK(files[i - 1].name < files[i].name);
}

TEST_CASE("Everything is got from a share over the connection that brought the list") {
    ShareFixture at;
    for (int i = 0; i < 300; ++i)
        at.share("f " + std::to_string(i), noise(100, 1U + static_cast<unsigned>(i)));
    at.share("empty", "");
    at.share("big", noise(3 << 20));
    std::filesystem::permissions(at.there / "big", std::filesystem::perms(0640));
    at.serve();
    REQUIRE(at.get());
    CHECK(at.connections == 1);
    CHECK(at.outcomes.size() == 302);
    for (const auto& [name, outcome] : at.outcomes) {
        CHECK(outcome.kind == sent);
        CHECK(outcome.stored_as == "");
    }
    std::filesystem::remove_all(at.there / ".netcopy");
    CHECK((contents(at.there.path()) == contents(at.here.path())));
    CHECK(at.wishes->summary().sent == 302);
    CHECK(at.progress.bytes == at.progress.total);
    CHECK(at.progress.active().empty());
    at.client.reset();
    at.stop();
    CHECK(at.served.size() == 302);
}

TEST_CASE("Several connections share what is wished") {
    ShareFixture at;
    at.plan.connections = 3;
    RateLimit rate(
        16 << 20);  // so that the first connection is not done before the others are open
    at.rules.sending = &rate;
    for (int i = 0; i < 24; ++i)
        at.share(std::to_string(i), noise(1 << 20, 1U + static_cast<unsigned>(i)));
    at.serve();
    REQUIRE(at.get());
    CHECK(at.connections == 3);
    CHECK(at.wishes->summary().sent == 24);
    std::filesystem::remove_all(at.there / ".netcopy");
    CHECK((contents(at.there.path()) == contents(at.here.path())));
}

TEST_CASE("Nothing is wished, and the run ends") {
    ShareFixture at;
    at.serve();
    REQUIRE(at.get());
    CHECK(at.wishes->summary().files == 0);
}

TEST_CASE("A file with the bytes that are wished counts as done, whatever its time") {
    ShareFixture at;
    at.share("a", "bytes");
    at.serve();
    write_file(at.here / "a", "bytes");
    REQUIRE(at.get());
    CHECK(at.outcomes["a"].kind == same);
    CHECK(at.wishes->summary().same == 1);
}

TEST_CASE("Another file of that name is kept, numbered or replaced") {
    ShareFixture at;
    at.share("a.txt", "bytes");
    at.serve();
    const std::string mine = GENERATE("BYTES", "other bytes");  // equal size, another size
    write_file(at.here / "a.txt", mine);
    SECTION("never") {
        REQUIRE(at.get(Overwrite::never));
        CHECK(at.outcomes["a.txt"].kind == failed);
        CHECK(at.outcomes["a.txt"].error == Errc::refused);
        CHECK(read_file(at.here / "a.txt") == mine);
        CHECK(at.here.names().size() == 1);
    }
    SECTION("rename") {
        REQUIRE(at.get(Overwrite::rename));
        CHECK(at.outcomes["a.txt"].kind == sent);
        CHECK(at.outcomes["a.txt"].stored_as == "a (2).txt");
        CHECK(read_file(at.here / "a.txt") == mine);
        CHECK(read_file(at.here / "a (2).txt") == "bytes");
        REQUIRE(at.get(Overwrite::rename));
        CHECK(at.here.names().size() == 2);
        // Size and time prove nothing.
        const auto time = std::filesystem::last_write_time(at.here / "a (2).txt");
        write_file(at.here / "a (2).txt", "BYTE5");
        std::filesystem::last_write_time(at.here / "a (2).txt", time);
        REQUIRE(at.get(Overwrite::rename));
        CHECK(read_file(at.here / "a (3).txt") == "bytes");
    }
    SECTION("always") {
        REQUIRE(at.get(Overwrite::always));
        CHECK(at.outcomes["a.txt"].kind == sent);
        CHECK(read_file(at.here / "a.txt") == "bytes");
    }
}

TEST_CASE("A file that is gone or another by now is an error of the share's, the rest arrives") {
    ShareFixture at;
    at.share("gone", "a");
    at.share("other", "b");
    at.share("there", "c");
    at.serve();
    at.list();
    std::filesystem::remove(at.there / "gone");
    write_file(at.there / "other", "something else");
    at.loop.run_until([&] { return !at.folder->find("gone"); });
    at.make_wishes();
    at.wishes->add("gone", md5_hex("a"), 1);
    at.wishes->add("other", md5_hex("b"), 1);
    at.wishes->add("there", md5_hex("c"), 1);
    REQUIRE(at.get_wishes());
    for (const char* name : {"gone", "other"}) {
        CHECK(at.outcomes[name].kind == failed);
        CHECK(at.outcomes[name].error == Errc::connection_lost);
        CHECK(at.outcomes[name].error.context.find(name) != std::string::npos);
    }
    CHECK(at.outcomes["there"].kind == sent);
    CHECK(at.here.names() == std::vector<std::string>{"there"});
}

TEST_CASE("A file that is changed, removed or replaced while it is served does not arrive") {
    ShareFixture at;
    RateLimit rate(8 << 20);
    at.rules.sending = &rate;
    at.share("big", noise(6 << 20));
    at.share("small", "bytes");
    at.serve();
    const std::string what = GENERATE("changed", "removed", "replaced");
    INFO(what);
    at.loop.every(1ms, [&] {
        if (at.progress.bytes < (1 << 20)) return true;
        if (what == "changed") std::filesystem::last_write_time(at.there / "big", {});
        if (what == "removed") std::filesystem::remove(at.there / "big");
        if (what == "replaced") std::filesystem::rename(at.there / "small", at.there / "big");
        return false;
    });
    REQUIRE(at.get());
    CHECK(at.outcomes["big"].kind == failed);
    CHECK(at.outcomes["big"].error == Errc::connection_lost);
    CHECK_FALSE(std::filesystem::exists(at.here / "big"));
}

TEST_CASE("A download goes on where the connection broke") {
    ShareFixture at;
    const std::string big = noise(6 << 20);
    at.share("big", big);
    at.share("small", "bytes");
    at.serve();
    at.plan.retries = 1;  // fruitless ones: a connection that brings a mebibyte is none
    CuttingRelay relay(at.loop, at.endpoint, {2U << 20, 1U << 20, 1200U << 10},
                       CuttingRelay::Cuts::answers);
    at.plan.endpoint = relay.endpoint();
    REQUIRE(at.get());
    CHECK(relay.cuts_left() == 0);
    CHECK(read_file(at.here / "big") == big);
    CHECK(read_file(at.here / "small") == "bytes");
    CHECK(relay.passed() < big.size() + (3 << 20));  // at most 1 MiB twice for each break
    CHECK(at.progress.bytes == at.progress.total);
}

TEST_CASE("A file goes to a stream, also over a connection that breaks") {
    ShareFixture at;
    const std::string big = noise(3 << 20);
    at.share("big", big);
    at.serve();
    CuttingRelay relay(at.loop, at.endpoint, {2U << 20}, CuttingRelay::Cuts::answers);
    at.plan.endpoint = relay.endpoint();
    at.list();
    at.make_wishes();
    const bool right = GENERATE(true, false);
    at.wishes->add("big", right ? md5_hex(big) : md5_hex("other"), big.size());
    std::string out;
    const Tree tree = Tree::to_stream(std::make_shared<OutStream>([&](Bytes bytes) {
        out += as_text(bytes);
        return Result<>();
    }));
    REQUIRE(at.loop.run(at.client->get(*at.wishes, tree, Overwrite::never)));
    if (right) {
        CHECK(at.outcomes["big"].kind == sent);
        CHECK(out == big);
        CHECK(relay.cuts_left() == 0);
    } else {
        CHECK(at.outcomes["big"].error == Errc::connection_lost);  // the share has another by now
        CHECK(out == "");
    }
}

TEST_CASE("A list goes on behind the last name when the connection broke") {
    ShareFixture at;
    for (int i = 0; i < 600; ++i) at.share("file" + std::to_string(i), std::to_string(i));
    at.serve();
    CuttingRelay relay(at.loop, at.endpoint, {60'000}, CuttingRelay::Cuts::answers);
    at.plan.endpoint = relay.endpoint();
    const auto files = at.list();
    CHECK(relay.cuts_left() == 0);
    CHECK(files.size() == 600);
    for (std::size_t i = 1; i < files.size(); ++i) CHECK(files[i - 1].name < files[i].name);
}

TEST_CASE("An upload is confirmed with the digests of what was stored, and listed at once") {
    ShareFixture at;
    at.serve();
    CHECK(at.list().empty());
    const auto outcome = at.put("a b.txt", "bytes");
    CHECK(outcome.kind == sent);
    CHECK(outcome.digests ==
          Digests{{DigestKind::sha256, sha256_hex("bytes")}, {DigestKind::md5, md5_hex("bytes")}});
    CHECK(outcome.stored_as == "");
    CHECK(at.connections == 1);  // that of the list
    const auto files = at.list();
    REQUIRE(files.size() == 1);
    CHECK(files[0].md5 == md5_hex("bytes"));
    CHECK(files[0].sha256 == sha256_hex("bytes"));
    REQUIRE(at.received.size() == 1);
    CHECK(at.received[0].name == "a b.txt");
}

TEST_CASE("An upload under a name that is taken is stored beside it, the same bytes once") {
    ShareFixture at;
    at.share("a.txt", "first");
    at.serve();
    auto outcome = at.put("a.txt", "other");  // equal size
    CHECK(outcome.kind == sent);
    CHECK(outcome.stored_as == "a (2).txt");
    outcome = at.put("a.txt", "longer than that");
    CHECK(outcome.stored_as == "a (3).txt");
    outcome = at.put("a.txt", "first");
    CHECK(outcome.kind == same);
    outcome = at.put("a.txt", "longer than that");
    CHECK(outcome.stored_as == "a (3).txt");
    CHECK(at.names_there() == std::vector<std::string>{"a (2).txt", "a (3).txt", "a.txt"});
    CHECK(read_file(at.there / "a.txt") == "first");
}

TEST_CASE("A share that is read-only, full or fussy takes no upload") {
    ShareFixture at;
    Quota quota(100, 98);
    const std::string what = GENERATE("read-only", "size", "quota", "own");
    INFO(what);
    if (what == "read-only") at.rules.read_only = true;
    if (what == "size") at.rules.max_size = 4;
    if (what == "quota") at.rules.quota = &quota;
    at.serve();
    const auto outcome = at.put(what == "own" ? ".netcopy" : "a", "bytes");
    CHECK(outcome.kind == failed);
    CHECK(outcome.error == Errc::refused);
    if (what == "read-only") CHECK(outcome.error.context.find(what) != std::string::npos);
    CHECK(at.names_there().empty());
    CHECK(at.list().empty());
}

TEST_CASE("Folders and links have no place in a share, and files in them neither") {
    ShareFixture at;
    at.serve();
    std::filesystem::create_directories(at.here / "tree/empty");
    write_file(at.here / "tree/a", "bytes");
    std::filesystem::create_symlink("a", at.here / "tree/link");
    std::map<std::string, CopyOutcome> outcomes;
    CopyQueue queue(
        TreeWalk({at.here / "tree"}, WalkOptions{true, true, {}}), at.progress,
        [&](const CopyItem& item, const CopyOutcome& made) { outcomes[item.name] = made; });
    CopySendPlan sending;
    sending.endpoint = at.endpoint;
    sending.stall = {10s};
    CopySend send(sending, at.disk, queue);
    REQUIRE(at.loop.run(send.connect()));
    REQUIRE(at.loop.run(send.run()));
    CHECK(outcomes.size() == 4);
    for (const auto& [name, outcome] : outcomes) {
        CHECK(outcome.kind == failed);
        CHECK(outcome.error == Errc::refused);
    }
    CHECK(at.names_there().empty());
}

TEST_CASE("A file with the MD5 of another and other bytes is refused as a collision") {
    const auto [one, other] = md5_collision();
    REQUIRE(md5_hex(one) == md5_hex(other));
    REQUIRE(one != other);
    ShareFixture at;
    at.share("one", one);
    at.serve();
    const auto outcome = at.put("other", other);
    CHECK(outcome.kind == failed);
    CHECK(outcome.error == Errc::refused);
    CHECK(outcome.error.context.find("collision") != std::string::npos);
    CHECK(at.names_there() == std::vector<std::string>{"one"});
    CHECK(read_file(at.there / "one") == one);
}

TEST_CASE("Of two files that collide and wait for one commit the second is refused") {
    const auto [one, other] = md5_collision();
    ShareFixture at;
    at.serve();
    write_file(at.here / "one", one);
    write_file(at.here / "other", other);
    const auto outcomes = at.put({at.here / "one", at.here / "other"});
    CHECK(outcomes[0].kind == sent);
    CHECK(outcomes[1].kind == failed);
    CHECK(outcomes[1].error == Errc::refused);
    CHECK(outcomes[1].error.context.find("collision") != std::string::npos);
    CHECK(at.names_there() == std::vector<std::string>{"one"});
    // What was claimed until the commit is let go.
    std::filesystem::remove(at.there / "one");
    at.loop.run_until([&] { return at.folder->count() == 0; });
    CHECK(at.put({at.here / "other"}).front().kind == sent);
}

TEST_CASE("Two files of one name that wait for one commit get two names") {
    ShareFixture at;
    at.serve();
    std::filesystem::create_directory(at.here / "a");
    std::filesystem::create_directory(at.here / "b");
    write_file(at.here / "a/name", "one");
    write_file(at.here / "b/name", "another");
    const auto outcomes = at.put({at.here / "a/name", at.here / "b/name"});
    CHECK(outcomes[0].kind == sent);
    CHECK(outcomes[1].kind == sent);
    CHECK(outcomes[1].stored_as == "name (2)");
    CHECK(at.names_there() == std::vector<std::string>{"name", "name (2)"});
    CHECK(read_file(at.there / "name") == "one");
}

TEST_CASE("A server that stops lets a download that is under way finish") {
    ShareFixture at;
    RateLimit rate(16 << 20);
    at.rules.sending = &rate;
    const std::string big = noise(4 << 20);
    at.share("big", big);
    at.serve();
    at.loop.every(1ms, [&] {
        if (at.progress.bytes < (1 << 20)) return true;
        at.begin_to_stop();
        return false;
    });
    at.plan.retries = 0;
    (void)at.get();  // the end of the conversation may have come too early
    CHECK(read_file(at.here / "big") == big);
    CHECK(at.outcomes["big"].kind == sent);
}

}  // namespace netcopy::test
