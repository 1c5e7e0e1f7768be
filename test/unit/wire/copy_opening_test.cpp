#include "test/unit/wire/copy_lines.hpp"

// The first line of either side (docs/protocol/copy.md, "Opening").

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using namespace std::string_literals;
using std::string;

namespace {

const string session = "000102030405060708090a0b0c0d0e0f";

const std::vector<std::pair<string, CopyOpening>>& openings() {
    static const std::vector<std::pair<string, CopyOpening>> lines = {
        {"NETCOPY/1 put\n", {"put", "", {}}},
        {"NETCOPY/1 put session=" + session + " digest=sha256\n", {"put", session, {"sha256"}}},
        {"NETCOPY/1 put digest=crc32c,sha256,x-Y_9\n", {"put", "", {"crc32c", "sha256", "x-Y_9"}}},
        {"NETCOPY/1 get digest=sha256,md5\n", {"get", "", {"sha256", "md5"}}},
        {"NETCOPY/1 list\n", {"list", "", {}}},
        {"NETCOPY/1 list-all session=" + session + "\n", {"list-all", session, {}}},
    };
    return lines;
}

const std::vector<std::pair<string, CopyOpeningAnswer>>& answers() {
    static const std::vector<std::pair<string, CopyOpeningAnswer>> lines = {
        {"NETCOPY/1 ok put window=4096 window-bytes=1048576\n", CopyAccepted{4096, 1048576}},
        {"NETCOPY/1 ok put window=1 window-bytes=9223372036854775807\n",
         CopyAccepted{1, INT64_MAX}},
        {"NETCOPY/1 ok get window=2 window-bytes=3\n", CopyAccepted{2, 3, "get"}},
        {"NETCOPY/1 ok list\n", CopyAccepted{copy_window, copy_window_bytes, "list"}},
        {"NETCOPY/1 no digest none\\x20is\\x20known\n", CopyDeclined{"digest", "none is known"}},
    };
    return lines;
}

bool is_foreign(std::string_view bytes) { return is_refused<CopyOpeningAnswer>(bytes); }

}  // namespace

TEST_CASE("every opening is read from its line and written as it") {
    for (const auto& [line, message] : openings()) {
        INFO(line);
        CHECK(message_of<CopyOpening>(line) == message);
        CHECK(line_of(message) == line);
        check_every_cut<CopyOpening>({line});
        for (const char* behind : {"x", "\n", "NETCOPY/1 put\n", "\xff"}) {
            const auto parsed = parse<CopyOpening>(line + behind);
            REQUIRE(parsed);
            CHECK(parsed->used == line.size());
        }
    }
}

TEST_CASE("every answer to an opening is read from its line and written as it") {
    for (const auto& [line, message] : answers()) {
        INFO(line);
        CHECK(message_of<CopyOpeningAnswer>(line) == message);
        CHECK(line_of(message) == line);
        check_every_cut<CopyOpeningAnswer>({line});
        for (const char* behind : {"x", "\n", "\x01", "BYE\n", "\xff"}) {
            const auto parsed = parse<CopyOpeningAnswer>(line + behind);
            REQUIRE(parsed);
            CHECK(parsed->used == line.size());
        }
    }
}

TEST_CASE("an opening and its answer need more until the line end has come") {
    for (const auto& [line, message] : openings()) {
        for (std::size_t size = 0; size < line.size(); ++size) {
            CHECK(needs_more<CopyOpening>(line.substr(0, size)));
        }
    }
    for (const auto& [line, message] : answers()) {
        for (std::size_t size = 0; size < line.size(); ++size) {
            CHECK(needs_more<CopyOpeningAnswer>(line.substr(0, size)));
        }
    }
}

TEST_CASE("options of an opening that nobody knows are passed over") {
    CHECK(message_of<CopyOpening>("NETCOPY/1 put tls zstd=1,9 session=" + session +
                                  " a=b=c Session=x d=\"'&%$#@!~ digest=md5\n") ==
          CopyOpening{"put", session, {"md5"}});
    CHECK(message_of<CopyOpeningAnswer>(
              "NETCOPY/1 ok get tls=1.3 window-bytes=7 zstd window=5 windows=0\n") ==
          CopyOpeningAnswer(CopyAccepted{5, 7, "get"}));
    CHECK(message_of<CopyOpeningAnswer>("NETCOPY/1 ok put get list window=5\n") ==
          CopyOpeningAnswer(CopyAccepted{5, copy_window_bytes, "put"}));
    CHECK(message_of<CopyOpeningAnswer>("NETCOPY/1 ok list window=5\n") ==
          CopyOpeningAnswer(CopyAccepted{copy_window, copy_window_bytes, "list"}));
    CHECK(message_of<CopyOpeningAnswer>("NETCOPY/1 ok put\n") == CopyOpeningAnswer(CopyAccepted{}));
}

TEST_CASE("openings that the grammar does not have are refused") {
    for (const string& line : {
             "NETCOPY/1"s,
             "NETCOPY/1 "s,
             "NETCOPY/1  put"s,
             "NETCOPY/1 put "s,
             "NETCOPY/1 put\r"s,
             "NETCOPY/1 p.t"s,
             "NETCOPY/1 session="s + session,
             "NETCOPY/1\tput"s,
             "NETCOPY/01 put"s,
             "NETCOPY/ put"s,
             "NETCOPY/-1 put"s,
             "NETCOPY/1.1 put"s,
             "NETCOPY/x put"s,
             "NETCOPY/"s,
             "netcopy/1 put"s,
             "NETCOPY 1 put"s,
             " NETCOPY/1 put"s,
             "GET / HTTP/1.1"s,
             "NETCOPY/1 put session"s,
             "NETCOPY/1 put session="s,
             "NETCOPY/1 put session="s + session.substr(1),
             "NETCOPY/1 put session=0"s + session,
             "NETCOPY/1 put session=000102030405060708090A0B0C0D0E0F"s,
             "NETCOPY/1 put session=000102030405060708090a0b0c0d0e0g"s,
             "NETCOPY/1 put session="s + session + " session=" + session,
             "NETCOPY/1 put digest"s,
             "NETCOPY/1 put digest="s,
             "NETCOPY/1 put digest=,"s,
             "NETCOPY/1 put digest=md5,"s,
             "NETCOPY/1 put digest=,md5"s,
             "NETCOPY/1 put digest=md5,,sha1"s,
             "NETCOPY/1 put digest=md5 digest=sha1"s,
             "NETCOPY/1 put digest=md:5"s,
             "NETCOPY/1 put =x"s,
             "NETCOPY/1 put x="s,
             "NETCOPY/1 put x.y"s,
             "NETCOPY/1 put x=\xc3\xbc"s,
             "NETCOPY/1 put x=\x7f"s,
             "NETCOPY/1 put\0"s,
             "NETCOPY/1 put x=\0"s,
         }) {
        check_refused<CopyOpening>(line + "\n");
    }
}

TEST_CASE("an opening of another version is refused in words of its own") {
    for (const char* line : {"NETCOPY/2 put\n", "NETCOPY/0 put\n", "NETCOPY/10\n",
                             "NETCOPY/2 \x01 whatever else it has\n"}) {
        const auto parsed = parse<CopyOpening>(line);
        REQUIRE(parsed.has_error());
        CHECK(parsed.error() == Errc::refused);
        CHECK(parsed.error().context.find("netcopy/1") != string::npos);
        CHECK(is_printable(parsed.error().context));
        CHECK(needs_more<CopyOpening>(std::string_view(line).substr(0, 9)));
    }
}

TEST_CASE("bytes that open nothing of ours are refused at the first wrong one") {
    for (const char* bytes : {"n", "X", "NETCOPY-", "NX", "\n", " ", "\x16\x03\x01"}) {
        INFO(escape(bytes));
        CHECK(is_refused<CopyOpening>(bytes));
    }
}

TEST_CASE("answers to an opening that the grammar does not have are refused") {
    for (const string& line : {
             "NETCOPY/1 ok"s,
             "NETCOPY/1 ok "s,
             "NETCOPY/1 ok  put"s,
             "NETCOPY/1 ok put "s,
             "NETCOPY/1 ok put\r"s,
             "NETCOPY/1 okay put"s,
             "NETCOPY/1 OK put"s,
             "NETCOPY/1 ok put window"s,
             "NETCOPY/1 ok put window="s,
             "NETCOPY/1 ok put window=0"s,
             "NETCOPY/1 ok put window=-1"s,
             "NETCOPY/1 ok put window=+1"s,
             "NETCOPY/1 ok put window=1k"s,
             "NETCOPY/1 ok put window=9223372036854775808"s,
             "NETCOPY/1 ok put window-bytes=0"s,
             "NETCOPY/1 ok put window-bytes=many"s,
             "NETCOPY/1 ok =put"s,
             "NETCOPY/1 ok put=\xff"s,
             "NETCOPY/1 no"s,
             "NETCOPY/1 no "s,
             "NETCOPY/1 no digest"s,
             "NETCOPY/1 no digest "s,
             "NETCOPY/1 no digest none is known"s,
             "NETCOPY/1 no dig:est none"s,
             "NETCOPY/1 no digest none\\"s,
             "NETCOPY/1 no digest none\\x2"s,
             "NETCOPY/1 no digest none\\x2G"s,
             "NETCOPY/1 no digest \x7f"s,
             "NETCOPY/1 maybe put"s,
             "NETCOPY/1 put session="s + session,
             "NETCOPY/2 ok put"s,
             ""s,
         }) {
        check_refused<CopyOpeningAnswer>(line + "\n");
    }
}

TEST_CASE("that a peer is of another make is known from its first wrong byte") {
    for (const char* bytes :
         {"F", "HTTP/1.1", "n", "NETCOPY/2", "NETCOPY/1  ", "NETCOPY/1 O", "NETCOPY/1 op",
          "NETCOPY/1 p", "NETCOPY/1 okp", "NETCOPY/1 nop", "NETCOPY/1 ok\n", "\n", "\r", " ",
          "NETCOPY/1 ok put\r", "NETCOPY/1 ok put\t", "NETCOPY/1 no digest \x1b[2J"}) {
        INFO(escape(bytes));
        CHECK(is_foreign(bytes));
    }
    CHECK(is_foreign("NETCOPY/1 ok put\0"s));
    CHECK(is_foreign("File transfer failed: Incomplete transfer"));
    const string opening = line_of(CopyOpening{"put", session, {"sha256"}});
    CHECK(is_foreign(opening));  // an echo
}

TEST_CASE("an opening line of 1024 bytes is read and a longer one refused before its end comes") {
    const string front = "NETCOPY/1 put x=";
    const string full = front + string(copy_opening_limit - 1 - front.size(), 'y');
    CHECK(message_of<CopyOpening>(full + "\n").purpose == "put");
    CHECK(needs_more<CopyOpening>(full));
    CHECK(is_refused<CopyOpening>(full + "y"));
    CHECK(is_refused<CopyOpening>(full + "y\n"));
    CHECK(is_refused<CopyOpening>(full + string(1 << 20, 'y')));

    const string answer_front = "NETCOPY/1 no digest ";
    const string answer = answer_front + string(copy_opening_limit - 1 - answer_front.size(), 'y');
    CHECK(std::get<CopyDeclined>(message_of<CopyOpeningAnswer>(answer + "\n")).code == "digest");
    CHECK(needs_more<CopyOpeningAnswer>(answer));
    CHECK(is_foreign(answer + "y"));
    CHECK(is_foreign(answer + "y\n"));
}

TEST_CASE("why an opening is declined always fits its line") {
    for (const string& text : {string(5000, '\n'), string(5000, 'x'), string()}) {
        const string line = line_of(CopyDeclined{"purpose", text});
        CHECK(line.size() <= copy_opening_limit);
        const auto declined = std::get<CopyDeclined>(message_of<CopyOpeningAnswer>(line));
        CHECK(declined.code == "purpose");
        CHECK_FALSE(declined.text.empty());
        if (!text.empty()) CHECK(text.starts_with(declined.text));
    }
}
