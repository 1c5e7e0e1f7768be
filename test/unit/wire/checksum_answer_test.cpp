#include <catch2/catch.hpp>

#include "test/unit/wire/feed.hpp"

// Answers of our own server and of others' (WIRE: lengths that do not fit, white space, pieces).

using namespace netcopy;
using namespace netcopy::test;

namespace {

using LookupAnswer = Result<wire::Parsed<std::string_view>>;
using InsertAnswer = Result<wire::Parsed<wire::InsertDone>>;

LookupAnswer parse_open(std::string_view bytes) { return wire::parse_lookup_answer(bytes); }
LookupAnswer parse_ended(std::string_view bytes) { return wire::parse_lookup_answer(bytes, true); }

/// What a client makes of an answer to KI after which the connection is quiet.
std::string looked_up(std::string_view bytes) {
    std::string found;
    parse_exact(bytes, parse_open, [&](const LookupAnswer& parsed) {
        found = std::string(parsed.value().message);
        CHECK(parsed->used == bytes.size());
        // The length may be a lie, so nothing but the end or a pause completes it.
        CHECK(parsed->verdict == wire::Verdict::tentative);
    });
    return found;
}

/// What it makes of an answer at whose end the connection ended.
std::string looked_up_at_end(std::string_view bytes) {
    std::string found;
    parse_exact(bytes, parse_ended,
                [&](const LookupAnswer& parsed) { found = std::string(parsed.value().message); });
    return found;
}

bool lookup_waits(std::string_view bytes) {
    bool waits = false;
    parse_exact(bytes, parse_open, [&](const LookupAnswer& parsed) {
        waits = parsed.value().verdict == wire::Verdict::need_more;
    });
    return waits;
}

template <class Parse>
Error error_of(std::string_view bytes, Parse parse) {
    Error error;
    parse_exact(bytes, parse, [&](const auto& parsed) {
        REQUIRE(parsed.has_error());
        error = parsed.error();
    });
    return error;
}

wire::Verdict insert_verdict(std::string_view bytes) {
    wire::Verdict verdict{};
    parse_exact(bytes, wire::parse_insert_answer,
                [&](const InsertAnswer& parsed) { verdict = parsed.value().verdict; });
    return verdict;
}

const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";

}  // namespace

TEST_CASE("OK says that the checksum was placed, white space around it or not") {
    for (const char* answer : {"OK", "OK\n", "OK\r\n", " OK ", "\nOK"}) {
        INFO(escape(answer));
        CHECK(insert_verdict(answer) == wire::Verdict::complete);
    }
    CHECK(insert_verdict("O") == wire::Verdict::need_more);
    CHECK(insert_verdict("\n") == wire::Verdict::need_more);
}

TEST_CASE("an insert refused with ERR| gives the server's words, escaped") {
    for (const std::string begin : {"E", "ERR", "ERR|", "ERR|the store is fu"}) {
        INFO(begin);
        CHECK(insert_verdict(begin) == wire::Verdict::need_more);
    }
    const Error error = error_of("ERR|full\x1b[2J\n", wire::parse_insert_answer);
    CHECK(error == Errc::refused);
    CHECK(error.context == "full\\x1b[2J");
}

TEST_CASE("any other answer to an insert is against the protocol") {
    for (const char* answer :
         {"NO", "OKAY", "ok", "KO", "0|", "ERROR", "HTTP/1.1 400 Bad Request\r\n"}) {
        INFO(answer);
        CHECK(error_of(answer, wire::parse_insert_answer) == Errc::protocol);
    }
    CHECK(error_of("NO\x1b[2J", wire::parse_insert_answer).context.find('\x1b') ==
          std::string::npos);
}

TEST_CASE("what stands behind the first bar is the checksum") {
    CHECK(looked_up("12|abcdefabcdef") == "abcdefabcdef");
    CHECK(looked_up("32|" + md5) == md5);
    CHECK(looked_up("7|ab|cd|e") == "ab|cd|e");
    CHECK(looked_up("10|3421780262") == "3421780262");
}

TEST_CASE("0| with nothing behind it means that there is no entry") {
    for (const char* answer : {"0|", "0|\n", "0|\r\n", "0| ", "00|"}) {
        INFO(escape(answer));
        CHECK(looked_up(answer).empty());
    }
}

TEST_CASE("a length smaller than what follows does not matter") {
    CHECK(looked_up("16|" + md5) == md5);
    CHECK(looked_up("4|cbf43926") == "cbf43926");
    CHECK(looked_up("0|" + md5) == md5);
}

TEST_CASE(
    "a length larger than what follows waits for more, until the end says that it was a lie") {
    for (const std::string& answer : {"64|" + md5, "33|" + md5, "18446744073709551615|" + md5}) {
        INFO(answer);
        CHECK(lookup_waits(answer));
        CHECK(looked_up_at_end(answer) == md5);
    }
    CHECK(looked_up_at_end("64|" + md5 + "\r\n") == md5);
    CHECK(looked_up_at_end("32|" + md5) == md5);
    CHECK(looked_up_at_end("16|" + md5) == md5);
    CHECK(looked_up_at_end("12|").empty());
    CHECK(looked_up_at_end("0|").empty());
    CHECK(looked_up_at_end("").empty());
    CHECK(looked_up_at_end("12").empty());
}

TEST_CASE("a length that is no number does not matter either") {
    CHECK(looked_up("|" + md5) == md5);
    CHECK(looked_up("0x20|" + md5) == md5);
}

TEST_CASE("white space around a checksum is dropped unless it is a raw MD5 of just the length") {
    CHECK(looked_up("32|" + md5 + "\n") == md5);
    CHECK(looked_up("32| \t" + md5 + "\r\n") == md5);
    CHECK(looked_up(" 32 |" + md5) == md5);
    const std::string raw("\x20\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x0a", 16);
    CHECK(looked_up("16|" + raw) == raw);
    CHECK(looked_up("16|" + std::string(16, ' ')) == std::string(16, ' '));
    CHECK(looked_up_at_end("16|" + raw) == raw);
    CHECK(looked_up("33|" + md5 + "\n") == md5);
}

TEST_CASE("an answer in pieces is never complete before the end or a pause") {
    const std::string answer = "32|" + md5;
    for (std::size_t size = 0; size < answer.size(); ++size) {
        INFO(answer.substr(0, size));
        bool complete = true;
        parse_exact(answer.substr(0, size), parse_open, [&](const LookupAnswer& parsed) {
            complete = parsed.value().verdict == wire::Verdict::complete;
        });
        CHECK_FALSE(complete);
    }
    CHECK(lookup_waits(""));
    CHECK(lookup_waits("3"));
    CHECK(lookup_waits("32"));
}

TEST_CASE("a look-up refused with ERR| gives the server's words, escaped") {
    CHECK(lookup_waits("ERR|the id is no int"));
    const Error error = error_of("ERR|the id\x07 is no integer\nrest", parse_open);
    CHECK(error == Errc::refused);
    CHECK(error.context == "the id\\x07 is no integer");
}

TEST_CASE(
    "an answer to a look-up without a bar is against the protocol when it cannot be a length any "
    "more") {
    const Error error = error_of("HTTP/1.1 400 Bad Request\r\n\x1b[2J", parse_open);
    CHECK(error == Errc::protocol);
    CHECK(error.context.find('\x1b') == std::string::npos);
}

TEST_CASE("our server's answer is read as what was inserted") {
    for (const std::string& checksum :
         {md5, std::string("x"), std::string("a|b"), std::string(1024, '\x01')}) {
        CHECK(looked_up(wire::encode_entry(checksum.size(), checksum)) == checksum);
    }
    CHECK(looked_up(wire::no_entry).empty());
    CHECK(insert_verdict(wire::insert_done) == wire::Verdict::complete);
    CHECK(error_of(wire::encode_error("why"), wire::parse_insert_answer).context == "why");
    CHECK(error_of(wire::encode_error("why"), parse_open).context == "why");
}
