#include "test/unit/session/share_fixture.hpp"

// A client and shares that nobody should trust: what they say is in the tests, word for word.

namespace netcopy::test {
namespace {

using wire::line_of;

const std::string accepted_list = "NETCOPY/1 ok list\n";
const std::string accepted_get = "NETCOPY/1 ok get window=4096 window-bytes=1048576\n";

std::string listed(const std::string& name, std::string_view content) {
    return line_of(
        wire::CopyFile{content.size(), offered_time, name, md5_hex(content), sha256_hex(content)});
}
std::string list_end(std::uint64_t files) { return line_of(wire::CopyListed{files}); }

std::string full_sum(std::uint64_t n, std::string_view content) {
    return line_of(wire::CopySum{
        n, content.size(), {{"sha256", sha256_hex(content)}, {"md5", md5_hex(content)}}});
}
std::string whole(std::uint64_t n, const std::string& name, std::string_view content) {
    return put(n, name, content.size()) + data(n, 0, content) + full_sum(n, content) + sync_line;
}
std::string lack(const std::string& name, std::string code) {
    return line_of(wire::CopyLack{name, std::move(code), "why"});
}

/// Lists the files "a" ("bytes") and "b" ("more"), and says `answers` to a get, one by one, each
/// when the client has said something.
struct Hostile {
    Loop loop;
    DiskPool disk{3};
    TemporaryFolder here;
    TreeProgress progress;
    std::map<std::string, CopyOutcome> outcomes;
    std::string list = listed("a", "bytes") + listed("b", "more") + list_end(2);
    std::vector<std::string> answers;
    std::vector<wire::CopyFile> files;
    int gets = 0;
    std::uint64_t retries = 0;

    Task<> serve(Socket& socket) {
        co_await receive_once(socket);
        co_await send_all(socket, accepted_list + list);
        if ((co_await receive_once(socket)).empty()) co_return;
        ++gets;
        co_await send_all(socket, accepted_get);
        for (const std::string& answer : answers) {
            if ((co_await receive_once(socket)).empty()) co_return;
            co_await send_all(socket, answer);
        }
        while (!(co_await receive_once(socket)).empty()) {
        }
    }
    /// The error of the list, or else of the run; none: all went well.
    std::optional<Error> get() {
        ForeignServer server(loop, [this](Socket& socket, int) { return serve(socket); });
        ShareClientPlan plan;
        plan.endpoint = server.endpoint;
        plan.stall = {1s};
        plan.retries = retries;
        ShareClient client(plan, disk);
        const auto heard =
            loop.run(client.list([this](const wire::CopyFile& file) { files.push_back(file); }));
        if (!heard) return heard.error();
        REQUIRE(*heard);
        ShareWishes wishes(progress, [this](const ShareWish& wish, const CopyOutcome& outcome) {
            outcomes[wish.name] = outcome;
        });
        for (const auto& file : files) wishes.add(file.name, file.md5, file.size);
        const Tree tree = Tree::open(here.path()).value();
        const auto got = loop.run(client.get(wishes, tree, Overwrite::never));
        if (!got) return got.error();
        return std::nullopt;
    }
    bool breaks_off() {
        const auto error = get();
        REQUIRE(error);
        INFO(error->context);
        CHECK(here.names().empty());
        return *error == Errc::connection_lost;
    }
};

}  // namespace

TEST_CASE("What a share says properly is taken") {
    Hostile at;
    // The client says WANT, then DONE and LAST.
    at.answers = {put(1, "b", 4) + put(2, "a", 5),
                  data(1, 0, "more") + full_sum(1, "more") + data(2, 0, "bytes") +
                      full_sum(2, "bytes") + sync_line,
                  end_line};
    CHECK_FALSE(at.get());
    CHECK(at.outcomes["a"].kind == CopyOutcome::Kind::sent);
    CHECK(at.outcomes["b"].kind == CopyOutcome::Kind::sent);
    CHECK(read_file(at.here / "a") == "bytes");
}

TEST_CASE("A share cannot plant files") {
    Hostile at;
    const std::string name = GENERATE("c", "../a", "a/b", ".netcopy", "A");
    at.answers = {whole(1, name, "bytes")};
    CHECK(at.breaks_off());
}

TEST_CASE("A share cannot send another size than it listed, ask, or offer a file twice") {
    Hostile at;
    const int which = GENERATE(0, 1, 2, 3, 4, 5);
    wire::CopyPut asking = a_put(1, "a", 5);
    asking.ask = true;
    at.answers = {which == 0   ? put(1, "a", 6)
                  : which == 1 ? put(1, "a", std::nullopt)
                  : which == 2 ? line_of(asking)
                  : which == 3 ? put(1, "a", 5) + put(2, "a", 5)
                  : which == 4 ? lack("c", "gone")
                               : put(1, "a", 5) + lack("a", "gone")};
    CHECK(at.breaks_off());
}

TEST_CASE("A share cannot end before all was asked for") {
    Hostile at;
    at.answers = {end_line};
    CHECK(at.breaks_off());
}

TEST_CASE("Folders and links from a share are refused") {
    Hostile at;
    at.answers = {
        folder(1, "a") + link(2, "b", "/etc/passwd") + lack("a", "gone") + lack("b", "unreadable"),
        end_line};
    CHECK_FALSE(at.get());
    CHECK(at.outcomes["a"].error == Errc::connection_lost);
    CHECK(at.outcomes["b"].error == Errc::failed);
    CHECK(at.here.names().empty());
}

TEST_CASE("Bytes that are not those of the id never get the name") {
    Hostile at;
    at.list = listed("a", "bytes") + list_end(1);
    const std::string wrong = "BYTES";
    at.answers = {put(1, "a", 5), data(1, 0, wrong) + full_sum(1, wrong), lack("a", "corrupted"),
                  end_line};
    CHECK_FALSE(at.get());
    CHECK(at.outcomes["a"].kind == CopyOutcome::Kind::failed);
    CHECK(at.outcomes["a"].error == Errc::corrupted);
    CHECK(at.outcomes["a"].error.context.find("'a'") != std::string::npos);
    CHECK(at.here.names().empty());
}

TEST_CASE("A SHA-256 that is not that of the bytes is corruption, though the MD5 is right") {
    Hostile at;
    at.list = listed("a", "bytes") + list_end(1);
    const std::string sum_line =
        line_of(wire::CopySum{1, 5, {{"sha256", sha256_hex("BYTES")}, {"md5", md5_hex("bytes")}}});
    at.answers = {put(1, "a", 5), data(1, 0, "bytes") + sum_line, lack("a", "corrupted"), end_line};
    CHECK_FALSE(at.get());
    CHECK(at.outcomes["a"].error == Errc::corrupted);
    CHECK(at.here.names().empty());
}

TEST_CASE("A share that offers what is not wanted again and again is left") {
    Hostile at;
    at.list = listed("a", "bytes") + list_end(1);
    for (std::uint64_t n = 1; n <= 40; ++n) {
        at.answers.push_back(put(n, "a", 5));
        at.answers.push_back(data(n, 0, "BYTES") + full_sum(n, "BYTES"));
    }
    CHECK(at.breaks_off());
}

TEST_CASE("A list that is out of order, miscounted or broken is refused") {
    Hostile at;
    const std::string a = listed("a", "bytes");
    const std::string b = listed("b", "more");
    at.list = GENERATE_COPY(b + a + list_end(2), a + a + list_end(2), a + b + list_end(1),
                            a + list_end(2), list_end(1), a + "FILE\n", a + sync_line,
                            a.substr(0, 9) + "x" + a.substr(10));
    const auto error = at.get();
    REQUIRE(error);
    CHECK(*error == Errc::connection_lost);
    CHECK(at.gets == 0);
}

TEST_CASE("A share that says nothing for too long has stalled") {
    Hostile at;
    at.answers = {};
    const auto error = at.get();
    REQUIRE(error);
    CHECK(*error == Errc::timed_out);
}

TEST_CASE("A peer that knows no netcopy/1 is told, and one that declines is heard") {
    Loop loop;
    DiskPool disk{2};
    const std::string answer =
        GENERATE("HTTP/1.1 400 Bad Request\r\n", "", "NETCOPY/1 no purpose files\\x20only\n");
    ForeignServer server(loop, [&](Socket& socket, int) -> Task<> {
        co_await receive_once(socket);
        co_await send_all(socket, answer);
    });
    ShareClientPlan plan;
    plan.endpoint = server.endpoint;
    ShareClient client(plan, disk);
    const auto listed = loop.run(client.list([](const wire::CopyFile&) {}));
    if (answer.starts_with("NETCOPY")) {
        REQUIRE_FALSE(listed);
        CHECK(listed.error() == Errc::refused);
        CHECK(listed.error().context.find("files only") != std::string::npos);
    } else {
        REQUIRE(listed);
        CHECK_FALSE(*listed);
    }
}

}  // namespace netcopy::test
