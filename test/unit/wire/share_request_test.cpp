#include "test/unit/wire/share_seen.hpp"

// What the server of the share protocol hears: commands, details, ids.

using namespace netcopy;
using namespace netcopy::test;
using namespace std::string_view_literals;
using wire::Verdict;

namespace {

const std::string id = "b1946ac92492d2347c6235b4d2611184";

SeenShare command(std::string_view bytes) { return see_share(wire::parse_share_command, bytes); }
SeenShare details(std::string_view bytes) { return see_share(wire::parse_share_details, bytes); }
SeenShare file_id(std::string_view bytes) { return see_share(wire::parse_share_id, bytes); }

}  // namespace

TEST_CASE("the commands of the share protocol are bare words") {
    CHECK(command("LIST_FILES") == SeenShare{Verdict::complete, 10, 0, "LIST_FILES", ""});
    CHECK(command("LIST FILES") == SeenShare{Verdict::complete, 10, 0, "LIST_FILES", ""});
    CHECK(command("UPLOAD") == SeenShare{Verdict::complete, 6, 0, "UPLOAD", ""});
    CHECK(command("DOWNLOAD") == SeenShare{Verdict::complete, 8, 0, "DOWNLOAD", ""});
    CHECK(command("DISCONNECT") == SeenShare{Verdict::complete, 10, 0, "DISCONNECT", ""});
}

TEST_CASE("LIST FILE may still become LIST FILES") {
    CHECK(command("LIST FILE") == SeenShare{Verdict::tentative, 9, 0, "LIST_FILES", ""});
    CHECK(command("LIST_FILE") == SeenShare{Verdict::tentative, 9, 0, "LIST_FILES", ""});
    CHECK(command("LIST FILE\n") == SeenShare{Verdict::complete, 9, 0, "LIST_FILES", ""});
    CHECK(command("LIST FILEUPLOAD") == SeenShare{Verdict::complete, 9, 0, "LIST_FILES", ""});
}

TEST_CASE("line ends, NULs and a late EOF before a command are passed over") {
    CHECK(command("\r\n\0UPLOAD"sv) == SeenShare{Verdict::complete, 9, 3, "UPLOAD", ""});
    CHECK(command("EOFUPLOAD") == SeenShare{Verdict::complete, 9, 3, "UPLOAD", ""});
    CHECK(command("\nEOF\nEOF\n") == SeenShare{Verdict::need_more, 9, 9, "", ""});
    CHECK(command("EOFEO") == SeenShare{Verdict::need_more, 3, 3, "", ""});
    CHECK(command("") == SeenShare{});
}

TEST_CASE("a command may be cut anywhere, and joined to what follows") {
    for (const char* word : {"LIST_FILES", "UPLOAD", "DOWNLOAD", "DISCONNECT"}) {
        const std::string text = word;
        check_cuts(wire::parse_share_command, text, text, text.size());
        check_cuts(wire::parse_share_command, "EOF\r\n" + text, text, text.size() + 5);
        check_cuts(wire::parse_share_command, text + "\nUPLOAD", text, text.size());
    }
}

TEST_CASE("what can become no command is an error at once, escaped") {
    for (const char* text : {"x", "upload", "UPX", "LIST FOLDERS", "GET / HTTP/1.1\r\n", "EOFx",
                             "\x1b[2J", "NETCOPY/1", " UPLOAD"}) {
        const SeenShare seen = command(text);
        INFO(text);
        CHECK(seen.error.ends_with("is no command"));
        CHECK(seen.error.find('\x1b') == std::string::npos);
    }
}

TEST_CASE("details are a name and a size, with the last semicolon between") {
    CHECK(details("a.txt;12") == SeenShare{Verdict::tentative, 8, 0, "a.txt|12", ""});
    CHECK(details("a;b;12") == SeenShare{Verdict::tentative, 6, 0, "a;b|12", ""});
    CHECK(details(";12") == SeenShare{Verdict::tentative, 3, 0, "|12", ""});
    CHECK(details("a b; 12 ") == SeenShare{Verdict::tentative, 8, 0, "a b|12", ""});
    CHECK(details("a;") == SeenShare{});
    CHECK(details("a") == SeenShare{});
    CHECK(details("a;12x") == SeenShare{});
    CHECK(details("../a/b;0") == SeenShare{Verdict::tentative, 8, 0, "../a/b|0", ""});
}

TEST_CASE("a line end or NUL ends the details and belongs to them") {
    CHECK(details("a;12\n") == SeenShare{Verdict::complete, 5, 0, "a|12", ""});
    CHECK(details("a;12\r\n34") == SeenShare{Verdict::complete, 6, 0, "a|12", ""});
    CHECK(details("a;12\0"sv) == SeenShare{Verdict::complete, 5, 0, "a|12", ""});
    CHECK(details("\r\na;12\n") == SeenShare{Verdict::complete, 7, 2, "a|12", ""});
    // The LF of it may come in another segment, and would be the file's first byte.
    CHECK(details("a;12\r") == SeenShare{Verdict::tentative, 5, 0, "a|12", ""});
    check_cuts(wire::parse_share_details, "\nfile name;1234\r\n\n", "file name|1234", 17);
}

TEST_CASE("a number beyond all limits is a size that no server takes") {
    CHECK(details("a;9223372036854775807\n").message == "a|9223372036854775807");
    CHECK(details("a;9223372036854775808\n").message == "a|18446744073709551615");
    CHECK(details("a;" + std::string(100, '9') + "\n").message == "a|18446744073709551615");
}

TEST_CASE("a line that is no name and size, and one without end, are errors") {
    CHECK(details("a\n").error == "'a' is no name;size");
    CHECK(details("a;-1\n").error == "'a;-1' is no name;size");
    CHECK(details("a;1.5\n").error == "'a;1.5' is no name;size");
    CHECK(details("a;0x10\n").error == "'a;0x10' is no name;size");
    CHECK(details(std::string(wire::share_line_limit, 'a')).error == "name and size are too long");
    CHECK(details(std::string(4000, 'a') + ";1").error.empty());
}

TEST_CASE("an id has 32 hex digits in either case") {
    const std::string upper = "B1946AC92492D2347C6235B4D2611184";
    CHECK(file_id(id) == SeenShare{Verdict::complete, 32, 0, id, ""});
    CHECK(file_id(upper) == SeenShare{Verdict::complete, 32, 0, upper, ""});
    CHECK(file_id("\n" + id + "\r\n") == SeenShare{Verdict::complete, 33, 1, id, ""});
    CHECK(file_id(id.substr(1)) == SeenShare{});
    CHECK(file_id("").error.empty());
    CHECK(file_id(id.substr(0, 31) + "g").error.ends_with("is no file ID"));
    CHECK(file_id("a.txt").error == "'a.txt' is no file ID");
    check_cuts(wire::parse_share_id, "\r\n" + id + "LIST_FILES", id, 34);
}

TEST_CASE("names that the share protocol cannot say") {
    for (const char* name : {"", "a;b", ";", "a\nb", "a\rb", "a\n"}) {
        INFO(escape(name));
        CHECK_FALSE(wire::share_can_say(name));
        const auto encoded = wire::encode_share_details(name, 1);
        REQUIRE(encoded.has_error());
        CHECK(encoded.error() == Errc::refused);
    }
    CHECK_FALSE(wire::share_can_say("a\0b"sv));
    CHECK(wire::share_can_say("a b"));
    CHECK(wire::share_can_say("\xff\x01"));
    CHECK(wire::encode_share_details("a b", 12).value() == "a b;12");
}

TEST_CASE("a line of a list has no line end of its own") {
    std::string list = "x";
    wire::append_share_line(list, id, "b c", 0);
    CHECK(list == "x" + id + ";b c;0");
}
