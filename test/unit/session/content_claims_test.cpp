#include "session/content_claims.hpp"

#include <catch2/catch.hpp>
#include <optional>

#include "test/unit/results.hpp"

namespace netcopy::test {
namespace {

ContentDigests digests(char md5, char sha256) {
    return *ContentDigests::from(std::string(32, md5), std::string(64, sha256));
}

}  // namespace

TEST_CASE("Of two contents with one MD5 the second cannot be claimed") {
    ContentClaims claims;
    const auto first = claims.claim("one", digests('1', '1'));
    REQUIRE(first);
    const auto second = claims.claim("two", digests('1', '2'));
    REQUIRE_FALSE(second);
    CHECK(second.error() == Errc::refused);
    CHECK(second.error().context.find("'one'") != std::string::npos);
    CHECK(claims.claim("two", digests('2', '2')));
}

TEST_CASE("A content is claimed until the last of its claims goes") {
    ContentClaims claims;
    std::optional first = claims.claim("one", digests('1', '1')).value();
    std::optional again = claims.claim("two", digests('1', '1')).value();
    first.reset();
    const auto refused = claims.claim("three", digests('1', '2'));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().context.find("'two'") != std::string::npos);
    again.reset();
    CHECK(claims.claim("three", digests('1', '2')));
}

TEST_CASE("A claim may outlive the claims") {
    std::optional<ContentClaims> claims(std::in_place);
    const auto claim = claims->claim("one", digests('1', '1'));
    claims.reset();
    CHECK(claim);
}

}  // namespace netcopy::test
