#include "app/utf8.hpp"

#include <catch2/catch.hpp>

using namespace netcopy::app;

TEST_CASE("valid UTF-8 stays as it is") {
    const std::string text =
        GENERATE("", "plain", "b\u00e4r", "\u65e5\u672c", "\U0001f600", "a\nb\x7f",
                 "\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff");
    CHECK(valid_utf8(text) == text);
}

TEST_CASE("bytes that are not UTF-8 become hex") {
    CHECK(valid_utf8("a\xff"
                     "b") == "a\\xffb");
    CHECK(valid_utf8("\x80") == "\\x80");
    CHECK(valid_utf8("\xc3") == "\\xc3");                    // cut
    CHECK(valid_utf8("\xe6\x97") == "\\xe6\\x97");           // cut
    CHECK(valid_utf8("\xc0\xaf") == "\\xc0\\xaf");           // overlong '/'
    CHECK(valid_utf8("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");  // overlong '/'
    CHECK(valid_utf8("\xf0\x8f\xbf\xbf") == "\\xf0\\x8f\\xbf\\xbf");
    CHECK(valid_utf8("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
    CHECK(valid_utf8("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
    CHECK(valid_utf8("\xc3(") == "\\xc3(");
}

TEST_CASE("printable text moves no cursor and turns no direction") {
    CHECK(printable("a\x1b[2Jb") == "a\\x1b[2Jb");
    CHECK(printable("a\r\n\t\x7f") == "a\\x0d\\x0a\\x09\\x7f");
    CHECK(printable("\xc2\x9b"
                    "2J") == "\\xc2\\x9b2J");  // C1: CSI in one character
    CHECK(printable("\u202egnp.exe") == "\\xe2\\x80\\xaegnp.exe");
    CHECK(printable("b\u00e4r \u65e5") == "b\u00e4r \u65e5");
    CHECK(printable(std::string_view("\0", 1)) == "\\x00");
}

TEST_CASE("columns count wide characters twice and combining ones not at all") {
    CHECK(columns("") == 0);
    CHECK(columns("abc") == 3);
    CHECK(columns("b\u00e4r") == 3);
    CHECK(columns("\u65e5\u672c") == 4);
    CHECK(columns("e\u0301") == 1);
    CHECK(columns("\U0001f600") == 2);
}

TEST_CASE("a text is cut at a character and never wider than asked") {
    CHECK(fit("abcdef", 6) == "abcdef");
    CHECK(fit("abcdef", 5) == "abcd\u2026");
    CHECK(fit("\u65e5\u672c\u8a9e", 6) == "\u65e5\u672c\u8a9e");
    CHECK(fit("\u65e5\u672c\u8a9e", 5) == "\u65e5\u672c\u2026");
    CHECK(fit("\u65e5\u672c\u8a9e", 4) == "\u65e5\u2026");
    CHECK(fit("abc", 1) == "\u2026");
    CHECK(fit("abc", 0).empty());
    CHECK(fit("abc", -1).empty());
}
