// The receiver of the transfer protocol with peers that do as the document says, and others.

#include "test/unit/session/transfer_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = TransferFixture;
using wire::TransferDigest;

namespace {

const std::string verified = "File received successfully - MD5 verified";
const std::string incomplete = "File transfer failed: Incomplete transfer";
const std::string separator = "<SEPARATOR>";

bool is_stamped(const std::string& name, const std::string& original) {
    // %Y%m%d_%H%M%S_
    constexpr std::string_view form = "dddddddd_dddddd_";
    if (name.size() < form.size() || name.substr(form.size()) != original) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = name[i] >= '0' && name[i] <= '9';
        if (form[i] == 'd' ? !digit : name[i] != form[i]) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("a transferred file of any size arrives, is verified and answered by the sentence") {
    for (const std::size_t size : {0UL, 1UL, 300'000UL, 3'000'000UL}) {
        INFO(size << " bytes");
        Fixture of;
        const std::string content = sample(size);
        const TransferReceived received =
            of.receive_from_peer({transfer_header("a.bin", content), content});
        REQUIRE(received.outcome);
        CHECK(of.heard == verified);
        CHECK(of.names() == Names{"a.bin"});
        const bool same = of.content("a.bin") == content;
        CHECK(same);
        CHECK(received.name == "a.bin");
        CHECK(received.size == size);
        CHECK(received.bytes == size);
        CHECK(received.kind == TransferDigest::md5);
        CHECK(received.digests == Digests{{DigestKind::md5, digest_of(DigestKind::md5, content)}});
        CHECK(of.progress.bytes == size);
        CHECK(of.progress.total == size);
        CHECK(of.passed() < 5s);
    }
}

TEST_CASE("a transfer that was read ahead before the session began is whole") {
    Fixture of;
    of.at.say(transfer_header("a", "abc") + "abc");
    of.loop.run(of.at.stream.fill(wire::transfer_header_limit));
    const auto receiving = of.receive();
    CHECK(of.at.hear_all() == verified);
    of.at.peer.close();
    CHECK(of.finish(receiving).outcome);
    CHECK(of.content("a") == "abc");
}

TEST_CASE("a transfer may be cut at every byte") {
    const std::string all = transfer_header("a", "hello\n") + "hello\n";
    for (std::size_t cut = 1; cut < all.size(); ++cut) {
        INFO("cut behind byte " << cut);
        Fixture of;
        REQUIRE(of.receive_from_peer({all.substr(0, cut), all.substr(cut)}).outcome);
        CHECK(of.heard == verified);
        CHECK(of.content("a") == "hello\n");
    }
}

TEST_CASE("a transfer may come byte by byte") {
    for (const DigestKind kind : {DigestKind::md5, DigestKind::sha1, DigestKind::sha256}) {
        Fixture of;
        std::vector<std::string> pieces;
        for (const char c : transfer_header("a", "0123abc\n", kind) + "0123abc\n") {
            pieces.emplace_back(1, c);
        }
        REQUIRE(of.receive_from_peer(pieces).outcome);
        CHECK(of.content("a") == "0123abc\n");
    }
}

TEST_CASE("a file of hex digits is told from the rest of a longer digest, however it is cut") {
    struct Case {
        DigestKind kind;
        std::size_t size;
        bool joined;
    };
    const std::string digits = "0123456789abcdefABCDEF00112233445566778899";
    for (const auto& [kind, size, joined] :
         {Case{DigestKind::md5, 1, true}, Case{DigestKind::md5, 8, true},
          Case{DigestKind::md5, 8, false}, Case{DigestKind::md5, 32, true},
          Case{DigestKind::md5, 42, false}, Case{DigestKind::sha1, 23, true},
          Case{DigestKind::sha1, 24, true}, Case{DigestKind::sha1, 42, false},
          Case{DigestKind::sha256, 42, true}}) {
        INFO(size << " digits behind " << to_string(kind) << (joined ? ", joined" : ""));
        const std::string content = digits.substr(0, size);
        const std::string head = transfer_header("a", content, kind);
        Fixture of;
        const auto received =
            joined ? of.receive_from_peer({head + content}) : of.receive_from_peer({head, content});
        REQUIRE(received.outcome);
        CHECK(of.content("a") == content);
        CHECK(received.bytes == size);
        CHECK(of.names() == Names{"a"});
    }
}

TEST_CASE("a large file that begins with hex digits is put together again") {
    Fixture of;
    const std::string content = "d41d8cd98f00b204e9800998ecf8427e  a\n" + sample(2'000'000);
    const auto received = of.receive_from_peer({transfer_header("a", content) + content});
    REQUIRE(received.outcome);
    CHECK(received.kind == TransferDigest::md5);
    const bool same = of.content("a") == content;
    CHECK(same);
}

TEST_CASE("a file that differs is a mismatch, kept apart, and spares an older one") {
    for (const auto& [kind, name] :
         {std::pair{DigestKind::md5, "MD5"}, std::pair{DigestKind::sha1, "SHA-1"},
          std::pair{DigestKind::sha256, "SHA-256"}}) {
        Fixture of;
        of.rules.existing = Existing::replace;
        write_file(of.root / "a", "older");
        const auto received = of.receive_from_peer({transfer_header("a", "abc\n", kind), "abd\n"});
        check_failed(received, Errc::corrupted);
        CHECK(of.heard == "File transfer failed: " + std::string(name) + " mismatch");
        CHECK(of.content("a") == "older");
        CHECK(of.content("a.corrupted") == "abd\n");
        CHECK(received.outcome.error().context.find("a.corrupted") != std::string::npos);
        CHECK(received.outcome.error().context.find(of.at.stream.peer()) != std::string::npos);
        CHECK(received.digests == Digests{{kind, digest_of(kind, "abd\n")}});
    }
}

TEST_CASE("what is kept apart replaces what was before, unless every file is to stay") {
    for (const Existing existing : {Existing::keep, Existing::replace, Existing::rename}) {
        Fixture of;
        of.rules.existing = existing;
        write_file(of.root / "a.corrupted", "older");
        check_failed(of.receive_from_peer({transfer_header("a", "abc\n"), "abd\n"}),
                     Errc::corrupted);
        if (existing == Existing::rename) {
            CHECK(of.names() == Names{"a (2).corrupted", "a.corrupted"});
            CHECK(of.content("a.corrupted") == "older");
            CHECK(of.content("a (2).corrupted") == "abd\n");
        } else {
            CHECK(of.names() == Names{"a.corrupted"});
            CHECK(of.content("a.corrupted") == "abd\n");
        }
    }
}

TEST_CASE("a sender that ends early is incomplete, and what came is kept apart") {
    Fixture of;
    const auto received = of.receive_from_peer({transfer_header("a", "hello\n"), "hel"}, true);
    check_failed(received, Errc::connection_lost);
    CHECK(of.heard == incomplete);
    CHECK(received.bytes == 3);
    CHECK(received.size == 6);
    CHECK(of.names() == Names{"a.corrupted"});
    CHECK(of.content("a.corrupted") == "hel");
}

TEST_CASE("what came in part has its digest in the kind that was announced") {
    Fixture of;
    const auto received =
        of.receive_from_peer({transfer_header("a", sample(100), DigestKind::sha256), "hel"}, true);
    check_failed(received, Errc::connection_lost);
    CHECK(received.digests == Digests{{DigestKind::sha256, digest_of(DigestKind::sha256, "hel")}});
}

TEST_CASE("a sender that resets leaves what came apart") {
    Fixture of;
    const auto receiving = of.receive();
    of.at.say(transfer_header("a", "hello\n") + "\nhe");
    of.loop.run_until([&] { return of.progress.bytes == 3; });
    of.at.reset();
    check_failed(of.finish(receiving), Errc::connection_lost);
    CHECK(of.names() == Names{"a.corrupted"});
}

TEST_CASE("a sender that stalls is timed out, in the header as in the file") {
    Fixture of;
    of.rules.stall = {300ms};
    const auto received = of.receive_from_peer({transfer_header("a", "hello\n"), "hel"});
    check_failed(received, Errc::timed_out);
    CHECK(of.heard == incomplete);
    CHECK(of.content("a.corrupted") == "hel");
    Fixture other;
    other.rules.header = 300ms;
    check_failed(other.receive_from_peer({"hello.txt<SEP"}), Errc::timed_out);
    CHECK(other.names().empty());
}

TEST_CASE("a header that trickles is cut off at its deadline") {
    Fixture of;
    of.rules.header = 500ms;
    const auto receiving = of.receive();
    of.loop.every(50ms, [&] {
        error_code gone;
        asio::write(of.at.peer, asio::buffer("a", 1), gone);
        return !receiving->done && !gone;
    });
    check_failed(of.finish(receiving), Errc::timed_out);
    CHECK(of.passed() < 5s);
}

TEST_CASE("a sender that says nothing is told from one that breaks off in its header") {
    Fixture of;
    const auto nothing = of.receive_from_peer({}, true);
    check_failed(nothing, Errc::connection_lost);
    CHECK(nothing.outcome.error().context.find("nothing") != std::string::npos);
    CHECK(nothing.name == "");
    Fixture other;
    check_failed(other.receive_from_peer({"a<SEPARATOR>6<SEPARATOR>b19"}, true),
                 Errc::connection_lost);
    CHECK(other.names().empty());
}

TEST_CASE("what is no header is refused with a sentence") {
    for (const char* bytes : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n<SEPARATOR>x",
                              "a<SEPARATOR>-1<SEPARATOR>", "a<SEPARATOR>6<SEPARATOR>xyz"}) {
        INFO(bytes);
        Fixture of;
        check_failed(of.receive_from_peer({bytes}), Errc::protocol);
        CHECK(of.heard.starts_with("File transfer failed: "));
        CHECK(of.names().empty());
    }
}

TEST_CASE("a name that leads elsewhere is cut to its last component, or refused") {
    Fixture of;
    CHECK(of.receive_from_peer({transfer_header("../../up/a.txt", "abc\n"), "abc\n"}).outcome);
    CHECK(of.names() == Names{"a.txt"});
    for (const char* path : {"..", ".", "", "a/", "a/..", "C:\\", ".a.netcopy-0123456789abcdef"}) {
        INFO(path);
        Fixture other;
        const auto received = other.receive_from_peer({transfer_header(path, "abc\n"), "abc\n"});
        check_failed(received, Errc::refused);
        CHECK(other.heard == "File transfer failed: the name is not allowed");
        CHECK(other.names().empty());
    }
}

TEST_CASE("control bytes of a name are kept on disk and escaped in words") {
    Fixture of;
    const auto received = of.receive_from_peer({transfer_header("a\x1b[2J\n", "abc\n"), "abd\n"});
    check_failed(received, Errc::corrupted);
    CHECK(received.outcome.error().context.find("a\\x1b[2J\\x0a") != std::string::npos);
    CHECK(received.outcome.error().context.find('\x1b') == std::string::npos);
}

TEST_CASE("a file larger than allowed is refused before a byte of it is awaited") {
    Fixture of;
    of.rules.max_size = 5;
    const auto received = of.receive_from_peer({transfer_header("a", "hello\n") + "\n"});
    check_failed(received, Errc::refused);
    CHECK(of.heard == "File transfer failed: the file is too large");
    CHECK(of.names().empty());
    Fixture huge;
    const std::string md5 = digest_of(DigestKind::md5, "");
    check_failed(
        huge.receive_from_peer({"a<SEPARATOR>9223372036854775807<SEPARATOR>" + md5 + "\n"}),
        Errc::refused);
    CHECK(huge.heard == "File transfer failed: there is no room for it");
    CHECK(huge.names().empty());
}

TEST_CASE(
    "a quota is reserved while a file comes, used up by one that stays, and given back else") {
    Quota quota(10, 0);
    Fixture of;
    of.rules.quota = &quota;
    REQUIRE(of.receive_from_peer({transfer_header("a", "hello\n"), "hello\n"}).outcome);
    CHECK_FALSE(quota.reserve(5));
    Fixture second;
    second.rules.quota = &quota;
    check_failed(second.receive_from_peer({transfer_header("b", "hello\n"), "hello\n"}),
                 Errc::refused);
    CHECK(second.heard == "File transfer failed: there is no room for it");
    Fixture third;
    third.rules.quota = &quota;
    check_failed(third.receive_from_peer({transfer_header("c", "abc\n") + "\n"}, true),
                 Errc::connection_lost);
    Fixture fourth;
    fourth.rules.quota = &quota;
    const auto receiving = fourth.receive();
    fourth.at.say(transfer_header("d", "abc\n"));
    fourth.at.reset();
    check_failed(fourth.finish(receiving), Errc::connection_lost);
}

TEST_CASE("a quota counts a file once, whichever way its header is read") {
    Quota quota(12, 0);
    Fixture of;
    of.rules.quota = &quota;
    CHECK(of.receive_from_peer({"a" + separator + "1", "2", "hello world\n"}, true).outcome);
    CHECK_FALSE(quota.reserve(1));
}

TEST_CASE("an existing file stays, is replaced, or gets a neighbour, as the rules say") {
    const std::vector<std::string> pieces = {transfer_header("a.txt", "abc\n"), "abc\n"};
    Fixture keep;
    write_file(keep.root / "a.txt", "older");
    const auto refused = keep.receive_from_peer({pieces[0] + "\n"});  // before the file comes
    check_failed(refused, Errc::refused);
    CHECK(keep.heard == "File transfer failed: another file of that name is there");
    CHECK(keep.content("a.txt") == "older");
    CHECK(keep.names() == Names{"a.txt"});

    Fixture other_content;  // of the same size: only the digest tells
    write_file(other_content.root / "a.txt", "abd\n");
    check_failed(other_content.receive_from_peer(pieces), Errc::refused);
    CHECK(other_content.heard == "File transfer failed: another file of that name is there");
    CHECK(other_content.content("a.txt") == "abd\n");

    Fixture same;
    write_file(same.root / "a.txt", "abc\n");
    const auto there = same.receive_from_peer(pieces);
    REQUIRE(there.outcome);
    CHECK(there.same);
    CHECK(same.heard == verified);
    CHECK(same.names() == Names{"a.txt"});

    Fixture replace;
    replace.rules.existing = Existing::replace;
    write_file(replace.root / "a.txt", "older");
    REQUIRE(replace.receive_from_peer(pieces).outcome);
    CHECK(replace.content("a.txt") == "abc\n");

    Fixture rename;
    rename.rules.existing = Existing::rename;
    write_file(rename.root / "a.txt", "older");
    const auto renamed = rename.receive_from_peer(pieces);
    REQUIRE(renamed.outcome);
    CHECK(renamed.name == "a (2).txt");
    CHECK(rename.content("a (2).txt") == "abc\n");
    CHECK(rename.content("a.txt") == "older");
}

TEST_CASE("a folder or link of the file's name is in the way and stays") {
    for (const Existing existing : {Existing::keep, Existing::replace}) {
        Fixture of;
        of.rules.existing = existing;
        std::filesystem::create_directory(of.root / "a");
        check_failed(of.receive_from_peer({transfer_header("a", "abc\n"), "abc\n"}), Errc::refused);
        CHECK(std::filesystem::is_directory(of.root / "a"));
    }
    Fixture of;
    write_file(of.folder / "outside", "abc\n");
    std::filesystem::create_symlink(of.folder / "outside", of.root / "a");
    check_failed(of.receive_from_peer({transfer_header("a", "abc\n"), "abc\n"}), Errc::refused);
    CHECK(read_file(of.folder / "outside") == "abc\n");
}

TEST_CASE("a stamped name has the time in front, and two of a second both stay") {
    Fixture of;
    of.rules.stamp = true;
    std::string begun;
    of.rules.begun = [&](const std::string& name, std::uint64_t size) {
        begun = name + " " + std::to_string(size);
    };
    const auto first = of.receive_from_peer({transfer_header("a.txt", "abc\n"), "abc\n"});
    REQUIRE(first.outcome);
    CHECK(is_stamped(first.name, "a.txt"));
    CHECK(begun == first.name + " 4");
    CHECK(of.names() == Names{first.name});

    Fixture longest;
    longest.rules.stamp = true;
    const std::string path(240, 'a');
    check_failed(longest.receive_from_peer({transfer_header(path, "abc\n"), "abc\n"}),
                 Errc::refused);
    CHECK(longest.heard == "File transfer failed: the name is not allowed");

    // Whichever second it is, the name is taken already.
    Fixture taken;
    taken.rules.stamp = true;
    for (std::time_t time = std::time(nullptr), end = time + 20; time < end; ++time) {
        char name[64];
        std::strftime(name, sizeof name, "%Y%m%d_%H%M%S_a.txt", std::localtime(&time));
        write_file(taken.root / name, "older");
    }
    const auto second = taken.receive_from_peer({transfer_header("a.txt", "abc\n"), "abc\n"});
    REQUIRE(second.outcome);
    CHECK(second.name.ends_with("_a (2).txt"));
    CHECK(taken.content(second.name) == "abc\n");
    CHECK(taken.names().size() == 21);
}

TEST_CASE("a sender without digest gets no answer, and the end of file is its size or its end") {
    for (const bool ends : {true, false}) {
        INFO((ends ? "it ends" : "it keeps the connection open"));
        Fixture of;
        const auto received = of.receive_from_peer({"a" + separator + "6", "hello\n"}, ends);
        REQUIRE(received.outcome);
        CHECK(of.heard == "");
        CHECK(of.content("a") == "hello\n");
        CHECK(received.kind == TransferDigest::none);
        CHECK(received.digests ==
              Digests{{DigestKind::md5, digest_of(DigestKind::md5, "hello\n")}});
    }
}

TEST_CASE("a sender without digest may reset behind its file") {
    Fixture of;
    const auto receiving = of.receive();
    of.at.say("a" + separator + "6hello\n");
    of.loop.run_until([&] { return of.progress.bytes == 6; });
    of.at.reset();
    REQUIRE(of.finish(receiving).outcome);
    CHECK(of.content("a") == "hello\n");
}

TEST_CASE("without a digest too a file is whole only when its size fits") {
    Fixture less;
    check_failed(less.receive_from_peer({"a" + separator + "6", "hel"}, true),
                 Errc::connection_lost);
    CHECK(less.heard == "");
    CHECK(less.names() == Names{"a.corrupted"});
    Fixture more;
    check_failed(more.receive_from_peer({"a" + separator + "6", "hello\nworld\n"}, true),
                 Errc::corrupted);
    CHECK(more.heard == "");
    CHECK(more.names() == Names{"a.corrupted"});
}

TEST_CASE("without a digest a file that begins with digits is told by where its segment began") {
    for (const char* text : {"3.14159", "20240101", "000000000000000000000000000000", "7"}) {
        INFO(text);
        const std::string content = text;
        Fixture of;
        const auto received =
            of.receive_from_peer({"a" + separator + std::to_string(content.size()), content}, true);
        REQUIRE(received.outcome);
        CHECK(of.content("a") == content);
        CHECK(received.size == content.size());
    }
}

TEST_CASE("a header without a digest may be cut within the digits of its size") {
    Fixture of;
    const auto received = of.receive_from_peer({"a" + separator + "1", "2", "hello world\n"}, true);
    REQUIRE(received.outcome);
    CHECK(of.content("a") == "hello world\n");
}

TEST_CASE("a pause within the digits of a size does not make a shorter file of it") {
    Fixture of;
    const auto receiving = of.receive();
    for (const char* piece : {"a<SEPARATOR>1", "2"}) {
        of.at.say(piece);
        of.loop.poll();
    }
    // The header ends by the pause; what was read then is looked at and not believed.
    bool waited = false;
    of.loop.after(900ms, [&] { waited = true; });
    of.loop.run_until([&] { return waited; });
    CHECK_FALSE(receiving->done);
    of.at.say("hello world\n");
    of.at.end();
    REQUIRE(of.finish(receiving).outcome);
    CHECK(of.content("a") == "hello world\n");
}

TEST_CASE("a part never looks like the whole where a header without digest came in one piece") {
    // 120 bytes are announced; 11 of them would be a file of 12 that begins with a 0.
    Fixture of;
    check_failed(of.receive_from_peer({"a" + separator + "120", "hello world"}, true),
                 Errc::connection_lost);
    CHECK(of.names() == Names{"a.corrupted"});
}

TEST_CASE("an empty file without a digest is whole at the sender's end") {
    Fixture of;
    REQUIRE(of.receive_from_peer({"a" + separator + "0"}, true).outcome);
    CHECK(of.content("a") == "");
}

TEST_CASE("a receiver's task that is cancelled leaves nothing") {
    Fixture of;
    asio::cancellation_signal signal;
    const auto receiving = of.receive(signal.slot());
    of.at.say(transfer_header("a", "hello\n") + "\nhe");
    of.loop.run_until([&] { return of.progress.bytes == 3; });
    signal.emit(asio::cancellation_type::terminal);
    of.loop.finish(receiving);
    CHECK(receiving->thrown_code() == asio::error::operation_aborted);
    CHECK(of.names().empty());
}
