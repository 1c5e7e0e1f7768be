#include "test/unit/session/copy_receiver_fixture.hpp"

/// A receiver among hostile senders. What is right is in docs/protocol/copy.md.
namespace netcopy::test {
namespace {

constexpr std::uint64_t highest = (std::uint64_t{1} << 63) - 1;

struct Breach {
    const char* what;
    std::string said;
};

/// "same" and "old" are there: one equal in all to what is offered, one of another time.
void place_two(const LoneReceiver& there) {
    there.place("same", "12345");
    there.place("old", "12345");
    const timespec times[2] = {{offered_time.seconds, offered_time.nanoseconds},
                               {offered_time.seconds, offered_time.nanoseconds}};
    REQUIRE(::utimensat(AT_FDCWD, (there.root() / "same").c_str(), times, 0) == 0);
}

std::string without_check(std::string line) { return line.substr(0, line.rfind(' ')) + "\n"; }

std::string wrong_check(std::string line) {
    char& digit = line[line.size() - 2];
    digit = digit == '0' ? '1' : '0';
    return line;
}

const std::vector<Breach>& breaches() {
    static const std::string offer = put(1, "x", 5);
    static const std::string body = data(1, 0, "12345");
    static const std::string whole = offer + body + sum(1, "12345");
    static const std::vector<Breach> all{
        {"the first request is not 1", put(2, "x", 5)},
        {"a number is passed over", offer + put(3, "y", 5)},
        {"a number comes twice", offer + put(1, "y", 5)},
        {"a number comes again after its end", whole + sync_line + put(1, "y", 5)},
        {"a folder has the number of a file", offer + folder(1, "d")},
        {"a link has the number of a file", offer + link(1, "l", "x")},
        {"bytes of what was never offered", data(1, 0, "12345")},
        {"bytes of another number than is open", offer + data(2, 0, "12345")},
        {"bytes of what is there already", put(1, "same", 5) + body},
        {"bytes before equality is settled", put(1, "old", 5) + body},
        {"bytes of what was refused", put(1, "..", 5) + body},
        {"bytes of what was dropped", offer + drop(1, "gone") + body},
        {"bytes of a folder", folder(1, "d") + body},
        {"bytes of another file in the middle of one",
         offer + put(2, "y", 5) + data(1, 0, "123") + data(2, 0, "12345")},
        {"bytes that go back", offer + data(1, 3, "4") + data(1, 0, "123")},
        {"bytes that overlap", offer + data(1, 0, "1234") + data(1, 3, "45")},
        {"more bytes than were offered", offer + data(1, 0, "123456")},
        {"bytes behind the end", offer + data(1, 5, "6")},
        {"bytes far behind the end", offer + data_line(1, highest - 1, 1)},
        {"the longest bytes that can be announced", offer + data_line(1, 0, highest)},
        {"no bytes, behind the end", offer + data_line(1, 6, 0)},
        {"bytes after the sum", whole + data(1, 5, "")},
        {"the sum of what was never offered", sum(1, "12345")},
        {"the sum of what is there already", put(1, "same", 5) + sum(1, "12345")},
        {"the sum before equality is settled", put(1, "old", 5) + sum(1, "12345")},
        {"the sum twice", whole + sum(1, "12345")},
        {"the sum twice, after the word", whole + sync_line + sum(1, "12345")},
        {"the sum of another file in the middle of one",
         offer + put(2, "y", 0) + data(1, 0, "123") + sum(2, "")},
        {"a sum of more than was offered", offer + body + sum(1, "123456")},
        {"a sum of less than was offered", offer + data(1, 0, "1234") + sum(1, "1234")},
        {"a sum of less than came of a pipe", put(1, "x", std::nullopt) + body + sum(1, "1234")},
        {"dropping what was never offered", drop(1, "gone")},
        {"dropping what was dropped", offer + drop(1, "gone") + drop(1, "gone")},
        {"dropping what is complete", whole + drop(1, "gone")},
        {"dropping what is done", whole + sync_line + drop(1, "gone")},
        {"keeping what was never offered", keep(1)},
        {"keeping what is wanted", offer + keep(1)},
        {"keeping what is coming", offer + data(1, 0, "123") + keep(1)},
        {"keeping what is there already", put(1, "same", 5) + keep(1)},
        {"keeping twice", put(1, "old", 5) + keep(1) + keep(1)},
        {"another one than what is wanted", offer + other(1)},
        {"another one twice", put(1, "old", 5) + other(1) + other(1)},
        {"the end with an open request", offer + end_line},
        {"the end within a body", offer + data(1, 0, "123") + end_line},
        {"the end before equality is settled", put(1, "old", 5) + end_line},
        {"an answer instead of a request", wire::line_of(wire::CopyDone{1})},
        {"something else", "GET / HTTP/1.1\r\n"},
        {"a line without its check", without_check(put(1, "x", 5))},
        {"a line whose check is wrong", wrong_check(put(1, "x", 5))},
        {"a line that does not end", std::string(wire::copy_line_limit, 'x')},
        {"a name that is too long", put(1, std::string(wire::copy_name_limit + 1, 'x'), 5)},
    };
    return all;
}

}  // namespace

TEST_CASE(
    "A sender that breaks the protocol is not listened to, and leaves nothing but the whole") {
    for (const Breach& breach : breaches()) {
        INFO(breach.what);
        LoneReceiver there;
        place_two(there);
        const auto answers = there.say(breach.said);
        CHECK(answers.broken);
        there.machine().commit();  // what was complete before is kept
        there.disconnect();
        for (const std::string& name : there.names()) {
            if (name != "d") CHECK(there.content(name) == "12345");
        }
        CHECK(std::filesystem::is_empty(there.outside()));
    }
}

TEST_CASE("What was complete before the sender broke the protocol is kept") {
    LoneReceiver there;
    const auto answers = there.say(file(1, "a", "alpha") + data(7, 0, "x"));
    CHECK(answers.broken);
    there.machine().commit();
    CHECK(there.content("a") == "alpha");
}

TEST_CASE("Names that are not allowed are refused with the code name, and the rest goes on") {
    const std::vector<std::string> names{
        "/",
        "/etc/passwd",
        "..",
        ".",
        "../x",
        "a/../x",
        "./x",
        "a//b",
        "a/",
        std::string("a\0b", 3),
        std::string(256, 'x'),
        "d/" + std::string(256, 'x'),
        ".x.netcopy-0123456789abcdef",
        ".x.netcopy-0123456789abcdef.journal",
        "d/.x.netcopy-0123456789abcdef",
        ".x.netcopy-0123456789abcdef/y",
    };
    for (const std::string& name : names) {
        INFO(escape(name));
        LoneReceiver there;
        CHECK(there.say(put(1, name, 5)).lines == Lines{"NO 1 name"});
        CHECK(there.say(folder(2, name)).lines == Lines{"NO 2 name"});
        CHECK(there.say(link(3, name, "x")).lines == Lines{"NO 3 name"});
        const auto rest = there.say(file(4, "fine", "12345") + end_line);
        CHECK(rest.lines == Lines{"WANT 4 0", "DONE 4", "BYE"});
        CHECK(there.names() == Lines{"fine"});
        CHECK(std::filesystem::is_empty(there.outside()));
    }
}

TEST_CASE("Nothing is written through a link or below what is no folder") {
    LoneReceiver there;
    std::filesystem::create_directory_symlink(there.outside(), there.root() / "out");
    std::filesystem::create_symlink(there.outside() / "new", there.root() / "dangling");
    there.place("file", "here");
    std::filesystem::create_directory(there.root() / "folder");
    const std::vector<std::pair<std::string, std::string>> rows{
        {put(1, "out/x", 5), "NO 1 name"},       {put(2, "file/x", 5), "NO 2 name"},
        {put(3, "out", 5), "NO 3 exists"},       {put(4, "dangling", 5), "NO 4 exists"},
        {put(5, "folder", 5), "NO 5 exists"},    {put(6, "file", 5), "NO 6 exists"},
        {folder(7, "out/x"), "NO 7 name"},       {folder(8, "file/x"), "NO 8 name"},
        {folder(9, "out"), "NO 9 exists"},       {folder(10, "file"), "NO 10 exists"},
        {link(11, "out/x", "y"), "NO 11 name"},  {link(12, "file/x", "y"), "NO 12 name"},
        {link(13, "out", "y"), "NO 13 exists"},  {link(14, "folder", "y"), "NO 14 exists"},
        {link(15, "file", "y"), "NO 15 exists"},
    };
    for (const auto& [said, answer] : rows) {
        const auto answers = there.say(said);
        CHECK(answers.lines == Lines{answer});
        CHECK_FALSE(answers.broken);
    }
    CHECK(there.names() == Lines{"dangling", "file", "folder", "out"});
    CHECK(there.content("file") == "here");
    CHECK(std::filesystem::is_empty(there.outside()));
    CHECK(std::filesystem::is_symlink(there.root() / "dangling"));
}

TEST_CASE("A link that the sender makes does not lead its files out") {
    LoneReceiver there;
    const auto made = there.say(link(1, "out", there.outside().string()) + sync_line);
    CHECK(made.lines == Lines{"DONE 1"});
    CHECK(there.say(put(2, "out/x", 5) + sync_line).lines == Lines{"NO 2 name"});
    CHECK(there.say(folder(3, "out/x") + sync_line).lines == Lines{"NO 3 name"});
    CHECK(std::filesystem::is_empty(there.outside()));
}

TEST_CASE("A file whose name is taken while it comes does not replace what is there") {
    LoneReceiver there;
    there.say(put(1, "x", 5) + data(1, 0, "12345"));
    there.place("x", "another");
    const auto answers = there.say(sum(1, "12345") + sync_line);
    CHECK(answers.lines == Lines{"NO 1 exists"});
    CHECK(there.content("x") == "another");
}

TEST_CASE("Two files of one name in one connection: the second is refused") {
    LoneReceiver there;
    const std::string said = put(1, "x", 5) + put(2, "x", 3) + data(1, 0, "12345") +
                             sum(1, "12345") + data(2, 0, "abc") + sum(2, "abc") + sync_line;
    CHECK(there.say(said).lines == Lines{"WANT 1 0", "WANT 2 0", "DONE 1", "NO 2 exists"});
    CHECK(there.content("x") == "12345");
}

TEST_CASE("A large file that another connection writes is busy") {
    LoneReceiver there;
    there.say(put(1, "x", 2 << 20));
    CHECK(there.say(put(2, "x", 2 << 20)).lines == Lines{"NO 2 busy"});
}

TEST_CASE("No more than the window of requests may be open") {
    LoneReceiver there;
    std::string said;
    for (std::uint64_t n = 1; n <= wire::copy_window; ++n) said += put(n, std::to_string(n), 5);
    CHECK_FALSE(there.say(said).broken);
    CHECK(there.say(put(wire::copy_window + 1, "one more", 5)).broken);
}

TEST_CASE("The lines of the open requests may not have more than a mebibyte together") {
    const std::string component(200, 'x');
    std::string name = component;
    for (int i = 0; i < 18; ++i) name += "/" + component;
    LoneReceiver there;
    bool broken = false;
    std::size_t said = 0;
    for (std::uint64_t n = 1; n <= 300 && !broken; ++n) {
        const std::string line = put(n, name + std::to_string(n), 5);
        broken = there.say(line).broken;
        said += line.size();
    }
    CHECK(broken);
    CHECK(said > wire::copy_window_bytes);
}

TEST_CASE("A sender that does not take its answers is not listened to for ever") {
    LoneReceiver there;
    there.connect();
    std::string said;
    for (std::uint64_t n = 1; n <= 50'000; ++n) said += put(n, "..", 5);
    Bytes rest = as_bytes(said);
    for (std::size_t taken = 1; taken > 0; rest = rest.subspan(taken)) {
        taken = there.machine().consume(rest).value();
    }
    CHECK(rest.size() > said.size() / 2);
    // As soon as they are taken it goes on.
    std::size_t refused = 0;
    std::vector<std::byte> buffer(512 * 1024);
    for (std::size_t made = 1; made > 0;) {
        made = there.machine().produce(buffer).value();
        const auto text = as_text(Bytes(buffer).first(made));
        refused += static_cast<std::size_t>(std::ranges::count(text, '\n'));
        for (std::size_t taken = 1; taken > 0; rest = rest.subspan(taken)) {
            taken = rest.empty() ? 0 : there.machine().consume(rest).value();
        }
    }
    CHECK(rest.empty());
    CHECK(refused == 50'000);
}

}  // namespace netcopy::test
