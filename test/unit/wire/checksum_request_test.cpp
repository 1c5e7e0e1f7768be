#include <catch2/catch.hpp>

#include "test/unit/wire/feed.hpp"

// Requests that are as they should be, whole, cut anywhere, and joined.

using namespace netcopy;
using namespace netcopy::test;
using Messages = std::vector<std::string>;

namespace {

const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";

/// The same, however TCP cuts it: whole, in two at every place, a byte at a time.
void check_every_split(std::string_view input, const Messages& expected) {
    const Fed whole = feed({input});
    CHECK(whole.error == "");
    CHECK(whole.left == "");
    CHECK(whole.messages == expected);
    CHECK(feed_bytes(input) == whole);
    for (std::size_t cut = 1; cut < input.size(); ++cut) {
        INFO("cut behind byte " << cut);
        CHECK(feed({input.substr(0, cut), input.substr(cut)}) == whole);
    }
}

wire::Verdict verdict_of(std::string_view input) {
    wire::Verdict verdict{};
    parse_exact(
        input, [](std::string_view bytes) { return wire::parse_request(bytes); },
        [&](const auto& parsed) { verdict = parsed.value().verdict; });
    return verdict;
}

}  // namespace

TEST_CASE("the assignment's own examples are understood however they are cut") {
    check_every_split("BE|1237671|60|12|abcdefabcdef", {"BE 1237671 60 12 abcdefabcdef"});
    check_every_split("KI|1237671", {"KI 1237671"});
}

TEST_CASE("an insert ends by its length and needs nothing behind it") {
    CHECK(verdict_of("BE|1237671|60|12|abcdefabcdef") == wire::Verdict::complete);
    CHECK(verdict_of("BE|1237671|60|12|abcdefabcde") == wire::Verdict::need_more);
    CHECK(verdict_of("BE|1|60|32|" + md5) == wire::Verdict::complete);
}

TEST_CASE("every proper beginning of an insert waits for more") {
    const std::string insert = "BE|-12|60|12|abcdefabcdef";
    for (std::size_t size = 1; size < insert.size(); ++size) {
        INFO(insert.substr(0, size));
        CHECK(verdict_of(insert.substr(0, size)) == wire::Verdict::need_more);
    }
}

TEST_CASE(
    "a look-up that nothing ends is tentative, and so is a following verb of which only a part "
    "came") {
    CHECK(verdict_of("KI|") == wire::Verdict::need_more);
    CHECK(verdict_of("KI|-") == wire::Verdict::need_more);
    CHECK(verdict_of("KI|1") == wire::Verdict::tentative);
    CHECK(verdict_of("KI|-1") == wire::Verdict::tentative);
    CHECK(verdict_of("KI|1K") == wire::Verdict::tentative);
    CHECK(verdict_of("KI|1BE") == wire::Verdict::tentative);
}

TEST_CASE("a look-up is complete at CR, LF, NUL and a following verb") {
    for (const std::string_view end :
         {std::string_view("\r", 1), std::string_view("\n", 1), std::string_view("\0", 1),
          std::string_view("\r\n", 2), std::string_view("KI|", 3), std::string_view("BE|", 3)}) {
        INFO(escape(end));
        CHECK(verdict_of("KI|12" + std::string(end)) == wire::Verdict::complete);
    }
}

TEST_CASE("the digits behind a tentative look-up belong to its id") {
    Feeder feeder;
    feeder.piece("KI|12");
    feeder.piece("34");
    CHECK(feeder.end().messages == Messages{"KI 1234"});
}

TEST_CASE("a pause ends a look-up, and what comes later is a message of its own") {
    Feeder feeder;
    feeder.piece("KI|12");
    feeder.pause();
    feeder.piece("KI|34");
    CHECK(feeder.end().messages == Messages{"KI 12", "KI 34"});
}

TEST_CASE("a pause within a following verb does not lose that verb") {
    Feeder feeder;
    feeder.piece("KI|12K");
    feeder.pause();
    feeder.piece("I|34");
    const Fed fed = feeder.end();
    CHECK(fed.messages == Messages{"KI 12", "KI 34"});
    CHECK(fed.error == "");
}

TEST_CASE("messages joined in one segment come out one by one, wherever the join is cut") {
    check_every_split("KI|1KI|2KI|3", {"KI 1", "KI 2", "KI 3"});
    check_every_split("BE|1|60|12|abcdefabcdefBE|2|60|3|xyzKI|1BE|3|0|1|!KI|3",
                      {"BE 1 60 12 abcdefabcdef", "BE 2 60 3 xyz", "KI 1", "BE 3 0 1 !", "KI 3"});
    check_every_split("BE|1|60|32|" + md5 + "KI|1", {"BE 1 60 32 " + md5, "KI 1"});
}

TEST_CASE("line ends behind either verb are nobody's") {
    for (const std::string end : {"\n", "\r", "\r\n", "\n\n\n", "\r\n\r\n"}) {
        INFO(escape(end));
        check_every_split(
            "KI|7" + end + "BE|7|60|3|xyz" + end + "KI|8" + end + "BE|8|1|32|" + md5 + end,
            {"KI 7", "BE 7 60 3 xyz", "KI 8", "BE 8 1 32 " + md5});
    }
}

TEST_CASE("NULs behind a message are nobody's either") {
    using namespace std::string_literals;
    check_every_split("KI|7\0KI|8\0\0BE|8|1|3|xyz\0"s, {"KI 7", "KI 8", "BE 8 1 3 xyz"});
}

TEST_CASE("line ends before the first verb are skipped") {
    check_every_split("\r\n\r\nKI|7", {"KI 7"});
    check_every_split("\nBE|7|60|3|xyz", {"BE 7 60 3 xyz"});
}

TEST_CASE("line ends alone are no message and no error") {
    Feeder feeder;
    feeder.piece("\r\n");
    feeder.piece("\n");
    const Fed fed = feeder.end();
    CHECK(fed == Fed{});
}

TEST_CASE("a checksum may be any bytes, delimiters, verbs, line ends and NULs included") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    check_every_split("BE|1|60|256|" + all + "KI|1", {"BE 1 60 256 " + all, "KI 1"});
    check_every_split("BE|1|60|9|KI|2BE|3|KI|1", {"BE 1 60 9 KI|2BE|3|", "KI 1"});
    check_every_split("BE|1|60|4|\r\n\r\nKI|1", {"BE 1 60 4 \r\n\r\n", "KI 1"});
}

TEST_CASE("raw MD5 bytes are taken by their length") {
    const std::string raw("\x20\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x0a", 16);
    check_every_split("BE|1|60|16|" + raw + "KI|1", {"BE 1 60 16 " + raw, "KI 1"});
}

TEST_CASE("an empty checksum is a message too") {
    check_every_split("BE|1|60|0|KI|1", {"BE 1 60 0 ", "KI 1"});
    CHECK(verdict_of("BE|1|60|0|") == wire::Verdict::complete);
}

TEST_CASE("ids, validities and lengths may have leading zeros") {
    check_every_split("BE|0012|0060|0003|xyzKI|0012", {"BE 12 60 3 xyz", "KI 12"});
}

TEST_CASE("equal numbers are equal ids in both verbs") {
    check_every_split("BE|+5|60|1|xKI|005KI|-0KI|-07", {"BE 5 60 1 x", "KI 5", "KI 0", "KI -7"});
}

TEST_CASE("hex digits whose number is twice the announced length are all taken") {
    check_every_split("BE|1|60|16|" + md5, {"BE 1 60 16 " + md5});
    check_every_split("BE|1|60|16|" + md5 + "\r\n", {"BE 1 60 16 " + md5});
    check_every_split("BE|1|60|16|" + md5 + "KI|1", {"BE 1 60 16 " + md5, "KI 1"});
    check_every_split("BE|1|60|16|" + md5 + "BE|2|60|16|" + md5,
                      {"BE 1 60 16 " + md5, "BE 2 60 16 " + md5});
    check_every_split("BE|1|60|4|d41D8cd9\n", {"BE 1 60 4 d41D8cd9"});
    const std::string sha1(40, 'a');
    check_every_split("BE|1|60|20|" + sha1 + "\n", {"BE 1 60 20 " + sha1});
}

TEST_CASE("half a digest in hex is tentative: the other half may be on its way") {
    CHECK(verdict_of("BE|1|60|16|" + md5.substr(0, 16)) == wire::Verdict::tentative);
    CHECK(verdict_of("BE|1|60|16|" + md5.substr(0, 31)) == wire::Verdict::tentative);
    CHECK(verdict_of("BE|1|60|16|" + md5) == wire::Verdict::complete);
}

TEST_CASE("a checksum of just its length is taken as such, all hex or not") {
    const std::string half = md5.substr(0, 16);
    CHECK(feed({"BE|1|60|16|" + half}).messages == Messages{"BE 1 60 16 " + half});
    check_every_split("BE|1|60|16|" + half + "KI|1", {"BE 1 60 16 " + half, "KI 1"});
    check_every_split("BE|1|60|16|" + half + "\nKI|1", {"BE 1 60 16 " + half, "KI 1"});
    check_every_split("BE|1|60|16|" + half + "BE|2|60|16|" + half,
                      {"BE 1 60 16 " + half, "BE 2 60 16 " + half});
}

TEST_CASE("twice the length with one byte that is no hex digit is not taken") {
    std::string not_hex = md5;
    not_hex[20] = 'g';
    const Fed fed = feed({"BE|1|60|16|" + not_hex});
    CHECK(fed.messages == Messages{"BE 1 60 16 " + md5.substr(0, 16)});
    CHECK(fed.error != "");
}

TEST_CASE("more than twice the length is not taken") {
    const Fed fed = feed({"BE|1|60|16|" + md5 + "a"});
    CHECK(fed.messages == Messages{"BE 1 60 16 " + md5.substr(0, 16)});
    CHECK(fed.error != "");
}

TEST_CASE("the announced length is kept beside the bytes that came") {
    parse_exact(
        "BE|1|60|16|" + md5, [](std::string_view bytes) { return wire::parse_request(bytes); },
        [](const auto& parsed) {
            CHECK(parsed.value().message.insert.announced == 16);
            CHECK(parsed.value().message.insert.checksum.size() == 32);
        });
}

TEST_CASE("hex checksums of every length are told from a verb behind them, wherever that is cut") {
    // 'B' and 'E' are hex digits: a verb that has only begun must not be taken for the second half.
    for (std::size_t length = 1; length <= 40; ++length) {
        INFO("length " << length);
        const std::string hex(length, 'a');
        const std::string size = std::to_string(length);
        check_every_split("BE|1|60|" + size + "|" + hex + "BE|2|60|" + size + "|" + hex + "KI|3",
                          {"BE 1 60 " + size + " " + hex, "BE 2 60 " + size + " " + hex, "KI 3"});
    }
}

TEST_CASE("what waits to be complete keeps what it was when more bytes of it came") {
    // Complete stays complete with the same message, whatever follows in the same read.
    const std::string insert = "BE|1|60|32|" + md5;
    for (const std::string follow : {"KI|1", "BE|2|60|1|x", "\n", "\r\n", "K", "B"}) {
        INFO(follow);
        CHECK(feed({insert + follow}).messages.front() == "BE 1 60 32 " + md5);
    }
}

TEST_CASE("what is encoded is parsed to the same") {
    wire::Insert insert{"-12", 60, 5, "a|\n\r9"};
    check_every_split(wire::encode_insert(insert), {"BE -12 60 5 a|\n\r9"});
    CHECK(wire::encode_insert(insert) == "BE|-12|60|5|a|\n\r9");
    CHECK(wire::encode_lookup("1237671") == "KI|1237671");
    CHECK(wire::encode_entry(12, "abcdefabcdef") == "12|abcdefabcdef");
    CHECK(wire::encode_entry(16, md5) == "16|" + md5);
}
