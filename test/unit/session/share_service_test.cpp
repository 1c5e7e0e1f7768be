#include "test/unit/session/share_fixture.hpp"

// A share as a bare client sees it: what it says is in the tests, word for word.

namespace netcopy::test {
namespace {

using wire::line_of;

const std::string list_opening = "NETCOPY/1 list\n";
const std::string get_opening = "NETCOPY/1 get digest=sha256,md5\n";
const std::string put_opening = "NETCOPY/1 put digest=sha256\n";
const std::string accepted_list = "NETCOPY/1 ok list\n";
const std::string accepted_get = "NETCOPY/1 ok get window=4096 window-bytes=1048576\n";
const std::string accepted_put = "NETCOPY/1 ok put window=4096 window-bytes=1048576\n";
const std::string last_line = line_of(wire::CopyLast{});
const std::string bye_line = line_of(wire::CopyBye{});

std::string get(const std::string& name, std::string id = {}) {
    return line_of(wire::CopyGet{name, std::move(id)});
}
std::string want(std::uint64_t n) { return line_of(wire::CopyWant{n, 0, 0}); }
std::string done(std::uint64_t n) { return line_of(wire::CopyDone{n, {}, {}}); }

/// A bare connection to a share of the files "a" ("bytes") and "b" ("").
struct Bare : ShareFixture {
    Bare() {
        share("a", "bytes");
        share("b", "");
    }
    void connect_bare() {
        serve();
        peer.emplace(loop.io);
        peer->connect({asio::ip::address_v4::loopback(), endpoint.port});
        peer->non_blocking(true);
    }
    void say(std::string_view text) { asio::write(*peer, asio::buffer(text)); }
    /// So many bytes, or fewer at the end.
    std::string hear(std::size_t size) {
        std::string text;
        bool open = true;
        loop.run_until([&] {
            open = open && read_on(text, size);
            return !open || text.size() >= size;
        });
        return text;
    }
    /// Until this has come.
    std::string hear_until(const std::string& end) {
        std::string text;
        loop.run_until([&] { return !read_on(text, SIZE_MAX) || text.ends_with(end); });
        return text;
    }
    void say_slowly(std::string_view text) {
        for (const char c : text) {
            say(std::string_view(&c, 1));
            loop.poll();
        }
    }
    std::string hear_all() { return hear(SIZE_MAX); }
    void end() { peer->shutdown(Socket::shutdown_send); }
    bool read_on(std::string& text, std::size_t size) {
        char buffer[4096];
        error_code error;
        while (!error && text.size() < size) {
            const std::size_t most = std::min(sizeof buffer, size - text.size());
            text.append(buffer, peer->read_some(asio::buffer(buffer, most), error));
        }
        return !error || error == asio::error::would_block;
    }
    std::string file_line(const std::string& name) {
        const auto file = folder->find(name);
        REQUIRE(file);
        return line_of(
            wire::CopyFile{file->status.size, file->status.mtime, name, file->md5, file->sha256});
    }
    std::string list_lines() {
        return file_line("a") + file_line("b") + line_of(wire::CopyListed{2});
    }
    std::string put_line(std::uint64_t n, const std::string& name) {
        const auto file = folder->find(name);
        REQUIRE(file);
        wire::CopyPut put;
        put.n = n;
        put.size = file->status.size;
        put.mode = file->status.mode & 0777;
        put.mtime = file->status.mtime;
        put.name = name;
        return line_of(put);
    }
    std::string sum_of(std::uint64_t n, std::string_view content) {
        return line_of(wire::CopySum{
            n, content.size(), {{"sha256", sha256_hex(content)}, {"md5", md5_hex(content)}}});
    }

    std::optional<Socket> peer;
};

}  // namespace

TEST_CASE("One connection carries many conversations, until the client closes") {
    Bare at;
    at.connect_bare();
    for (int round = 0; round < 3; ++round) {
        at.say(list_opening);
        const std::string listed = accepted_list + at.list_lines();
        CHECK(at.hear(listed.size()) == listed);
        at.say(get_opening + get("a", md5_hex("bytes")));
        const std::string offered = accepted_get + at.put_line(1, "a");
        CHECK(at.hear(offered.size()) == offered);
        at.say(want(1));
        const std::string body = data(1, 0, "bytes") + at.sum_of(1, "bytes") + sync_line;
        CHECK(at.hear(body.size()) == body);
        at.say(done(1) + last_line);
        CHECK(at.hear(end_line.size()) == end_line);
        // With the last word the next opening comes in one piece.
        at.say(bye_line + put_opening);
        CHECK(at.hear(accepted_put.size()) == accepted_put);
        at.say(end_line);
        CHECK(at.hear(bye_line.size()) == bye_line);
    }
    at.end();
    CHECK(at.hear_all() == "");
    CHECK(at.connections == 1);
    at.stop();
    CHECK(at.served.size() == 3);
}

TEST_CASE("What a client of a share says may come byte by byte") {
    Bare at;
    at.connect_bare();
    at.say_slowly(get_opening + get("b"));
    const std::string offered = accepted_get + at.put_line(1, "b");
    CHECK(at.hear(offered.size()) == offered);
    at.say_slowly(want(1));
    const std::string body = at.sum_of(1, "") + sync_line;
    CHECK(at.hear(body.size()) == body);
    at.say_slowly(done(1) + last_line);
    CHECK(at.hear(end_line.size()) == end_line);
    at.say_slowly(bye_line + list_opening);
    CHECK(at.hear_until(at.list_lines()).starts_with(accepted_list));
}

TEST_CASE("A share lacks what it does not have, or not with those bytes") {
    Bare at;
    at.connect_bare();
    at.say(get_opening + get("c") + get("../a") + get("a", md5_hex("other")) + last_line);
    const std::string heard = at.hear_until(end_line).substr(accepted_get.size());
    CHECK(heard.starts_with("LACK c gone "));
    CHECK(heard.find("\nLACK ../a gone ") != std::string::npos);
    CHECK(heard.find("\nLACK a changed ") != std::string::npos);
}

TEST_CASE("Words out of place end the conversation of a get") {
    Bare at;
    at.connect_bare();
    const std::string words =
        GENERATE_COPY(want(1), done(1), last_line + get("a"), last_line + last_line, bye_line,
                      "GET a\n", put_opening, sync_line);
    INFO(words);
    at.say(get_opening + words);
    const std::string heard = at.hear_all();
    CHECK(heard.starts_with(accepted_get));
    CHECK(heard.find("\nPUT") == std::string::npos);
}

TEST_CASE("More GETs than the window are too many") {
    Bare at;
    at.connect_bare();
    std::string many = get_opening;
    for (int i = 0; i < 4097; ++i) many += get("a");
    at.say(many);
    const std::string heard = at.hear_all();
    CHECK(heard.starts_with(accepted_get + at.put_line(1, "a")));
    CHECK(heard.find(end_line) == std::string::npos);
}

TEST_CASE("GET and LAST have no place in a put") {
    Bare at;
    at.connect_bare();
    at.say(put_opening + GENERATE_COPY(get("a"), last_line));
    const std::string heard = at.hear_all();
    CHECK(heard.starts_with(accepted_put + "NO 0 protocol "));
}

TEST_CASE("A share declines what it does not serve") {
    Bare at;
    at.connect_bare();
    const auto [opening, code] = GENERATE(table<std::string, std::string>({
        {"NETCOPY/1 fetch\n", "purpose"},
        {"NETCOPY/1 get\n", "digest"},
        {"NETCOPY/1 get digest=blake3\n", "digest"},
        {"NETCOPY/2 get digest=md5\n", "version"},
        {"NETCOPY/1 get session=x\n", "protocol"},
    }));
    at.say(opening);
    const std::string heard = at.hear_all();
    CHECK(heard.starts_with("NETCOPY/1 no " + code + " "));
    CHECK(heard.find('\n') == heard.size() - 1);
}

TEST_CASE("A digest that the index does not have is computed") {
    Bare at;
    at.connect_bare();
    at.say("NETCOPY/1 get digest=crc32,md5\n" + get("a"));
    const std::string offered = accepted_get + at.put_line(1, "a");
    CHECK(at.hear(offered.size()) == offered);
    at.say(want(1));
    const std::string sum = line_of(wire::CopySum{
        1, 5, {{"crc32", hex_of(DigestKind::crc32, "bytes")}, {"md5", md5_hex("bytes")}}});
    const std::string body = data(1, 0, "bytes") + sum;
    CHECK(at.hear(body.size()) == body);
}

TEST_CASE("What is not netcopy's is handed on with its first bytes") {
    Bare at;
    std::string seen;
    at.seed = [&](Stream& stream) -> Task<> {
        seen = stream.buffered();
        co_await stream.write(as_bytes("seed"));
    };
    const auto [dialects, said] = GENERATE(table<Dialects, std::string>({
        {Dialects::both, "LIST_FILES"},
        {Dialects::seed, "N"},
        {Dialects::netcopy, "LIST_FILES"},
        {Dialects::seed, "NETCOPY/1 list\n"},
    }));
    at.dialects = dialects;
    at.connect_bare();
    at.say(said);
    if (said == "N") at.end();
    const std::string heard = at.hear_all();
    const bool served = dialects != Dialects::netcopy && said == "LIST_FILES";
    CHECK(heard == (served ? "seed" : ""));
    CHECK(seen == (served ? said : ""));
}

TEST_CASE("A sender of another kind than a share's own is served as well") {
    Bare at;
    at.connect_bare();
    at.say(put_opening + file(1, "new", "content") + sync_line);
    const std::string answers =
        accepted_put + want(1) +
        line_of(wire::CopyDone{
            1, "new", {{"sha256", sha256_hex("content")}, {"md5", md5_hex("content")}}});
    CHECK(at.hear(answers.size()) == answers);
    CHECK(at.folder->find("new"));
}

}  // namespace netcopy::test
