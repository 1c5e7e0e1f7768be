#include <catch2/catch.hpp>

#include "test/unit/wire/feed.hpp"
#include "wire/transfer.hpp"

// The receiver's sentence.

using namespace netcopy;
using namespace netcopy::test;
using wire::TransferDigest;
using wire::TransferVerdict;
using wire::Verdict;

namespace {

struct Seen {
    Verdict verdict{};
    TransferVerdict says{};
    std::string words;

    bool operator==(const Seen&) const = default;
};

Seen see(std::string_view bytes) {
    Seen seen;
    parse_exact(
        bytes, [](std::string_view copy) { return wire::parse_transfer_answer(copy); },
        [&](const wire::Parsed<wire::TransferAnswer>& parsed) {
            seen = {parsed.verdict, parsed.message.verdict, std::string(parsed.message.words)};
            if (parsed.verdict != Verdict::need_more) CHECK(parsed.used == bytes.size());
        });
    return seen;
}

}  // namespace

TEST_CASE("the sentences are those of the document, with the digest's name") {
    CHECK(wire::encode_transfer_answer(TransferVerdict::verified, TransferDigest::md5) ==
          "File received successfully - MD5 verified");
    CHECK(wire::encode_transfer_answer(TransferVerdict::incomplete, TransferDigest::md5) ==
          "File transfer failed: Incomplete transfer");
    CHECK(wire::encode_transfer_answer(TransferVerdict::mismatch, TransferDigest::md5) ==
          "File transfer failed: MD5 mismatch");
    CHECK(wire::encode_transfer_answer(TransferVerdict::verified, TransferDigest::sha1) ==
          "File received successfully - SHA-1 verified");
    CHECK(wire::encode_transfer_answer(TransferVerdict::mismatch, TransferDigest::sha256) ==
          "File transfer failed: SHA-256 mismatch");
    CHECK(wire::encode_transfer_refusal("no\nroom") == "File transfer failed: no\\x0aroom");
}

TEST_CASE("a sentence of the document is complete, and every beginning of it is not") {
    struct Case {
        const char* sentence;
        TransferVerdict says;
    };
    for (const auto& [sentence, says] :
         {Case{"File received successfully - MD5 verified", TransferVerdict::verified},
          Case{"File received successfully - SHA-256 verified", TransferVerdict::verified},
          Case{"File transfer failed: MD5 mismatch", TransferVerdict::mismatch},
          Case{"File transfer failed: Incomplete transfer", TransferVerdict::incomplete}}) {
        const std::string whole = sentence;
        CHECK(see(whole) == Seen{Verdict::complete, says, whole});
        CHECK(see("\n" + whole + "\r\n") == Seen{Verdict::complete, says, whole});
        CHECK(see("").verdict == Verdict::need_more);
        for (std::size_t size = 1; size < whole.size(); ++size) {
            INFO(whole.substr(0, size));
            CHECK(see(whole.substr(0, size)).verdict == Verdict::tentative);
        }
    }
}

TEST_CASE("other words are taken for what they say") {
    struct Case {
        const char* words;
        TransferVerdict says;
    };
    for (const auto& [words, says] :
         {Case{"Upload completed SUCCESSFULLY!", TransferVerdict::verified},
          Case{"checksum MISMATCH", TransferVerdict::mismatch},
          Case{"incomplete", TransferVerdict::incomplete},
          Case{"File transfer failed: no room", TransferVerdict::refused},
          Case{"Error: not received successfully", TransferVerdict::refused},
          Case{"not successfully received", TransferVerdict::refused},
          Case{"unsuccessfully", TransferVerdict::refused}, Case{"OK", TransferVerdict::unknown},
          Case{"\xff\x01", TransferVerdict::unknown}}) {
        INFO(escape(words));
        CHECK(see(words) == Seen{Verdict::tentative, says, words});
    }
}

TEST_CASE("white space alone is no answer") {
    using namespace std::string_literals;
    for (const std::string& blank : {" "s, "\r\n"s, "\0"s, "\t\t"s}) {
        CHECK(see(blank).verdict == Verdict::need_more);
    }
}
