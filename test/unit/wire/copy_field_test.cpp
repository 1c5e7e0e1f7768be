#include "test/unit/wire/copy_lines.hpp"

// Numbers, times, modes and the length of a line: each at its limit and just beyond.

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using namespace std::string_literals;
using std::string;

namespace {

const string largest = "9223372036854775807";  // 2^63 - 1

/// PUT with one field exchanged; each has another place in the line.
string put(const string& n, const string& size = "6", const string& mode = "644",
           const string& time = "1.000000000") {
    return "PUT " + n + " " + size + " " + mode + " " + time + " a\n";
}
CopyPut read_put(const string& line) { return std::get<CopyPut>(read<CopyRequest>(line)); }

FileTime read_time(const string& time) { return read_put(put("1", "6", "644", time)).mtime; }

/// What PUT says of this time, and what is read from that.
std::pair<string, FileTime> time_there_and_back(FileTime time) {
    const string line = line_of(CopyPut{1, 6, 0644, time, "a"});
    const string head = "PUT 1 6 644 ";
    REQUIRE(line.starts_with(head));
    const string text = line.substr(head.size(), line.find(" a ") - head.size());
    return {text, std::get<CopyPut>(message_of<CopyRequest>(line)).mtime};
}

const char* const bad_numbers[] = {"",
                                   "-1",
                                   "+1",
                                   "x",
                                   "1x",
                                   "x1",
                                   "0x1",
                                   "1.0",
                                   "1e3",
                                   "1,000",
                                   "\xd9\xa1",
                                   "9223372036854775808",   // 2^63
                                   "9999999999999999999",   // the largest of 19 digits
                                   "18446744073709551615",  // 2^64 - 1
                                   "18446744073709551617",  // 1 with a carry lost
                                   "00000000000000000001",  // 20 digits
                                   "100000000000000000000000000000000"};

}  // namespace

TEST_CASE("a number is decimal, of at most 19 digits, and below 2^63") {
    CHECK(read_put(put(largest, largest)).n == INT64_MAX);
    CHECK(read_put(put(largest, largest)).size == INT64_MAX);
    CHECK(read_put(put("1", "0")).size == 0);
    CHECK(read_put(put("0000000000000000001", "007")).n == 1);  // 19 digits
    CHECK(read_put(put("0000000000000000001", "007")).size == 7);
    for (const string bad : bad_numbers) {
        check_refused<CopyRequest>(put(bad));
        check_refused<CopyRequest>(put("1", bad));
        check_refused<CopyRequest>("DATA " + bad + " 0 1\n");
        check_refused<CopyRequest>("DATA 1 " + bad + " 1\n");
        check_refused<CopyRequest>("DATA 1 0 " + bad + "\n");
        check_refused<CopyRequest>("SUM " + bad + " 1 crc32=00000000\n");
        check_refused<CopyRequest>("SUM 1 " + bad + " crc32=00000000\n");
        check_refused<CopyRequest>("KEEP " + bad + "\n");
        check_refused<CopyRequest>("DIR " + bad + " 755 1.000000000 a\n");
        check_refused<CopyRequest>("LINK " + bad + " 1.000000000 a b\n");
        check_refused<CopyRequest>("DROP " + bad + " gone a\n");
        check_refused<CopyAnswer>("WANT " + bad + " 0\n");
        check_refused<CopyAnswer>("WANT 1 " + bad + "\n");
        check_refused<CopyAnswer>("WANT 1 " + bad + " crc64=0000000000000000\n");
        check_refused<CopyAnswer>("HAVE " + bad + " crc32=00000000\n");
        check_refused<CopyAnswer>("DONE " + bad + "\n");
        check_refused<CopyAnswer>("NO " + bad + " exists a\n");
    }
}

TEST_CASE("requests count from 1, and only NO may speak of 0") {
    for (const char* zero : {"0", "00"}) {
        check_refused<CopyRequest>(put(zero));
        for (const char* rest : {"DIR # 755 1.000000000 a", "LINK # 1.000000000 a b", "DATA # 0 1",
                                 "SUM # 1 crc32=00000000", "DROP # gone a", "KEEP #", "OTHER #"}) {
            string line = rest;
            check_refused<CopyRequest>(line.replace(line.find('#'), 1, zero) + "\n");
        }
        for (const char* rest : {"WANT # 0", "HAVE # crc32=00000000", "SAME #", "DONE #"}) {
            string line = rest;
            check_refused<CopyAnswer>(line.replace(line.find('#'), 1, zero) + "\n");
        }
        CHECK(read<CopyAnswer>("NO "s + zero + " protocol a\n") ==
              CopyAnswer(CopyNo{0, "protocol", "a"}));
    }
}

TEST_CASE("the bytes of DATA end below 2^63") {
    CHECK(read<CopyRequest>("DATA 1 0 " + largest + "\n") ==
          CopyRequest(CopyData{1, 0, INT64_MAX}));
    CHECK(read<CopyRequest>("DATA 1 " + largest + " 0\n") ==
          CopyRequest(CopyData{1, INT64_MAX, 0}));
    check_refused<CopyRequest>("DATA 1 1 " + largest + "\n");
    check_refused<CopyRequest>("DATA 1 " + largest + " 1\n");
    check_refused<CopyRequest>("DATA 1 " + largest + " " + largest + "\n");
}

TEST_CASE("a mode is one to four octal digits") {
    CHECK(read_put(put("1", "6", "0")).mode == 0);
    CHECK(read_put(put("1", "6", "7777")).mode == 07777);
    CHECK(read_put(put("1", "6", "0000")).mode == 0);
    CHECK(read_put(put("1", "6", "0644")).mode == 0644);
    for (const string bad :
         {"", "8", "648", "00644", "10000", "-1", "+644", "0o644", "rw", "6 44"}) {
        check_refused<CopyRequest>(put("1", "6", bad));
        check_refused<CopyRequest>("DIR 1 " + bad + " 1.000000000 a\n");
    }
    // Only the permission bits are anybody's business.
    CHECK(line_of(CopyFolder{1, 040755, {1, 0}, "a"}) == sealed("DIR 1 755 1.000000000 a\n"));
}

TEST_CASE("a time is a decimal number of seconds with nine places") {
    CHECK(read_time("0.000000000") == FileTime{0, 0});
    CHECK(read_time("-0.000000000") == FileTime{0, 0});
    CHECK(read_time("1700000000.123456789") == FileTime{1700000000, 123456789});
    CHECK(read_time("-0.000000001") == FileTime{-1, 999999999});
    CHECK(read_time("-1.000000000") == FileTime{-1, 0});
    CHECK(read_time("-1.500000000") == FileTime{-2, 500000000});
    CHECK(read_time(largest + ".999999999") == FileTime{INT64_MAX, 999999999});
    CHECK(read_time("-" + largest + ".000000000") == FileTime{-INT64_MAX, 0});
    CHECK(read_time("-" + largest + ".999999999") == FileTime{INT64_MIN, 1});
    for (const string bad : {"",
                             "1",
                             "1.",
                             ".000000000",
                             "1.0",
                             "1.00000000",
                             "1.0000000000",
                             "1,000000000",
                             "+1.000000000",
                             "--1.000000000",
                             "-",
                             "-.000000000",
                             "1.-00000000",
                             "1.+00000000",
                             "1.00000000x",
                             "1.0000.0000",
                             "1.000000000.",
                             "9223372036854775808.000000000",
                             "-9223372036854775808.000000000",
                             "00000000000000000001.000000000",
                             "inf",
                             "1e9.000000000",
                             "1.0x0000000"}) {
        check_refused<CopyRequest>(put("1", "6", "644", bad));
        check_refused<CopyRequest>("DIR 1 755 " + bad + " a\n");
        check_refused<CopyRequest>("LINK 1 " + bad + " a b\n");
    }
}

TEST_CASE("times go there and back, before 1970 too") {
    using Said = std::pair<string, FileTime>;
    for (const auto& [text, time] :
         {Said{"0.000000000", {0, 0}}, Said{"0.000000001", {0, 1}},
          Said{"-0.000000001", {-1, 999999999}}, Said{"-1.500000000", {-2, 500000000}},
          Said{"-2.000000000", {-2, 0}}, Said{"1700000000.000000100", {1700000000, 100}},
          Said{"-" + largest + ".999999999", {INT64_MIN, 1}},
          Said{"-" + largest + ".000000000", {INT64_MIN + 1, 0}},
          Said{largest + ".999999999", {INT64_MAX, 999999999}}}) {
        CHECK(time_there_and_back(time) == Said{text, time});
    }
    for (std::int64_t seconds = -3; seconds <= 3; ++seconds) {
        for (const std::uint32_t nanoseconds : {0U, 1U, 499999999U, 500000000U, 999999999U}) {
            const FileTime time{seconds, nanoseconds};
            CHECK(time_there_and_back(time).second == time);
        }
    }
}

TEST_CASE("the one time that cannot be said becomes its neighbour") {
    CHECK(time_there_and_back({INT64_MIN, 0}).second == FileTime{INT64_MIN, 1});
}

TEST_CASE("a line of 20480 bytes is read and a longer one refused before its end comes") {
    const std::size_t room = copy_line_limit - sealed("\n").size();
    const string drop = "DROP 1 gone ";
    const string full = sealed(drop + string(room - drop.size(), 'y') + "\n");
    CHECK(full.size() == copy_line_limit);
    CHECK(std::get<CopyDrop>(message_of<CopyRequest>(full)).text.size() == room - drop.size());
    CHECK(needs_more<CopyRequest>(full.substr(0, full.size() - 1)));
    CHECK(is_refused<CopyRequest>(sealed(drop + string(room - drop.size() + 1, 'y') + "\n")));
    CHECK(is_refused<CopyRequest>(string(copy_line_limit, 'y')));
    CHECK(is_refused<CopyRequest>(string(10 << 20, 'y')));

    const string no = "NO 1 name ";
    const string answer = sealed(no + string(room - no.size(), 'y') + "\n");
    CHECK(std::get<CopyNo>(message_of<CopyAnswer>(answer)).code == "name");
    CHECK(needs_more<CopyAnswer>(answer.substr(0, answer.size() - 1)));
    CHECK(is_refused<CopyAnswer>(sealed(no + string(room - no.size() + 1, 'y') + "\n")));
    CHECK(is_refused<CopyAnswer>(string(copy_line_limit, 'y')));
}

TEST_CASE("a long line that trickles in ends at its limit") {
    CopyFeeder<CopyRequest> feeder;
    std::size_t sent = 0;
    while (feeder.error().empty() && sent < 2 * copy_line_limit) {
        feeder.piece("P");
        ++sent;
    }
    CHECK(sent == copy_line_limit);
    CHECK(feeder.messages().empty());
}

TEST_CASE("a bad line is shown in its error, cut and escaped") {
    const auto parsed =
        parse<CopyRequest>(sealed("PUT 1 six 644 1.000000000 \x1b[2J" + string(900, 'y') + "\n"));
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().context.find("size") != string::npos);
    CHECK(parsed.error().context.find("'PUT 1 six 644 1.000000000 \\x1b[2J") != string::npos);
    CHECK(parsed.error().context.size() < 200);
}

TEST_CASE("whatever a text is, its line keeps the limit and can be read") {
    for (const string& text : {string(50'000, '\n'), string(50'000, 'x'), string()}) {
        const string drop = line_of(CopyDrop{1, "unreadable", text});
        const string no = line_of(CopyNo{1, "failed", text});
        CHECK(drop.size() <= copy_line_limit);
        CHECK(no.size() <= copy_line_limit);
        const auto dropped = std::get<CopyDrop>(message_of<CopyRequest>(drop));
        const auto refused = std::get<CopyNo>(message_of<CopyAnswer>(no));
        CHECK_FALSE(dropped.text.empty());
        CHECK_FALSE(refused.text.empty());
        if (!text.empty()) {
            CHECK(text.starts_with(dropped.text));
            CHECK(text.starts_with(refused.text));
        }
    }
}
