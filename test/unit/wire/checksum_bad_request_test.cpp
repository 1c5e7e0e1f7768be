#include <catch2/catch.hpp>

#include "test/unit/wire/feed.hpp"

// Requests that are refused, and the limits at and just beyond which they are.

using namespace netcopy;
using namespace netcopy::test;
using namespace std::string_literals;
using Messages = std::vector<std::string>;

namespace {

bool refused(std::string_view input, const wire::RequestLimits& limits = {}) {
    bool error = false;
    parse_exact(
        input, [&](std::string_view bytes) { return wire::parse_request(bytes, limits); },
        [&](const Result<wire::Parsed<wire::Request>>& parsed) {
            error = !parsed;
            if (error) {
                CHECK(parsed.error() == Errc::protocol);
                CHECK(parsed.error().context != "");
            }
        });
    return error;
}

/// Refused whole, and however it is cut, and whatever came before it counts.
void check_refused(std::string_view input, const wire::RequestLimits& limits = {}) {
    INFO(escape(input));
    CHECK(refused(input, limits));
    CHECK(feed_bytes(input, limits).error != "");
    CHECK(feed_bytes(input, limits).messages.empty());
    const Fed behind = feed({"KI|5\n" + std::string(input)}, limits);
    CHECK(behind.messages == Messages{"KI 5"});
    CHECK(behind.error != "");
}

}  // namespace

TEST_CASE("verbs are exactly BE| and KI|") {
    for (const char* input :
         {"GET / HTTP/1.1", "be|1|60|1|x", "ki|1", "Ki|1", "BEX|1", "KI1", "BE 1", "XX|1", "OK",
          "|", "1|", " KI|1", "\tKI|1", "KK", "BI|1", "KE|1"}) {
        check_refused(input);
    }
    check_refused("\x16\x03\x01\x02");
}

TEST_CASE("a verb is refused at the first byte that it cannot have") {
    CHECK(refused("X"));
    CHECK(refused("KX"));
    CHECK(refused("BEE"));
    CHECK(refused("\r\nX"));
    CHECK_FALSE(refused("B"));
    CHECK_FALSE(refused("KI"));
}

TEST_CASE("an id that is no integer is refused") {
    for (const std::string id :
         {"", "abc", "1a", "1.5", "--1", "+-1", "-", "+", "0x10", " 1", "1 ", "1-"}) {
        check_refused("BE|" + id + "|60|1|x");
        check_refused("KI|" + id + "\n");
    }
    check_refused("KI|\xd9\xa1\n");  // a digit, but not one of ours
    check_refused("KI|5|\n");
    check_refused("KI|KI|5\n");
    check_refused("KI|5 KI|6\n");
}

TEST_CASE("a validity that is absurd is refused") {
    for (const std::string validity :
         {"", "-1", "+1", "abc", "1.5", "60 ", "18446744073709551616", "99999999999999999999999"}) {
        check_refused("BE|1|" + validity + "|1|x");
    }
}

TEST_CASE("a length that is absurd is refused") {
    for (const std::string length : {"", "-1", "+1", "abc", "1.5", "1 ", "0x1",
                                     "18446744073709551617", "99999999999999999999999"}) {
        check_refused("BE|1|60|" + length + "|x");
    }
}

TEST_CASE("bytes that can become no request are refused as soon as they are seen") {
    for (const char* input : {"BE|x", "BE|1x", "BE|--", "BE|1|x", "BE|1|-", "BE|1|6x", "BE|1|60|x",
                              "BE|1|60|-", "BE|1|60|1x", "KI|x", "KI|--"}) {
        INFO(input);
        CHECK(refused(input));
    }
}

TEST_CASE("the checksum length is accepted up to its limit and refused beyond") {
    const wire::RequestLimits small{8, 100};
    CHECK(feed({"BE|1|1|8|12345678"}, small).messages == Messages{"BE 1 1 8 12345678"});
    check_refused("BE|1|1|9|123456789", small);
    CHECK_FALSE(refused("BE|1|1|1024|x"));
    CHECK(refused("BE|1|1|1025|x"));
    const std::string longest(1024, '!');
    CHECK(feed_bytes("BE|1|1|1024|" + longest).messages == Messages{"BE 1 1 1024 " + longest});
}

TEST_CASE("a length beyond the limit is refused before its bytes have come") {
    CHECK(refused("BE|1|60|1025|"));
    CHECK(refused("BE|1|60|18446744073709551615|"));
}

TEST_CASE("the validity is accepted up to its limit and refused beyond") {
    const wire::RequestLimits small{8, 100};
    CHECK(feed({"BE|1|100|1|x"}, small).messages == Messages{"BE 1 100 1 x"});
    check_refused("BE|1|101|1|x", small);
    const std::string most = std::to_string(limits::checksum_validity);
    CHECK_FALSE(refused("BE|1|" + most + "|1|x"));
    CHECK(refused("BE|1|" + std::to_string(limits::checksum_validity + 1) + "|1|x"));
}

TEST_CASE("ids have up to 20 digits, sign and leading zeros apart") {
    const std::string most(20, '9');
    for (const std::string sign : {"", "-", "+"}) {
        const std::string id = (sign == "-" ? "-" : "") + most;
        CHECK(feed({"KI|" + sign + most}).messages == Messages{"KI " + id});
        CHECK(feed({"KI|" + sign + "000" + most}).messages == Messages{"KI " + id});
        CHECK(feed({"BE|" + sign + most + "|60|1|x"}).messages == Messages{"BE " + id + " 60 1 x"});
        check_refused("KI|" + sign + most + "9\n");
        check_refused("BE|" + sign + most + "9|60|1|x");
    }
}

TEST_CASE("fields without an end are refused before they grow without bound") {
    const std::string zeros(2000, '0');
    CHECK(refused("BE|" + zeros));
    CHECK(refused("BE|1|" + zeros));
    CHECK(refused("BE|1|60|" + zeros));
    CHECK(refused("KI|" + zeros));
}

TEST_CASE("what waits for more is never longer than a request can be") {
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{4}, std::size_t{16}, std::size_t{1024}}) {
        const wire::RequestLimits limits{length, 1000};
        const std::size_t most = wire::max_request(limits);
        const std::string zeros(most, '0');
        const std::string text = std::to_string(length);
        const std::string padded = std::string(20 - text.size(), '0') + text;
        for (const std::string& input :
             {"BE|" + zeros, "BE|1|" + zeros, "BE|1|1|" + zeros, "KI|" + zeros,
              "BE|-" + zeros.substr(0, 63) + "|" + std::string(20, '0') + "|" + padded + "|" +
                  std::string(most, 'a')}) {
            // With one byte more than a request can have, the parser must have come to a decision.
            bool decided = false;
            parse_exact(
                std::string_view(input).substr(0, most),
                [&](std::string_view bytes) { return wire::parse_request(bytes, limits); },
                [&](const Result<wire::Parsed<wire::Request>>& parsed) {
                    decided = !parsed || parsed->verdict == wire::Verdict::complete;
                });
            INFO("length limit " << length << ": " << escape(input, 100));
            CHECK(decided);
        }
    }
}

TEST_CASE("the longest request that is allowed fits the size that is announced for it") {
    const wire::RequestLimits limits{16, 1000};
    const std::string id = "-" + std::string(43, '0') + std::string(20, '9');
    const std::string request = "BE|" + id + "|" + std::string(16, '0') + "1000|" +
                                std::string(18, '0') + "16|" + std::string(32, 'f');
    CHECK(request.size() <= wire::max_request(limits));
    CHECK(feed_bytes(request, limits).messages ==
          Messages{"BE -" + std::string(20, '9') + " 1000 16 " + std::string(32, 'f')});
}

TEST_CASE("a checksum shorter than announced is no message when the stream ends") {
    const Fed fed = feed({"BE|1|60|12|abc"});
    CHECK(fed.messages.empty());
    CHECK(fed.left == "BE|1|60|12|abc");
}

TEST_CASE("nothing is understood behind an error") {
    const Fed fed = feed({"KI|1\nnonsense\nKI|2\n"});
    CHECK(fed.messages == Messages{"KI 1"});
    CHECK(fed.error != "");
}

TEST_CASE("an id is made canonical, so that equal numbers are equal keys") {
    const std::pair<const char*, const char*> table[] = {
        {"5", "5"},
        {"+5", "5"},
        {"005", "5"},
        {"-5", "-5"},
        {"-005", "-5"},
        {"0", "0"},
        {"-0", "0"},
        {"+0", "0"},
        {"-000", "0"},
        {"0000", "0"},
        {"18446744073709551616", "18446744073709551616"},
        {"-99999999999999999999", "-99999999999999999999"},
        {"00099999999999999999999", "99999999999999999999"}};
    for (const auto& [text, canonical] : table) {
        INFO(text);
        CHECK(wire::canonical_id(text).value() == canonical);
    }
    for (const char* text : {"", "+", "-", "a", "5a", " 5", "5 ", "5\n", "+-5", "0x5", "1e3", "1.0",
                             "5,0", "100000000000000000000", "-100000000000000000000"}) {
        INFO(text);
        const auto id = wire::canonical_id(text);
        REQUIRE(id.has_error());
        CHECK(id.error() == Errc::protocol);
    }
    CHECK(wire::canonical_id("5\0"s).has_error());
}

TEST_CASE("the answer to bad input is one line without anything that could move a cursor") {
    CHECK(wire::encode_error("no such verb") == "ERR|no such verb\n");
    CHECK(wire::encode_error("a\nb\x1b[2J\x7f\\") == "ERR|a\\x0ab\\x1b[2J\\x7f\\x5c\n");
}
