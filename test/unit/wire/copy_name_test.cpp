#include "test/unit/sample.hpp"
#include "test/unit/wire/copy_lines.hpp"

// Names and texts of any bytes, in lines that have spaces and ends.

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using namespace std::string_literals;
using std::string;

namespace {

string put_line(std::string_view escaped) {
    return "PUT 1 6 644 1.000000000 " + string(escaped) + "\n";
}

/// The name as it stands in the line, its fields cut at the spaces.
string escaped_in_line(const string& name) {
    const string line = line_of(CopyPut{1, 6, 0644, {1, 0}, name});
    CHECK(std::ranges::count(line, ' ') == 6);
    CHECK(std::ranges::count(line, '\n') == 1);
    const std::size_t begin = string("PUT 1 6 644 1.000000000 ").size();
    return line.substr(begin, line.rfind(' ') - begin);
}

/// As a name of each kind, as a link's target, and as a text.
void check_there_and_back(const string& name) {
    INFO(escape(name));
    for (const CopyRequest& request :
         {CopyRequest(CopyPut{1, 6, 0644, {1, 0}, name}),
          CopyRequest(CopyFolder{1, 0755, {1, 0}, name}),
          CopyRequest(CopyLink{1, {1, 0}, name, "target"}),
          CopyRequest(CopyLink{1, {1, 0}, "name", name}), CopyRequest(CopyDrop{1, "gone", name})}) {
        CHECK(message_of<CopyRequest>(line_of(request)) == request);
    }
    const CopyAnswer no = CopyNo{1, "name", name};
    CHECK(message_of<CopyAnswer>(line_of(no)) == no);
}

string name_of(std::string_view escaped) {
    return std::get<CopyPut>(read<CopyRequest>(put_line(escaped))).name;
}

}  // namespace

TEST_CASE("a name of any one byte goes there and back") {
    for (int byte = 0; byte < 256; ++byte) {
        check_there_and_back(string(1, static_cast<char>(byte)));
        check_there_and_back("a" + string(2, static_cast<char>(byte)) + "b");
    }
}

TEST_CASE("names that look like something else go there and back") {
    for (const string& name : {" "s,
                               "  "s,
                               "\n"s,
                               "\r\n"s,
                               "\\"s,
                               "\\\\"s,
                               "\\x"s,
                               "\\x0a"s,
                               "\\x5c"s,
                               "x0a"s,
                               "-"s,
                               "0"s,
                               "bare"s,
                               "sparse compare"s,
                               "a bare"s,
                               "a\nBYE\n"s,
                               "\0"s,
                               "sha256="s,
                               "."s,
                               ".."s,
                               "a/b/c"s,
                               "/"s,
                               "gr\xc3\xbc\xc3\x9f"s,
                               "\xe6\x97\xa5\xe6\x9c\xac"s,
                               "\xff\xfe\x80\xc0"s,
                               "\xc2\x85"s,
                               "\x7f"s,
                               "\x1b[2J"s,
                               "a\tb"s,
                               "'\"`$(;)&|<>*?[]{}~#%=,+:@!^"s}) {
        check_there_and_back(name);
    }
    check_there_and_back(sample(copy_name_limit));
}

TEST_CASE("exactly spaces, control characters, DEL and backslashes are escaped") {
    for (int byte = 0; byte < 256; ++byte) {
        const bool must = byte <= 0x20 || byte == 0x7f || byte == '\\';
        const string text(1, static_cast<char>(byte));
        const string escaped = escaped_in_line(text);
        INFO(byte);
        CHECK(escaped == (must ? "\\x" + to_hex(as_bytes(text)) : text));
    }
    CHECK(escaped_in_line("hello world.txt") == "hello\\x20world.txt");
    CHECK(escaped_in_line("\x1f\x7f\\") == "\\x1f\\x7f\\x5c");
}

TEST_CASE("a byte that should be escaped and is not is refused") {
    for (int byte = 0; byte < 256; ++byte) {
        if (byte == '\n' || byte == ' ') continue;  // they end the line and the field
        const bool bad = byte < 0x20 || byte == 0x7f || byte == '\\';
        const string name(1, static_cast<char>(byte));
        INFO(byte);
        if (!bad) CHECK(name_of(name) == name);
        if (!bad) CHECK(name_of("a" + name + "b") == "a" + name + "b");
        if (!bad) continue;
        for (const string& text : {name, "a" + name, name + "b"}) {
            check_refused<CopyRequest>(put_line(text));
            check_refused<CopyRequest>("DIR 1 755 1.000000000 " + text + "\n");
            check_refused<CopyRequest>("LINK 1 1.000000000 " + text + " b\n");
            check_refused<CopyRequest>("LINK 1 1.000000000 a " + text + "\n");
            check_refused<CopyRequest>("DROP 1 gone " + text + "\n");
            check_refused<CopyAnswer>("NO 1 name " + text + "\n");
        }
    }
}

TEST_CASE("an escape is a backslash, an x and two lower-case hex digits") {
    CHECK(name_of("\\x41") == "A");  // not necessary, but plain
    CHECK(name_of("\\x00") == "\0"s);
    CHECK(name_of("\\xff\\x20\\x5c") == "\xff \\");
    CHECK(name_of("\\x5cx0a") == "\\x0a");
    for (const char* bad : {"\\", "\\x", "\\x4", "a\\x4", "\\x4g", "\\xg4", "\\x0A", "\\X0a", "\\n",
                            "\\\\", "\\041", "\\x +", "\\x-1", "\\u0041", "\\x4\\x41"}) {
        check_refused<CopyRequest>(put_line(bad));
    }
}

TEST_CASE("a name has at most 4096 bytes, counted when its escapes are undone") {
    for (const string& unit : {"a"s, "\n"s, "\xff"s}) {
        string name;
        while (name.size() < copy_name_limit) name += unit;
        check_there_and_back(name);
        for (const string& line : {line_of(CopyPut{1, 6, 0644, {1, 0}, name + unit}),
                                   line_of(CopyFolder{1, 0755, {1, 0}, name + unit}),
                                   line_of(CopyLink{1, {1, 0}, name + unit, "b"}),
                                   line_of(CopyLink{1, {1, 0}, "a", name + unit})}) {
            CHECK(is_refused<CopyRequest>(line));
        }
    }
}

TEST_CASE("a text may be longer than a name, up to the line's limit") {
    const string text(copy_name_limit + 1, 'y');
    const auto no = std::get<CopyNo>(read<CopyAnswer>("NO 1 failed " + text + "\n"));
    CHECK(no.text == text);
}
