#include <catch2/catch.hpp>

#include "file/crc64.hpp"
#include "test/unit/sample.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

/// Bit by bit, from the definition: ECMA-182's polynomial, reflected.
std::uint64_t by_definition(std::string_view text) {
    std::uint64_t crc = ~std::uint64_t{0};
    for (const char c : text) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xc96c5795d7870f42 : crc >> 1;
        }
    }
    return ~crc;
}

}  // namespace

TEST_CASE("the CRC-64 is that of XZ") {
    CHECK(crc64(0, as_bytes("123456789")) == 0x995dc9bbdf1939fa);
    CHECK(crc64(0, {}) == 0);
    const std::string text = sample(10'007);
    CHECK(crc64(0, as_bytes(text)) == by_definition(text));
}

TEST_CASE("the CRC-64 of a whole is that of its parts, one after the other") {
    const std::string text = sample(1000);
    const std::uint64_t whole = crc64(0, as_bytes(text));
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const std::uint64_t begin = crc64(0, as_bytes(text).first(cut));
        CHECK(crc64(begin, as_bytes(text).subspan(cut)) == whole);
    }
}

TEST_CASE("the CRC-64 of zeros needs none") {
    for (const std::size_t count :
         std::initializer_list<std::size_t>{0, 1, 65'535, 65'536, 65'537, 300'000}) {
        const std::string zeros(count, '\0');
        CHECK(crc64_zeros(17, count) == crc64(17, as_bytes(zeros)));
    }
}
