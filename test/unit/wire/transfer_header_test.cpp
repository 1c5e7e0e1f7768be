#include <catch2/catch.hpp>

#include "test/unit/results.hpp"
#include "test/unit/wire/feed.hpp"
#include "wire/transfer.hpp"

// The header of the transfer protocol, whole, cut anywhere, and joined to the file.

using namespace netcopy;
using namespace netcopy::test;
using wire::TransferDigest;
using wire::Verdict;

namespace {

const std::string separator = "<SEPARATOR>";
const std::string md5 = "b1946ac92492d2347c6235b4d2611184";
const std::string sha1 = "f572d396fae9206628714fb2ce00f72e94f2258f";
const std::string sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

/// What came out, with copies of what it points to.
struct Seen {
    Verdict verdict{};
    std::size_t used = 0;
    std::string path;
    std::uint64_t size = 0;
    TransferDigest kind{};
    std::string digest;
    std::string error;

    bool operator==(const Seen&) const = default;
};

Seen see(std::string_view bytes) {
    Seen seen;
    parse_exact(
        bytes, [](std::string_view copy) { return wire::parse_transfer_header(copy); },
        [&](const Result<wire::Parsed<wire::TransferHeader>>& parsed) {
            if (!parsed) {
                CHECK(parsed.error() == Errc::protocol);
                seen.error = parsed.error().context;
                return;
            }
            const auto& header = parsed->message;
            seen = {parsed->verdict,
                    parsed->used,
                    std::string(header.path),
                    header.size,
                    header.kind,
                    std::string(header.digest),
                    ""};
            CHECK(parsed->skipped == 0);
        });
    return seen;
}

std::string header(std::string_view size, std::string_view digest,
                   std::string_view path = "hello.txt") {
    return std::string(path) + separator + std::string(size) + separator + std::string(digest);
}

Seen header_of(TransferDigest kind, const std::string& digest, Verdict verdict) {
    return {verdict, 9 + 11 + 1 + 11 + digest.size(), "hello.txt", 6, kind, digest, ""};
}

}  // namespace

TEST_CASE("a digest of 32, 40 or 64 hex digits ends the header where something else follows") {
    for (const char* file : {"hello\n", "\n", "z", "<", "\x80", " "}) {
        INFO(escape(file));
        CHECK(see(header("6", md5) + file) ==
              header_of(TransferDigest::md5, md5, Verdict::complete));
        CHECK(see(header("6", sha1) + file) ==
              header_of(TransferDigest::sha1, sha1, Verdict::complete));
        CHECK(see(header("6", sha256) + file) ==
              header_of(TransferDigest::sha256, sha256, Verdict::complete));
    }
}

TEST_CASE("a digest that may still grow is tentative, and one of 64 digits cannot") {
    CHECK(see(header("6", md5)) == header_of(TransferDigest::md5, md5, Verdict::tentative));
    CHECK(see(header("6", sha1)) == header_of(TransferDigest::sha1, sha1, Verdict::tentative));
    CHECK(see(header("6", sha256)) == header_of(TransferDigest::sha256, sha256, Verdict::complete));
    CHECK(see(header("6", sha256) + "ab") ==
          header_of(TransferDigest::sha256, sha256, Verdict::complete));
}

TEST_CASE("a header cut anywhere in its digest is what has come of it so far") {
    for (std::size_t digits = 0; digits < 64; ++digits) {
        INFO(digits << " digits");
        const Seen seen = see(header("6", sha256.substr(0, digits)));
        if (digits < 32) {
            CHECK(seen.verdict == Verdict::need_more);
        } else {
            const bool may_be_sha1 = digits >= 40;
            CHECK(seen == header_of(may_be_sha1 ? TransferDigest::sha1 : TransferDigest::md5,
                                    sha256.substr(0, may_be_sha1 ? 40 : 32), Verdict::tentative));
        }
        CHECK(seen.error == "");
    }
}

TEST_CASE(
    "every proper beginning before the digest waits for more or may be a header without one") {
    const std::string whole = header("12", "");
    const std::size_t digits = 9 + 11;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        INFO(whole.substr(0, size));
        const Seen seen = see(whole.substr(0, size));
        const bool may_end = size > digits && size < whole.size();
        CHECK(seen.verdict == (may_end ? Verdict::tentative : Verdict::need_more));
        if (may_end) {
            CHECK(seen.kind == TransferDigest::none);
            CHECK(seen.used == std::min(size, digits + 2));
            CHECK(seen.size == (size == digits + 1 ? 1u : 12u));
        }
    }
}

TEST_CASE("without a second separator the header ends with the digits of its size") {
    for (const char* file : {"hello\n", "\n", "<", "<html>", "<SEP ", "<SEPARATOr>", "-", "\x80"}) {
        INFO(escape(file));
        const Seen seen = see("hello.txt" + separator + "6" + file);
        const bool undecided = separator.starts_with(file);
        CHECK(seen.verdict == (undecided ? Verdict::tentative : Verdict::complete));
        CHECK(seen.kind == TransferDigest::none);
        CHECK(seen.size == 6);
        CHECK(seen.used == 9 + 11 + 1);
    }
}

TEST_CASE("of more digits than a size can have the first are the size, if no digest follows") {
    // The others are the file's: "20240101..." right behind such a header.
    const std::string begin = "hello.txt" + separator;
    const Seen many = see(begin + std::string(70, '1'));
    CHECK(many.verdict == Verdict::complete);
    CHECK(many.size == 1111111111111111111u);
    CHECK(many.used == begin.size() + 19);
    for (const std::string& more : {std::string(), std::string("<"), separator}) {
        CHECK(see(begin + std::string(64, '1') + more) == many);  // nobody waits for more
    }
    CHECK(see(begin + std::string(30, '9') + "x").size == 999999999999999999u);
    CHECK(see(begin + std::string(30, '9')).verdict == Verdict::tentative);
    CHECK(see(begin + std::string(30, '1') + separator).error != "");
}

TEST_CASE("hex digits may be in either case") {
    std::string upper = md5;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    CHECK(see(header("6", upper) + "\n") ==
          header_of(TransferDigest::md5, upper, Verdict::complete));
}

TEST_CASE("behind the MD5 of nothing an empty file's header is complete") {
    const std::string nothing = "d41d8cd98f00b204e9800998ecf8427e";
    CHECK(see(header("0", nothing)).verdict == Verdict::complete);
    CHECK(see(header("0", "D41D8CD98F00B204E9800998ECF8427E")).verdict == Verdict::complete);
    CHECK(see(header("1", nothing)).verdict == Verdict::tentative);
    CHECK(see(header("0", md5)).verdict == Verdict::tentative);
    const std::string sha1_of_nothing = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    CHECK(see(header("0", sha1_of_nothing)).kind == TransferDigest::sha1);
}

TEST_CASE("a path may have any bytes but NUL") {
    for (const std::string path :
         {"/home/me/a b.txt", "C:\\a.txt", "\xff\n\r\t", "<SEPARATOR", "a<b", ""}) {
        INFO(escape(path));
        const Seen seen = see(header("6", md5, path) + "\n");
        CHECK(seen.path == path);
        CHECK(seen.verdict == Verdict::complete);
    }
    using namespace std::string_literals;
    CHECK(see("a\0b"s).error != "");
    CHECK(see("\x16\x03\x01\x00\x01"s).error != "");  // the beginning of TLS
}

TEST_CASE("a size is digits below 2 to the 63rd") {
    CHECK(see(header("9223372036854775807", md5) + "\n").size == 9223372036854775807u);
    CHECK(see(header("0006", md5) + "\n").size == 6);
    for (const char* size : {"9223372036854775808", "99999999999999999999", "100000000000000000000",
                             "x", "-1", "+1", " 6", "0x6", "6.0", ""}) {
        INFO(size);
        const Seen seen = see(header(size, md5) + "\n");
        const bool without_digest =
            std::string_view(size) == "0x6" || std::string_view(size) == "6.0";
        CHECK((seen.error != "") == !without_digest);
    }
}

TEST_CASE("what is beyond a limit is an error before more is waited for") {
    CHECK(see(std::string(wire::transfer_header_limit - 1, 'a')).verdict == Verdict::need_more);
    CHECK(see(std::string(wire::transfer_header_limit, 'a')).error != "");
    const std::string longest(wire::transfer_header_limit - 11 - 1 - 11 - 64, 'a');
    CHECK(see(header("6", sha256, longest)).verdict == Verdict::complete);
    CHECK(see(header("6", sha256, longest + "a")).error != "");
}

TEST_CASE("a digest of another length is an error") {
    for (const char* digest : {"363a3020\n", "\n", "b1946ac92492d2347c6235b4d261118z", "none "}) {
        INFO(digest);
        CHECK(see(header("6", digest)).error != "");
    }
}

TEST_CASE("more bytes never turn a header that is complete into another") {
    for (const std::string& complete :
         {header("6", md5) + "\n", header("6", sha256), "hello.txt" + separator + "6h"}) {
        const Seen seen = see(complete);
        REQUIRE(seen.verdict == Verdict::complete);
        for (const char* more : {"a", "0", "\n", "<SEPARATOR>", "<"}) {
            INFO(complete << more);
            CHECK(see(complete + more) == seen);
        }
    }
}

TEST_CASE("the name is the last component in either notation") {
    CHECK(wire::last_component("a.txt") == "a.txt");
    CHECK(wire::last_component("/home/me/a.txt") == "a.txt");
    CHECK(wire::last_component("C:\\me\\a.txt") == "a.txt");
    CHECK(wire::last_component("me/..\\a.txt") == "a.txt");
    CHECK(wire::last_component("me/") == "");
    CHECK(wire::last_component("") == "");
}

TEST_CASE("what is encoded is what is parsed") {
    for (const auto& [kind, digest] :
         {std::pair{TransferDigest::md5, md5}, std::pair{TransferDigest::sha1, sha1},
          std::pair{TransferDigest::sha256, sha256},
          std::pair{TransferDigest::none, std::string()}}) {
        const auto encoded = wire::encode_transfer_header("a b", 12, kind, digest);
        REQUIRE(encoded);
        const Seen seen = see(*encoded);
        CHECK(seen.path == "a b");
        CHECK(seen.size == 12);
        CHECK(seen.kind == kind);
        CHECK(seen.digest == digest);
        CHECK(seen.used == encoded->size());
    }
    CHECK(wire::encode_transfer_header("hello.txt", 6, TransferDigest::md5, md5).value() ==
          header("6", md5));
}

TEST_CASE("a name that the wire cannot say is refused") {
    using namespace std::string_literals;
    for (const std::string& name : {""s, "a/b"s, "a\\b"s, "a\0b"s, "a<SEPARATOR>b"s, "<SEPARATOR>"s,
                                    std::string(8192, 'a')}) {
        INFO(escape(name));
        const auto encoded = wire::encode_transfer_header(name, 1, TransferDigest::md5, md5);
        REQUIRE(encoded.has_error());
        CHECK(encoded.error() == Errc::refused);
    }
}
