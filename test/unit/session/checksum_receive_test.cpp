// The receiver of the main job, with netcopy's sender and with peers that fail.

#include <catch2/catch.hpp>

#include "test/unit/session/copy_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = CopyFixture;

TEST_CASE("a file of any size arrives verified under its name, in either digest") {
    for (const DigestKind kind : {DigestKind::md5, DigestKind::crc32}) {
        for (const std::size_t size : {0UL, 1UL, 300'000UL, 3'000'000UL}) {
            INFO(to_string(kind) << " of " << size << " bytes");
            Fixture of;
            const std::string content = sample(size);
            FileSource source = of.source(content);
            of.send_plan.checksum = kind;
            Stream receivers_end(std::move(of.at.peer), of.at.stream.socket().local_endpoint());
            ChecksumClient receivers_client(of.checksums.endpoint, {}, 10s);
            Progress received_bytes;
            const auto receiving = of.loop.start(receive_with_checksum(
                receivers_end, of.disk, receivers_client, of.receive_plan, received_bytes));
            const auto sending = of.send(source);
            const Result<Sent> sent = of.finish(sending);
            REQUIRE(sent);
            CHECK(sent->bytes == size);
            CHECK(sent->digests == Digests{{kind, digest_of(kind, content)}});
            const Received received = of.finish(receiving);
            REQUIRE(received.outcome);
            CHECK(received.bytes == size);
            CHECK(received.digests ==
                  Digests{{DigestKind::md5, digest_of(DigestKind::md5, content)},
                          {DigestKind::crc32, digest_of(DigestKind::crc32, content)}});
            const bool same = read_file(of.folder / "target") == content;
            CHECK(same);
            CHECK(of.left() == Names{"target"});
            CHECK(of.progress.bytes == size);
            CHECK(received_bytes.bytes == size);
            CHECK(of.passed() < 5s);  // nobody had to ask twice
        }
    }
}

TEST_CASE("an entry is compared in the digest and the form that it is in") {
    const std::string raw("\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72", 16);
    for (const std::string& entry :
         {abc_md5, std::string("900150983CD24FB0D6963F7D28E17F72"), raw, abc_crc32,
          std::string("352441C2"), std::string("0x352441c2"), std::string("891568578")}) {
        INFO(escape(entry));
        Fixture of;
        of.checksums.put("7", entry);
        CHECK(of.receive_from_peer("abc").outcome);
        CHECK(read_file(of.folder / "target") == "abc");
        Fixture other;
        other.checksums.put("7", entry);
        check_failed(other.receive_from_peer("abd"), Errc::corrupted);
    }
}

TEST_CASE("a file that differs is corrupted, kept as such, and spares an older one") {
    Fixture of;
    write_file(of.folder / "target", "older");
    write_file(of.folder / "target.corrupted", "older still");
    of.checksums.put("7", abc_md5);
    const Received received = of.receive_from_peer("abd");
    check_failed(received, Errc::corrupted);
    CHECK(received.bytes == 3);
    CHECK(received.digests.front().second == digest_of(DigestKind::md5, "abd"));
    CHECK(received.outcome.error().context.find(abc_md5) != std::string::npos);
    CHECK(read_file(of.folder / "target") == "older");
    CHECK(read_file(of.folder / "target.corrupted") == "abd");
    CHECK(of.left() == Names{"target", "target.corrupted"});
    CHECK(received.outcome.error().context.find("target.corrupted") != std::string::npos);
    CHECK(of.passed() < 1500ms);  // a difference is not asked about again
}

TEST_CASE("a file without an entry is unverified after two seconds, and kept apart") {
    Fixture of;
    write_file(of.folder / "target", "older");
    check_failed(of.receive_from_peer("abc"), Errc::unverified);
    CHECK(of.passed() >= 1500ms);
    CHECK(of.passed() < 8s);
    CHECK(read_file(of.folder / "target") == "older");
    CHECK(read_file(of.folder / "target.corrupted") == "abc");
}

TEST_CASE("an entry that is inserted only after the file's connection was closed is waited for") {
    Fixture of;
    of.loop.after(300ms, [&] {
        of.loop.start(of.checksums.store.put("7", "32|900150983cd24fb0d6963f7d28e17f72", 60s));
    });
    CHECK(of.receive_from_peer("abc").outcome);
    CHECK(of.passed() >= 300ms);
}

TEST_CASE("with a checksum server that is gone the file is unverified") {
    Fixture of;
    of.checksums.put("7", abc_md5);
    of.checksums.stop();
    check_failed(of.receive_from_peer("abc"), Errc::unverified);
    CHECK(of.left() == Names{"target.corrupted"});
}

TEST_CASE("an entry in a digest that was not computed leaves the file unverified") {
    Fixture of;
    of.receive_plan.kinds = {DigestKind::crc32};
    of.checksums.put("7", abc_md5);
    check_failed(of.receive_from_peer("abc"), Errc::unverified);
    Fixture other;
    other.receive_plan.kinds = {DigestKind::md5};
    other.checksums.put("7", abc_crc32);
    check_failed(other.receive_from_peer("abc"), Errc::unverified);
    Fixture third;
    third.receive_plan.kinds = {DigestKind::md5};
    third.checksums.put("7", abc_md5);
    CHECK(third.receive_from_peer("abc").outcome);
}

TEST_CASE("an entry that is no digest is not taken for a match") {
    for (const char* entry : {"hello", "abcdefabcdef", "x", "-1"}) {
        INFO(entry);
        Fixture of;
        of.checksums.put("7", entry);
        const Received received = of.receive_from_peer("abc");
        REQUIRE(received.outcome.has_error());
        CHECK((received.outcome.error() == Errc::corrupted ||
               received.outcome.error() == Errc::unverified));
        CHECK(of.left() == Names{"target.corrupted"});
    }
}

TEST_CASE("a file larger than allowed is refused and nothing of it is kept") {
    Fixture of;
    of.receive_plan.max_size = 2;
    of.checksums.put("7", abc_md5);
    check_failed(of.receive_from_peer("abc"), Errc::refused);
    CHECK(of.left().empty());
    Fixture exact;
    exact.receive_plan.max_size = 3;
    exact.checksums.put("7", abc_md5);
    CHECK(exact.receive_from_peer("abc").outcome);
}

TEST_CASE("a large file beyond the limit is refused while it comes, not at its end") {
    Fixture of;
    of.receive_plan.max_size = 1'000'000;
    const auto receiving = of.receive();
    const std::string block = sample(64 * 1024);
    of.at.peer.non_blocking(true);
    std::size_t said = 0;
    of.loop.every(0ms, [&] {  // never ends by itself
        error_code error;
        while (!error && said < 500'000'000)
            said += of.at.peer.write_some(asio::buffer(block), error);
        return !receiving->done && error == asio::error::would_block;
    });
    const Received received = of.finish(receiving);
    check_failed(received, Errc::refused);
    CHECK(received.bytes <= 1'000'000);
    CHECK(of.left().empty());
}

TEST_CASE("a sender that resets is a connection lost, what came is kept apart") {
    Fixture of;
    write_file(of.folder / "target", "older");
    const auto receiving = of.receive();
    of.at.say("ab");
    of.loop.run_until([&] { return of.progress.bytes == 2; });
    of.at.reset();
    const Received received = of.finish(receiving);
    check_failed(received, Errc::connection_lost);
    CHECK(received.bytes == 2);
    CHECK(read_file(of.folder / "target") == "older");
    CHECK(read_file(of.folder / "target.corrupted") == "ab");
}

TEST_CASE("a sender that resets before a byte leaves nothing") {
    Fixture of;
    const auto receiving = of.receive();
    of.loop.poll();
    of.at.reset();
    check_failed(of.finish(receiving), Errc::connection_lost);
    CHECK(of.left().empty());
}

TEST_CASE("what cannot be set aside is lost, and the error says so beside what went wrong") {
    Fixture of;
    std::filesystem::create_directory(of.folder / "target.corrupted");
    of.checksums.put("7", abc_md5);
    const Received received = of.receive_from_peer("abd");
    check_failed(received, Errc::corrupted);
    CHECK(received.outcome.error().context.find("lost") != std::string::npos);
    CHECK(of.left() == Names{"target.corrupted"});
}

TEST_CASE("a sender that stalls is timed out, what came is kept apart") {
    Fixture of;
    of.receive_plan.stall = {300ms};
    const auto receiving = of.receive();
    of.at.say("ab");
    check_failed(of.finish(receiving), Errc::timed_out);
    CHECK(read_file(of.folder / "target.corrupted") == "ab");
    CHECK(of.left() == Names{"target.corrupted"});
}

TEST_CASE(
    "a target that cannot be written is a failure of the local file system, and is told at once") {
    Fixture of;
    of.receive_plan.target = of.folder / "missing" / "target";
    const auto receiving = of.receive();
    const Received received = of.finish(receiving);
    check_failed(received, Errc::local_file);
    CHECK(of.left().empty());
}

TEST_CASE("an empty file verifies, and an empty one that should not be is corrupted and not kept") {
    Fixture of;
    of.checksums.put("7", "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(of.receive_from_peer("").outcome);
    CHECK(read_file(of.folder / "target").empty());
    Fixture other;
    other.checksums.put("7", abc_md5);
    check_failed(other.receive_from_peer(""), Errc::corrupted);
    CHECK(other.left().empty());
}

TEST_CASE("the receiver closes its connection before it asks for the checksum") {
    // Senders of other makes insert only after the file's connection is closed on both sides.
    Fixture of;
    const auto receiving = of.receive();
    of.at.say("abc");
    of.at.end();
    CHECK(of.at.hear_all() == "");
    CHECK_FALSE(receiving->done);
    of.checksums.put("7", abc_md5);
    CHECK(of.finish(receiving).outcome);
}
