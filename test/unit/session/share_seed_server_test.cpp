// The share's side of the seed's protocol: what the golden transcripts cannot say.

#include <unistd.h>

#include <fstream>
#include <set>

#include "test/unit/session/share_seed_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = ShareSeedFixture;

namespace {

/// Two blocks with the same MD5 (X. Wang and others, 2004).
std::string collision(bool other) {
    const std::string digits =
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e4888325"
        "71415a085125e8f7cdc99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd0239"
        "6306d248cda0e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70";
    const std::set<std::size_t> flipped{19, 45, 59, 83, 109, 123};
    std::string bytes;
    for (std::size_t i = 0; i < digits.size() / 2; ++i) {
        const int byte = std::stoi(digits.substr(2 * i, 2), nullptr, 16);
        bytes += static_cast<char>(byte ^ (other && flipped.contains(i) ? 0x80 : 0));
    }
    return bytes;
}

std::string refused(const std::string& why) { return "Refused: " + why; }

}  // namespace

TEST_CASE("an upload of any size is stored, known and answered with its MD5") {
    for (const std::size_t size : {0UL, 1UL, 300'000UL, 3'000'000UL}) {
        INFO(size << " bytes");
        Fixture of;
        of.serve();
        const std::string content = sample(size);
        of.upload("a.bin", content);
        CHECK(of.names() == Names{"a.bin"});
        const bool same = of.content("a.bin") == content;
        CHECK(same);
        const auto found = of.shared->find("a.bin");
        REQUIRE(found);
        CHECK(found->sha256 == digest_of(DigestKind::sha256, content));
        REQUIRE(of.received.size() == 1);
        CHECK(of.received[0].outcome);
        CHECK(of.received[0].name == "a.bin");
        CHECK(of.received[0].size == size);
        CHECK(of.received[0].bytes == size);
        CHECK(of.received[0].protocol == std::string("seed"));
        const bool came_back = of.download(md5_of(content), size) == content;
        CHECK(came_back);
        of.say("LIST_FILES");
        of.expect(md5_of(content) + ";a.bin;" + std::to_string(size));
        CHECK(of.served.size() == 1);
    }
}

TEST_CASE("a share that is asked byte by byte answers the same") {
    Fixture of;
    of.serve();
    const auto slowly = [&](const std::string& text) {
        for (const char c : text) of.say(std::string(1, c));
    };
    slowly("UPLOAD");
    of.expect(asks_details);
    slowly("a b.txt;12");
    of.expect(ready);
    slowly("EOFDONE\nEOF\n");
    const std::string id = md5_of("EOFDONE\nEOF\n");
    of.expect(id);
    slowly("EOF\nLIST FILE");
    of.expect(id + ";a b.txt;12");
    slowly("DOWNLOAD");
    of.expect(asks_id);
    slowly(id);
    of.expect("EOFDONE\nEOF\n");
}

TEST_CASE("the prompt and the MD5 of an empty file do not come in one piece") {
    Fixture of;
    of.serve();
    of.say("UPLOAD");
    of.expect(asks_details);
    of.say("empty;0");
    CHECK(of.at.hear(1) == ready.substr(0, 1));
    const auto prompted = Clock::now();
    of.expect(ready.substr(1));
    of.expect(md5_of(""));
    CHECK(Clock::now() - prompted >= 150ms);
}

TEST_CASE("a long list has a line end between two lines wherever it is cut into sends") {
    Fixture of;
    std::string expected;
    for (int i = 1000; i < 2600; ++i) {
        const std::string name = std::to_string(i) + std::string(200, 'n');
        write_file(of.root / name, "hello\n");
        if (!expected.empty()) expected += '\n';
        expected += md5_of("hello\n") + ";" + name + ";6";
    }
    REQUIRE(expected.size() > 300'000);
    of.serve();
    of.say("LIST_FILES");
    const bool same = of.at.hear(expected.size()) == expected;
    CHECK(same);
    of.say("DISCONNECT");
    CHECK(of.at.hear_all() == "");
}

TEST_CASE("names that a list cannot have are left out of it and nowhere else") {
    Fixture of;
    for (const char* name : {"a;b", "c", "d\ne", "\r"}) write_file(of.root / name, name);
    of.serve();
    of.say("LIST_FILES");
    of.expect(md5_of("c") + ";c;1");
    CHECK(of.download(md5_of("a;b"), 3) == "a;b");
}

TEST_CASE(
    "an id that nobody has, and what is no id, end the connection by a reset without a word") {
    for (const std::string& id : {md5_of("x"), std::string("a.txt"), std::string(32, 'g')}) {
        Fixture of;
        of.serve();
        of.upload("a.txt", "hello\n");
        of.say("DOWNLOAD");
        of.expect(asks_id);
        of.say(id);
        CHECK(of.ends_by_reset());
        of.finish();
        REQUIRE(of.served.size() == 1);
        CHECK_FALSE(of.served[0].outcome);
    }
}

TEST_CASE("a file that changed or went since it was listed is not sent") {
    for (const bool removed : {false, true}) {
        Fixture of;
        of.serve();
        of.upload("a.txt", "hello\n");
        // Before the folder's watch can have told.
        if (removed) {
            std::filesystem::remove(of.root / "a.txt");
        } else {
            write_file(of.root / "a.txt", "jello, and more");
        }
        of.at.say("DOWNLOAD");
        of.expect(asks_id);
        of.at.say(md5_of("hello\n"));
        CHECK(of.ends_by_reset());
    }
}

TEST_CASE("a file that changes, or goes, while it is sent does not arrive whole") {
    enum class Change { content, grown, removed, replaced };
    const std::string content = sample(24 << 20);
    for (const Change change :
         {Change::content, Change::grown, Change::removed, Change::replaced}) {
        INFO("change " << static_cast<int>(change));
        Fixture of;
        write_file(of.root / "a.bin", content);
        of.serve();
        std::string heard = of.download(md5_of(content), 100'000);
        REQUIRE(heard.size() == 100'000);
        if (change == Change::removed) std::filesystem::remove(of.root / "a.bin");
        if (change == Change::replaced) {
            write_file(of.root / "b", "b");
            std::filesystem::rename(of.root / "b", of.root / "a.bin");
        }
        if (change == Change::content) {
            std::fstream file(of.root / "a.bin", std::ios::in | std::ios::out);
            file.seekp(23 << 20);
            file << "other";
        }
        if (change == Change::grown) std::ofstream(of.root / "a.bin", std::ios::app) << "more";
        error_code reset;
        heard += of.at.hear_all(&reset);
        CHECK(reset);
        CHECK(heard.size() < content.size());
        of.finish();
        REQUIRE(of.served.size() == 1);
        CHECK(of.served[0].outcome.has_error());
    }
}

TEST_CASE("a client that leaves within an upload leaves nothing, and the quota is given back") {
    for (const bool resets : {false, true}) {
        Fixture of;
        Quota quota(100, 0);
        of.rules.quota = &quota;
        of.serve();
        of.say("UPLOAD");
        of.expect(asks_details);
        of.say("a;100\n");
        of.expect(ready);
        of.say("some");
        if (resets) {
            of.at.reset();
        } else {
            of.at.end();
            CHECK(of.at.hear_all() == "");
        }
        of.finish();
        CHECK(of.names().empty());
        CHECK(quota.reserve(100));
        REQUIRE(of.received.size() == 1);
        REQUIRE(of.received[0].outcome.has_error());
        CHECK(of.received[0].outcome.error() == Errc::connection_lost);
        CHECK(of.received[0].outcome.error().context.find("of 100 bytes came") !=
              std::string::npos);
    }
}

TEST_CASE("a client that stalls within an upload, or between two messages, is given up") {
    Fixture of;
    of.rules.stall = {200ms};
    of.serve();
    of.say("UPLOAD");
    of.expect(asks_details);
    of.say("a;100\n");
    of.expect(ready);
    of.say("some");
    CHECK(of.at.hear_all() == "");
    of.finish();
    CHECK(of.received.at(0).outcome.error() == Errc::timed_out);
    CHECK(of.names().empty());

    for (const std::string said : {"", "UPLO", "UPLOAD", "DOWNLOAD"}) {
        INFO(said);
        Fixture other;
        other.times = {200ms, 200ms};
        other.serve();
        if (!said.empty()) other.say(said);
        other.at.hear_all();
        CHECK(other.finish_for_error() == make_error_code(Errc::timed_out));
    }
}

TEST_CASE("a read-only share takes nothing and gives everything") {
    Fixture of;
    write_file(of.root / "a", "hello\n");
    of.rules.read_only = true;
    of.serve();
    CHECK(of.download(md5_of("hello\n"), 6) == "hello\n");
    of.say("UPLOAD");
    CHECK(of.at.hear_all() == refused("this share is read-only"));
    CHECK(of.names() == Names{"a"});
}

TEST_CASE(
    "a file that is too large for the share, or for its quota, is refused ahead of its bytes") {
    for (const bool by_quota : {false, true}) {
        Fixture of;
        Quota quota(10, 4);
        if (by_quota) {
            of.rules.quota = &quota;
        } else {
            of.rules.max_size = 6;
        }
        of.serve();
        of.upload("fits", "hello\n");
        of.say("UPLOAD");
        of.expect(asks_details);
        of.say("more;7\n");
        CHECK(of.at.hear_all() ==
              refused(by_quota ? "there is no room for it" : "the file is too large"));
        of.at.peer.close();
        of.finish();
        CHECK(of.names() == Names{"fits"});
        CHECK(of.received.at(1).outcome.error() == Errc::refused);
    }
}

TEST_CASE("equal bytes use up no quota a second time") {
    Fixture of;
    Quota quota(12, 0);
    of.rules.quota = &quota;
    of.serve();
    for (int i = 0; i < 4; ++i) of.upload("a", "hello\n");
    CHECK(of.names() == Names{"a"});
    CHECK(of.received.at(3).was_there);
    of.upload("a", "other\n");
    CHECK(of.names() == Names{"a", "a (2)"});
    CHECK_FALSE(quota.reserve(1));
}

TEST_CASE("a file with the MD5 of another one is refused as a collision") {
    Fixture of;
    REQUIRE(md5_of(collision(false)) == md5_of(collision(true)));
    REQUIRE(collision(false) != collision(true));
    of.serve();
    of.upload("one", collision(false));
    of.say("UPLOAD");
    of.expect(asks_details);
    of.say("two;128\n");
    of.expect(ready);
    of.say(collision(true));
    CHECK(of.at.hear_all() == refused("its MD5 is that of another file"));
    of.at.peer.close();
    of.finish();
    CHECK(of.names() == Names{"one"});
    const bool kept = of.content("one") == collision(false);
    CHECK(kept);
    CHECK(of.received.at(1).outcome.error() == Errc::refused);
}

TEST_CASE("a folder that cannot be written to refuses an upload and stays") {
    if (::geteuid() == 0) return;  // who may write everywhere
    Fixture of;
    of.serve();
    std::filesystem::permissions(of.root, std::filesystem::perms(0555));
    of.say("UPLOAD");
    of.expect(asks_details);
    of.say("a;1\n");
    CHECK(of.at.hear_all() == refused("the server cannot store it"));
    std::filesystem::permissions(of.root, std::filesystem::perms(0755));
}

TEST_CASE("what lies in the way of an upload stays as it is") {
    Fixture of;
    std::filesystem::create_directory(of.root / "folder");
    std::filesystem::create_symlink("/etc/passwd", of.root / "link");
    of.serve();
    of.upload("folder", "hello\n");
    of.upload("link", "hello\n");
    CHECK(of.names() == Names{"folder", "folder (2)", "link", "link (2)"});
    CHECK(std::filesystem::is_empty(of.root / "folder"));
    CHECK(std::filesystem::is_symlink(of.root / "link"));
}

TEST_CASE("a share that stops ends a client that asks nothing, and lets an upload end") {
    Fixture of;
    of.serve();
    of.upload("a", "hello\n");
    of.loop.poll();
    of.at.stream.stop_when_idle();
    CHECK(of.at.hear_all() == "");
    of.finish();

    Fixture other;
    other.serve();
    other.say("UPLOAD");
    other.expect(asks_details);
    other.say("a;6\n");
    other.expect(ready);
    other.at.stream.stop_when_idle();
    other.say("hello\n");
    CHECK(other.at.hear_all() == md5_of("hello\n"));
    other.finish();
    CHECK(other.names() == Names{"a"});
}
