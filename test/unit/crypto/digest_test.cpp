#include <catch2/catch.hpp>

#include "crypto/digest.hpp"
#include "test/unit/sample.hpp"

using namespace netcopy;
using netcopy::test::sample;

namespace {

std::string digest_of(DigestKind kind, std::string_view text) {
    Digest digest(kind);
    digest.update(as_bytes(text));
    return digest.hex();
}

constexpr DigestKind all_kinds[] = {DigestKind::md5, DigestKind::sha256, DigestKind::crc32,
                                    DigestKind::sha1, DigestKind::crc32c};

}  // namespace

TEST_CASE("MD5 gives what RFC 1321 gives in its appendix A.5") {
    const std::pair<const char*, const char*> table[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"}};
    for (const auto& [text, hex] : table) {
        INFO(text);
        CHECK(digest_of(DigestKind::md5, text) == hex);
    }
}

TEST_CASE("SHA-256 gives what the examples to FIPS 180-4 give") {
    CHECK(digest_of(DigestKind::sha256, "abc") ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(
        digest_of(DigestKind::sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(digest_of(DigestKind::sha256, "") ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(digest_of(DigestKind::sha256, std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("many bytes give the digests that few at a time give, on threads or not") {
    const std::string text = sample(9'000'001);
    const std::vector<DigestKind> kinds(std::begin(all_kinds), std::end(all_kinds));
    const std::size_t cut = GENERATE(std::size_t{1000}, std::size_t{262'144}, std::size_t{700'001});
    std::vector<DigestSet> sets;  // the last ones find as many threads running as may be
    for (int i = 0; i < 20; ++i) sets.emplace_back(kinds, text.size());
    for (std::size_t begin = 0; begin < text.size(); begin += cut) {
        const Bytes part = as_bytes(std::string_view(text).substr(begin, cut));
        sets.front().update(part);
        sets.back().update(part);
    }
    const Digests digests = sets.front().finish();
    CHECK(digests == sets.back().finish());
    for (const auto& [kind, hex] : digests) CHECK(hex == digest_of(kind, text));
}

TEST_CASE("a set of digests that is given up half-way, moved or exchanged ends its threads") {
    const std::string text = sample(3 << 20);
    const std::vector<DigestKind> kinds{DigestKind::md5, DigestKind::sha256};
    for (int i = 0; i < 40; ++i) {
        DigestSet given_up(kinds, 1 << 30);
        given_up.update(as_bytes(text));
        DigestSet moved(std::move(given_up));
        moved.update(as_bytes(text));
        DigestSet exchanged(kinds, 1 << 30);
        exchanged.update(as_bytes("no more of it"));
        exchanged = std::move(moved);
        if (i % 2 == 0) continue;
        const Digests digests = exchanged.finish();
        CHECK(digests[0].second == digest_of(DigestKind::md5, text + text));
        CHECK(digests[1].second == digest_of(DigestKind::sha256, text + text));
    }
}

TEST_CASE("CRC32 is that of zlib, in eight digits") {
    CHECK(digest_of(DigestKind::crc32, "123456789") == "cbf43926");
    CHECK(digest_of(DigestKind::crc32, "") == "00000000");
    CHECK(digest_of(DigestKind::crc32, "a") == "e8b7be43");
    CHECK(digest_of(DigestKind::crc32, "The quick brown fox jumps over the lazy dog") ==
          "414fa339");
    CHECK(digest_of(DigestKind::crc32, std::string(32, '\0')) == "190a55ad");
    CHECK(digest_of(DigestKind::crc32, "62") == "0012d20a");  // leading zeros are kept
}

TEST_CASE("SHA-1 gives what the examples to FIPS 180-4 give") {
    CHECK(digest_of(DigestKind::sha1, "abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(digest_of(DigestKind::sha1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(digest_of(DigestKind::sha1, "") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(digest_of(DigestKind::sha1, std::string(1'000'000, 'a')) ==
          "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_CASE("CRC-32C gives what RFC 3720 gives in its appendix B.4, in eight digits") {
    // There the bytes of the CRC stand in the order of the wire, the lowest first.
    std::string ascending;
    for (char byte = 0; byte < 32; ++byte) ascending += byte;
    const std::string descending(ascending.rbegin(), ascending.rend());
    CHECK(digest_of(DigestKind::crc32c, std::string(32, '\0')) == "8a9136aa");
    CHECK(digest_of(DigestKind::crc32c, std::string(32, '\xff')) == "62a8ab43");
    CHECK(digest_of(DigestKind::crc32c, ascending) == "46dd794e");
    CHECK(digest_of(DigestKind::crc32c, descending) == "113fdb5c");
    CHECK(digest_of(DigestKind::crc32c, "123456789") == "e3069283");
    CHECK(digest_of(DigestKind::crc32c, "") == "00000000");
}

TEST_CASE("pieces of every size give the same digest as the whole") {
    const std::string text = sample(3000);
    for (const DigestKind kind : all_kinds) {
        const std::string whole = digest_of(kind, text);
        for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 15UL, 16UL, 17UL, 63UL, 64UL, 65UL,
                                        127UL, 1000UL, 2999UL, 3000UL}) {
            INFO(to_string(kind) << " in pieces of " << piece);
            Digest digest(kind);
            for (std::size_t at = 0; at < text.size(); at += piece) {
                digest.update(as_bytes(std::string_view(text).substr(at, piece)));
                digest.update({});
            }
            CHECK(digest.hex() == whole);
        }
    }
}

TEST_CASE("a digest goes on where it was when it is moved") {
    for (const DigestKind kind : all_kinds) {
        Digest first(kind);
        first.update(as_bytes("ab"));
        Digest second = std::move(first);
        second.update(as_bytes("c"));
        CHECK(second.kind() == kind);
        CHECK(second.hex() == digest_of(kind, "abc"));
    }
}

TEST_CASE("several digests of one pass are those of each alone, in the order asked for") {
    // Longer than what fits a cache, and no multiple of it.
    const std::string text = sample(200'003);
    const std::vector<DigestKind> kinds = {DigestKind::crc32, DigestKind::md5, DigestKind::sha256,
                                           DigestKind::crc32c, DigestKind::sha1};
    for (const std::size_t piece :
         {text.size(), std::size_t{32768}, std::size_t{32769}, std::size_t{5000}}) {
        INFO("pieces of " << piece);
        DigestSet set(kinds);
        for (std::size_t at = 0; at < text.size(); at += piece) {
            set.update(as_bytes(std::string_view(text).substr(at, piece)));
        }
        const Digests digests = set.finish();
        REQUIRE(digests.size() == kinds.size());
        for (std::size_t i = 0; i < kinds.size(); ++i) {
            CHECK(digests[i].first == kinds[i]);
            CHECK(digests[i].second == digest_of(kinds[i], text));
        }
    }
}

TEST_CASE("a set of one digest, or none, is a set too") {
    DigestSet one({DigestKind::md5});
    one.update(as_bytes("abc"));
    CHECK(one.finish() == Digests{{DigestKind::md5, "900150983cd24fb0d6963f7d28e17f72"}});
    DigestSet none({});
    none.update(as_bytes("abc"));
    CHECK(none.finish().empty());
}

TEST_CASE("digests have names") {
    for (const DigestKind kind : all_kinds) CHECK(parse_digest_kind(to_string(kind)) == kind);
    CHECK(to_string(DigestKind::md5) == "md5");
    CHECK(to_string(DigestKind::sha256) == "sha256");
    CHECK(to_string(DigestKind::crc32) == "crc32");
    CHECK(to_string(DigestKind::sha1) == "sha1");
    CHECK(to_string(DigestKind::crc32c) == "crc32c");
    for (const char* name :
         {"", "MD5", "md", "md5 ", "sha", "SHA1", "sha-1", "sha512", "crc", "crc32C", "crc64"}) {
        INFO(name);
        CHECK_FALSE(parse_digest_kind(name));
    }
}
