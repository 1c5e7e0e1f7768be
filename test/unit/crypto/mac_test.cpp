#include "crypto/mac.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "base/bytes.hpp"

namespace netcopy {
namespace {

/// HMAC fills a short key up with zeros, so the vectors' keys are ours with zeros behind.
MacKey key_of(std::string_view begin) {
    MacKey key{};
    std::ranges::copy(as_bytes(begin), key.begin());
    return key;
}

}  // namespace

TEST_CASE("A MAC is the first half of the HMAC-SHA-256 of RFC 4231") {
    const auto hex = [](const std::string& key, const std::string& message) {
        return to_hex(mac(key_of(key), as_bytes(message)));
    };
    CHECK(hex(std::string(20, '\x0b'), "Hi There") == "b0344c61d8db38535ca8afceaf0bf12b");
    CHECK(hex("Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c7");
    CHECK(hex(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
          "773ea91e36800e46854db8ebd09181a7");
    CHECK(hex(std::string(20, '\x0c'), "Test With Truncation") ==
          "a3b6167473100ee06e0c796c2955552b");
}

TEST_CASE("A MAC matches its message under its key, whole, and nothing else") {
    const MacKey key = random_mac_key();
    const Mac right = mac(key, as_bytes("message"));
    CHECK(mac_matches(key, as_bytes("message"), right));
    CHECK_FALSE(mac_matches(key, as_bytes("messagf"), right));
    CHECK_FALSE(mac_matches(random_mac_key(), as_bytes("message"), right));
    CHECK_FALSE(mac_matches(key, as_bytes("message"), Bytes(right).first(15)));
    CHECK_FALSE(mac_matches(key, as_bytes("message"), Bytes()));
    for (std::size_t bit = 0; bit < 8 * right.size(); ++bit) {
        Mac wrong = right;
        wrong[bit / 8] ^= std::byte(1 << (bit % 8));
        CHECK_FALSE(mac_matches(key, as_bytes("message"), wrong));
    }
}

TEST_CASE("Comparing in constant time says what comparing says") {
    CHECK(equal_in_constant_time(as_bytes("same"), as_bytes("same")));
    CHECK(equal_in_constant_time(Bytes(), Bytes()));
    CHECK_FALSE(equal_in_constant_time(as_bytes("same"), as_bytes("sane")));
    CHECK_FALSE(equal_in_constant_time(as_bytes("same"), as_bytes("sam")));
}

TEST_CASE("Random bytes fill what they are asked for, and do not come again") {
    std::set<MacKey> keys;
    for (int i = 0; i < 100; ++i) keys.insert(random_mac_key());
    CHECK(keys.size() == 100);
    std::array<std::byte, 1000> many{};
    fill_random(many);
    std::set<std::byte> values(many.begin(), many.end());
    CHECK(values.size() > 200);  // of 256; 5 missing on average
    CHECK(std::ranges::any_of(Bytes(many).last(8), [](std::byte b) { return b != std::byte{}; }));
}

}  // namespace netcopy
