#include <catch2/catch.hpp>

#include "base/bytes.hpp"

using namespace netcopy;
using namespace std::string_literals;

TEST_CASE("hex has two lower-case digits a byte") {
    CHECK(to_hex({}) == "");
    CHECK(to_hex(as_bytes("\x00\x0f\xf0\xff\x5a"s)) == "000ff0ff5a");
}

TEST_CASE("bytes and text are two views of the same memory") {
    const std::string text = "a\0b"s;
    CHECK(as_bytes(text).size() == 3);
    CHECK(as_text(as_bytes(text)) == text);
    CHECK(as_text(as_bytes(text)).data() == text.data());
}

TEST_CASE("printable ASCII is not escaped") {
    std::string printable;
    for (char c = ' '; c < '\x7f'; ++c) {
        if (c != '\\') printable += c;
    }
    CHECK(escape(printable) == printable);
}

TEST_CASE("control bytes, DEL, backslashes and bytes beyond ASCII are escaped") {
    CHECK(escape("a\nb\rc\td"s) == "a\\x0ab\\x0dc\\x09d");
    CHECK(escape("\0"s) == "\\x00");
    CHECK(escape("\x1b[31m") == "\\x1b[31m");
    CHECK(escape("\x7f") == "\\x7f");
    CHECK(escape("\\x41") == "\\x5cx41");
    CHECK(escape("\xc3\xa9\xff") == "\\xc3\\xa9\\xff");
}

TEST_CASE("no byte that is escaped comes through as itself") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string escaped = escape(std::string(1, static_cast<char>(byte)));
        for (const char c : escaped) CHECK((c >= ' ' && c < '\x7f'));
    }
}

TEST_CASE("a long text is cut at the limit of its own bytes") {
    CHECK(escape("abcdef", 6) == "abcdef");
    CHECK(escape("abcdefg", 6) == "abcdef...");
    CHECK(escape("\n\n\n", 2) == "\\x0a\\x0a...");
    CHECK(escape(std::string(200, 'a')) == std::string(200, 'a'));
    CHECK(escape(std::string(201, 'a')) == std::string(200, 'a') + "...");
}

TEST_CASE("a quoted path stays readable in UTF-8 and cannot move a cursor") {
    CHECK(quote("/tmp/a b") == "'/tmp/a b'");
    CHECK(quote("\xc3\xa9t\xc3\xa9.txt") == "'\xc3\xa9t\xc3\xa9.txt'");
    CHECK(quote("a\nb\x1b[2J\x7f") == "'a\\x0ab\\x1b[2J\\x7f'");
    CHECK(quote("") == "''");
}

TEST_CASE("a decimal number is digits only") {
    CHECK(parse_decimal("0") == 0U);
    CHECK(parse_decimal("007") == 7U);
    CHECK(parse_decimal("18446744073709551615") == UINT64_MAX);
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "1\n", "1a", "a", "0x1", "1.0", "1e3",
                             "18446744073709551616", "99999999999999999999999999"}) {
        INFO(text);
        CHECK_FALSE(parse_decimal(text));
    }
    CHECK_FALSE(parse_decimal("1\0"s));
    CHECK_FALSE(parse_decimal("\xd9\xa1"));
}

TEST_CASE("a decimal number is at most what is allowed") {
    CHECK(parse_decimal("100", 100) == 100U);
    CHECK_FALSE(parse_decimal("101", 100));
    CHECK(parse_decimal("0", 0) == 0U);
    CHECK_FALSE(parse_decimal("1", 0));
}
