#include "test/unit/wire/copy_lines.hpp"

// The check at the end of each line: whatever happens to a line on its way, it says nothing else.

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using std::string;

namespace {

bool has_bad_check(std::string_view line) {
    const auto request = parse<CopyRequest>(line);
    const auto answer = parse<CopyAnswer>(line);
    return is_refused<CopyRequest>(line) && is_refused<CopyAnswer>(line) &&
           request.error().context.find("check") != string::npos &&
           answer.error().context.find("check") != string::npos;
}

}  // namespace

TEST_CASE("the check of a line is what another make computes") {
    // CRC-32C of "123456789" is e3069283; BUSY's was computed by another program.
    CHECK(sealed("123456789\n") == "123456789 e3069283\n");
    CHECK(sealed("BUSY\n") == "BUSY 0d5c6295\n");
    CHECK(line_of(CopyBusy{}) == "BUSY 0d5c6295\n");
}

TEST_CASE("a line without its check, or with another, is refused") {
    for (const string line : {"BUSY", "SYNC", "KEEP 1", "DONE 1", "NO 1 exists a",
                              "PUT 1 6 644 1.000000000 a", "DIR 1 755 1.000000000 a bare"}) {
        const string good = sealed(line);
        const string check = good.substr(line.size() + 1);
        INFO(line);
        CHECK(has_bad_check(line + "\n"));
        CHECK(has_bad_check(line + " \n"));
        CHECK(has_bad_check(line + " 00000000\n"));
        CHECK(has_bad_check(line + check + "\n"));
        CHECK(has_bad_check(line + "  " + check + "\n"));
        CHECK(has_bad_check(good + " \n"));
        CHECK(has_bad_check(good + "\r\n"));
        CHECK(has_bad_check(good + "0\n"));
        CHECK(has_bad_check(line + " 0" + check + "\n"));
        CHECK(has_bad_check(line + " 0x" + check + "\n"));
        CHECK(has_bad_check(line + " " + check.substr(1) + "\n"));
        CHECK(has_bad_check(line + " check=" + check + "\n"));
    }
    CHECK(has_bad_check("\n"));
    CHECK(has_bad_check(sealed("").substr(1) + "\n"));
}

TEST_CASE("a check in capitals is refused") {
    string line = sealed("KEEP 1\n");
    const std::size_t begin = line.rfind(' ');
    REQUIRE(line.find_first_of("abcdef", begin) != string::npos);
    for (std::size_t i = begin; i < line.size(); ++i) {
        if (line[i] >= 'a') line[i] = static_cast<char>(line[i] - 'a' + 'A');
    }
    CHECK(has_bad_check(line));
}

TEST_CASE("a line with any one bit flipped says nothing") {
    const string put = sealed("PUT 12 6 644 1700000000.000000001 docs/a\\x20b bare\n");
    const string done = sealed("DONE 12\n");
    for (std::size_t bit = 0; bit < put.size() * 8; ++bit) {
        string line = put;
        line[bit / 8] = static_cast<char>(line[bit / 8] ^ (1 << bit % 8));
        INFO(escape(line));
        const auto parsed = parse<CopyRequest>(line + "x");
        CHECK((!parsed || parsed->verdict == Verdict::need_more));
    }
    for (std::size_t bit = 0; bit < done.size() * 8; ++bit) {
        string line = done;
        line[bit / 8] = static_cast<char>(line[bit / 8] ^ (1 << bit % 8));
        INFO(escape(line));
        const auto parsed = parse<CopyAnswer>(line + "x");
        CHECK((!parsed || parsed->verdict == Verdict::need_more));
    }
}

TEST_CASE("a line with any one byte exchanged says nothing") {
    const string done = sealed("DONE 12\n");
    for (std::size_t at = 0; at < done.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            string line = done;
            line[at] = static_cast<char>(byte);
            if (line == done) continue;
            const auto parsed = parse<CopyAnswer>(line + "x");
            CHECK((!parsed || parsed->verdict == Verdict::need_more));
        }
    }
}

TEST_CASE("two lines whose line end was lost are none") {
    const string one = sealed("DONE 1\n");
    const string two = sealed("DONE 2\n");
    CHECK(has_bad_check(one.substr(0, one.size() - 1) + two));
    CHECK(has_bad_check(one.substr(0, one.size() - 1) + " " + two));
}
