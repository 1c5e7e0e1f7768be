// The sender of the main job against peers that fail.

#include <catch2/catch.hpp>

#include "test/unit/session/copy_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Fixture = CopyFixture;

TEST_CASE("the entry's validity is what the sender was told") {
    Fixture of;
    FileSource source = of.source("abc");
    of.send_plan.validity = 5;
    const auto sending = of.send(source);
    CHECK(of.at.hear_all() == "abc");
    of.at.peer.close();
    REQUIRE(of.finish(sending));
    of.checksums.clock.advance(5s - 1ns);
    CHECK(of.checksums.get("7") == std::optional<std::string>("32|" + abc_md5));
    of.checksums.clock.advance(1ns);
    CHECK_FALSE(of.checksums.get("7"));
}

TEST_CASE("the sender has its checksum placed before it ends the file's connection") {
    Fixture of;
    bool confirm = false;
    std::string inserted;
    ForeignServer slow(of.loop, [&](Socket& socket, int) -> Task<> {
        inserted = co_await receive_once(socket);
        while (!confirm) co_await pause(socket, 5ms);
        co_await send_all(socket, "OK");
    });
    of.client = ChecksumClient(slow.endpoint, {}, 10s);
    FileSource source = of.source("abc");
    const auto sending = of.send(source);
    CHECK(of.at.hear(3) == "abc");
    of.loop.run_until([&] { return !inserted.empty(); });
    CHECK(inserted == "BE|7|60|32|" + abc_md5);
    of.at.peer.non_blocking(true);
    char byte = 0;
    error_code error;
    of.at.peer.read_some(asio::buffer(&byte, 1), error);
    CHECK(error == asio::error::would_block);  // no end yet
    confirm = true;
    error_code reset;
    CHECK(of.at.hear_all(&reset) == "");
    CHECK_FALSE(reset);
    CHECK_FALSE(sending->done);  // it waits for the receiver's end
    of.at.peer.close();
    CHECK(of.finish(sending));
}

TEST_CASE("a receiver that resets at the end has not taken the file") {
    Fixture of;
    FileSource source = of.source("abc");
    const auto sending = of.send(source);
    CHECK(of.at.hear_all() == "abc");
    of.at.reset();
    const auto sent = of.finish(sending);
    REQUIRE(sent.has_error());
    CHECK(sent.error() == Errc::connection_lost);
}

TEST_CASE("a receiver that never ends is timed out") {
    Fixture of;
    of.send_plan.stall = {300ms};
    FileSource source = of.source("abc");
    const auto sending = of.send(source);
    CHECK(of.at.hear_all() == "abc");
    const auto sent = of.finish(sending);
    REQUIRE(sent.has_error());
    CHECK(sent.error() == Errc::timed_out);
}

TEST_CASE("a receiver that is lost half-way is told, and the checksum is not placed") {
    Fixture of;
    FileSource source = of.source(sample(30'000'000));
    const auto sending = of.send(source);
    of.at.hear(100'000);
    of.at.reset();
    const auto sent = of.finish(sending);
    REQUIRE(sent.has_error());
    CHECK(sent.error() == Errc::connection_lost);
    CHECK(sent.error().context.find("source") != std::string::npos);
    CHECK(of.checksums.store.size() == 0);
}

TEST_CASE("a file that changes while it is sent is not vouched for, and the connection is reset") {
    Fixture of;
    FileSource source = of.source(sample(30'000'000));
    const auto sending = of.send(source);
    of.at.hear(100'000);
    std::ofstream(of.folder / "source", std::ios::app) << "more";
    error_code reset;
    of.at.hear_all(&reset);
    CHECK(reset == asio::error::connection_reset);
    const auto sent = of.finish(sending);
    REQUIRE(sent.has_error());
    CHECK(sent.error() == Errc::local_file);
    CHECK(sent.error().context.find("changed") != std::string::npos);
    CHECK(of.checksums.store.size() == 0);
}

TEST_CASE("a file that shrinks while it is sent is not vouched for either") {
    Fixture of;
    FileSource source = of.source(sample(30'000'000));
    const auto sending = of.send(source);
    of.at.hear(100'000);
    std::filesystem::resize_file(of.folder / "source", 50'000);
    error_code reset;
    of.at.hear_all(&reset);
    CHECK(reset == asio::error::connection_reset);
    const auto sent = of.finish(sending);
    REQUIRE(sent.has_error());
    CHECK(sent.error() == Errc::local_file);
    CHECK(of.checksums.store.size() == 0);
}

TEST_CASE(
    "when the checksum cannot be placed the connection is reset and the kind of failure kept "
    "apart") {
    struct Case {
        const char* answer;
        Errc kind;
    };
    for (const auto& [answer, kind] :
         {Case{"ERR|full\n", Errc::refused}, Case{"", Errc::unverified},
          Case{"what?", Errc::unverified}}) {
        INFO("the checksum server says '" << answer << "'");
        Fixture of;
        ForeignServer foreign(of.loop, [&](Socket& socket, int) -> Task<> {
            co_await receive_once(socket);
            co_await send_all(socket, answer);
        });
        of.client = ChecksumClient(foreign.endpoint, {}, 10s);
        FileSource source = of.source("abc");
        const auto sending = of.send(source);
        error_code reset;
        of.at.hear_all(&reset);
        CHECK(reset == asio::error::connection_reset);
        const auto sent = of.finish(sending);
        REQUIRE(sent.has_error());
        CHECK(sent.error() == kind);
    }
}

TEST_CASE(
    "when the checksum server has vanished the file is unverified and the connection is reset") {
    Fixture of;
    REQUIRE(of.loop.run(of.client.connect()));
    of.checksums.stop();
    FileSource source = of.source("abc");
    const auto sending = of.send(source);
    error_code reset;
    of.at.hear_all(&reset);
    CHECK(reset == asio::error::connection_reset);
    const auto sent = of.finish(sending);
    REQUIRE(sent.has_error());
    CHECK(sent.error() == Errc::unverified);
}

TEST_CASE("a sender that is cancelled resets the connection and places nothing") {
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
    CHECK(of.checksums.store.size() == 0);
}
