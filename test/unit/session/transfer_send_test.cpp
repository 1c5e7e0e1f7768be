// The sender of the transfer protocol with receivers that do as the document says, and others.

#include <fstream>

#include "session/transfer_reading.hpp"
#include "test/unit/session/transfer_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = TransferFixture;

namespace {

const std::string verified = "File received successfully - MD5 verified";

/// The receiver takes `expected` and answers.
Result<TransferSent> send_to_peer(Fixture& of, std::string_view content, std::string_view answer,
                                  bool closes = true) {
    FileSource source = of.source(content, "a.txt");
    const auto sending = of.send(source);
    const std::string all = transfer_header("a.txt", content) + std::string(content);
    const bool same = of.at.hear(all.size()) == all;
    CHECK(same);
    if (!answer.empty()) of.at.say(answer);
    if (closes) of.at.peer.close();
    return of.finish(sending);
}

}  // namespace

TEST_CASE("a transfer is the header in the document's form, then the file") {
    for (const std::size_t size : {0UL, 1UL, 300'000UL, 1'000'000UL}) {
        INFO(size << " bytes");
        Fixture of;
        const auto sent = send_to_peer(of, sample(size), verified);
        REQUIRE(sent);
        CHECK(sent->bytes == size);
        CHECK(of.answers == Names{verified});
        CHECK(of.progress.bytes == size);
        CHECK(of.progress.total == size);
        CHECK(of.passed() < 5s);
    }
}

TEST_CASE("to a receiver of another make the header is a segment of its own") {
    Fixture of;
    of.plan.peer_is_netcopy = false;
    FileSource source = of.source("abc", "a.txt");
    const auto sending = of.send(source);
    const std::string header = transfer_header("a.txt", "abc");
    CHECK(of.at.hear(header.size() + 1) == header + "a");
    CHECK(of.passed() >= 200ms);
    of.at.say(verified);
    CHECK(of.finish(sending));

    Fixture ours;
    REQUIRE(send_to_peer(ours, "abc", verified));
    CHECK(ours.passed() < 200ms);
}

TEST_CASE("the connection is not closed before the answer, on either side") {
    Fixture of;
    FileSource source = of.source("abc", "a.txt");
    const auto sending = of.send(source);
    of.at.hear(transfer_header("a.txt", "abc").size() + 3);
    of.loop.poll();
    char byte = 0;
    error_code error;
    of.at.peer.non_blocking(true);
    of.at.peer.read_some(asio::buffer(&byte, 1), error);
    CHECK(error == asio::error::would_block);
    CHECK_FALSE(sending->done);
    of.at.say(verified);
    REQUIRE(of.finish(sending));
}

TEST_CASE("the receiver's words decide what became of the file") {
    struct Case {
        const char* answer;
        Errc kind;
    };
    for (const auto& [answer, kind] :
         {Case{"File transfer failed: MD5 mismatch", Errc::corrupted},
          Case{"File transfer failed: Incomplete transfer", Errc::connection_lost},
          Case{"File transfer failed: the file is too large", Errc::refused},
          Case{"error", Errc::refused}, Case{"ACK", Errc::unverified},
          Case{"", Errc::unverified}}) {
        INFO(answer);
        Fixture of;
        const auto sent = send_to_peer(of, "abc", answer);
        check_failed(sent, kind);
        CHECK(sent.error().context.find("a.txt") != std::string::npos);
        CHECK(sent.error().context.find(of.at.stream.peer()) != std::string::npos);
        CHECK(of.answers == (*answer == '\0' ? Names{} : Names{answer}));
    }
}

TEST_CASE("an answer may come in pieces, with a line end, and without the connection's end") {
    Fixture of;
    FileSource source = of.source("abc", "a.txt");
    const auto sending = of.send(source);
    of.at.hear(transfer_header("a.txt", "abc").size() + 3);
    of.at.say("Received ");
    of.loop.poll();
    of.at.say("successfully\r\n");
    REQUIRE(of.finish(sending));
    CHECK(of.answers == Names{"Received successfully"});
}

TEST_CASE("control bytes of an answer are escaped") {
    Fixture of;
    const auto sent = send_to_peer(of, "abc", "\x1b[2J");
    check_failed(sent, Errc::unverified);
    CHECK(of.answers == Names{"\\x1b[2J"});
    CHECK(sent.error().context.find('\x1b') == std::string::npos);
}

TEST_CASE("an answer without an end is cut off at its limit") {
    Fixture of;
    check_failed(send_to_peer(of, "abc", std::string(100'000, 'x'), false), Errc::unverified);
    CHECK(of.passed() < 5s);
}

TEST_CASE("a receiver that never answers is timed out") {
    Fixture of;
    of.plan.stall = {300ms};
    check_failed(send_to_peer(of, "abc", "", false), Errc::timed_out);
    error_code reset;
    of.at.hear_all(&reset);
    CHECK(reset == asio::error::connection_reset);
}

TEST_CASE("a receiver that resets instead of answering is a connection lost") {
    Fixture of;
    FileSource source = of.source("abc", "a.txt");
    const auto sending = of.send(source);
    of.at.hear(transfer_header("a.txt", "abc").size() + 3);
    of.at.reset();
    check_failed(of.finish(sending), Errc::connection_lost);
}

TEST_CASE("a receiver that refuses half-way is heard though it closes while bytes are coming") {
    Fixture of;
    FileSource source = of.source(sample(30'000'000));
    const auto sending = of.send(source);
    of.at.hear(100'000);
    of.at.say("File transfer failed: there is no room for it");
    of.at.peer.close();  // with bytes unread: a reset follows
    const auto sent = of.finish(sending);
    check_failed(sent, Errc::refused);
    CHECK(of.answers == Names{"File transfer failed: there is no room for it"});
}

TEST_CASE("a receiver that is lost half-way is a connection lost") {
    Fixture of;
    FileSource source = of.source(sample(30'000'000));
    const auto sending = of.send(source);
    of.at.hear(100'000);
    of.at.reset();
    const auto sent = of.finish(sending);
    check_failed(sent, Errc::connection_lost);
    CHECK(sent.error().context.find("source") != std::string::npos);
}

TEST_CASE(
    "a source that changes while it is sent is not vouched for, and the connection is reset") {
    for (const bool grows : {true, false}) {
        INFO((grows ? "it grows" : "it shrinks"));
        Fixture of;
        FileSource source = of.source(sample(30'000'000));
        const auto sending = of.send(source);
        of.at.hear(100'000);
        if (grows) {
            std::ofstream(of.folder / "source", std::ios::app) << "more";
        } else {
            std::filesystem::resize_file(of.folder / "source", 50'000);
        }
        error_code reset;
        of.at.hear_all(&reset);
        CHECK(reset == asio::error::connection_reset);
        const auto sent = of.finish(sending);
        check_failed(sent, Errc::local_file);
        CHECK(sent.error().context.find("changed") != std::string::npos);
        CHECK(of.answers.empty());
    }
}

TEST_CASE("a source that changed since it was hashed is not sent for good") {
    Fixture of;
    FileSource source = of.source("abc");
    std::ofstream(of.folder / "source", std::ios::app) << "more";
    const auto sending = of.send(source);
    error_code reset;
    of.at.hear_all(&reset);
    CHECK(reset == asio::error::connection_reset);
    check_failed(of.finish(sending), Errc::local_file);
}

TEST_CASE("a name that this wire cannot say is refused and nothing is sent") {
    Fixture of;
    FileSource source = of.source("abc");
    of.plan.name = "a<SEPARATOR>b";
    const auto sending = of.send(source);
    CHECK(of.at.hear_all() == "");
    check_failed(of.finish(sending), Errc::refused);
}

TEST_CASE("a transfer that is cancelled resets the connection") {
    Fixture of;
    FileSource source = of.source(sample(30'000'000));
    asio::cancellation_signal signal;
    const auto sending = of.send(source, signal.slot());
    of.at.hear(100'000);
    signal.emit(asio::cancellation_type::terminal);
    of.loop.finish(sending);
    CHECK(sending->thrown_code() == asio::error::operation_aborted);
    error_code reset;
    of.at.hear_all(&reset);
    CHECK(reset == asio::error::connection_reset);
}

TEST_CASE("netcopy's sender and netcopy's receiver understand each other in every digest") {
    for (const auto kind :
         {wire::TransferDigest::md5, wire::TransferDigest::sha1, wire::TransferDigest::sha256}) {
        for (const bool pause : {false, true}) {
            Fixture of;
            const std::string content = "00112233" + sample(1'000'000);
            FileSource source = of.source(content);
            of.plan.kind = kind;
            of.plan.digest = digest_of(digest_kind(kind), content);
            of.plan.peer_is_netcopy = !pause;
            Stream receivers_end(std::move(of.at.peer), of.at.stream.socket().local_endpoint());
            Progress received_bytes;
            const auto receiving = of.loop.start(
                receive_transfer(receivers_end, of.disk, of.tree, of.rules, received_bytes));
            const auto sending = of.send(source);
            REQUIRE(of.finish(sending));
            error_code ignored;
            of.at.stream.socket().close(ignored);
            const auto received = of.finish(receiving);
            REQUIRE(received.outcome);
            CHECK(received.kind == kind);
            const bool same = of.content("source") == content;
            CHECK(same);
        }
    }
}
