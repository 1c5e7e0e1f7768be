#include "app/values.hpp"

#include <catch2/catch.hpp>

#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::app;
using std::chrono::milliseconds;

TEST_CASE("seconds may have a fraction") {
    const auto [text, expected] = GENERATE(table<std::string, int>({{"0", 0},
                                                                    {"2", 2000},
                                                                    {"2.5", 2500},
                                                                    {".5", 500},
                                                                    {"3.", 3000},
                                                                    {"0.001", 1},
                                                                    {"007", 7000},
                                                                    {"1.0000", 1000},
                                                                    {"1.2345", 1235}}));
    CAPTURE(text);
    const auto time = read_seconds("--timeout", text);
    REQUIRE(time);
    CHECK(*time == milliseconds(expected));
}

TEST_CASE("a tiny time does not become no limit") {
    const auto time = read_seconds("--timeout", "0.0000001");
    REQUIRE(time);
    CHECK(*time == milliseconds(1));
}

TEST_CASE("what is no number of seconds is refused") {
    const std::string text =
        GENERATE("", ".", "-1", "+1", "1,5", "1e3", "inf", "0x10", " 1", "1 ", "1.2.3", "1.-2");
    CAPTURE(text);
    const auto time = read_seconds("--timeout", text);
    REQUIRE_FALSE(time);
    CHECK(time.error() == Errc::usage);
    CHECK(time.error().context == "--timeout: '" + text + "' is no number of seconds");
}

TEST_CASE("ten years are the longest time") {
    CHECK(read_seconds("--timeout", "315360000"));
    for (const char* text : {"315360001", "99999999999999999999999999"}) {
        const auto time = read_seconds("--timeout", text);
        REQUIRE_FALSE(time);
        CHECK(time.error().context ==
              "--timeout: '" + std::string(text) + "' seconds are more than ten years");
    }
}

TEST_CASE("sizes take binary suffixes") {
    const auto [text, expected] =
        GENERATE(table<std::string, std::uint64_t>({{"0", 0},
                                                    {"1500", 1500},
                                                    {"7B", 7},
                                                    {"1K", 1024},
                                                    {"64k", 65536},
                                                    {"20M", 20971520},
                                                    {"2G", 2147483648},
                                                    {"2GiB", 2147483648},
                                                    {"2gb", 2147483648},
                                                    {"1T", 1099511627776},
                                                    {"18446744073709551615", UINT64_MAX},
                                                    {"16777215T", 18446742974197923840u}}));
    CAPTURE(text);
    const auto size = read_size("--max-size", text);
    REQUIRE(size);
    CHECK(*size == expected);
}

TEST_CASE("what is no size is refused") {
    const std::string text =
        GENERATE("", "K", "-1", "1.5G", "1 K", "1KK", "1P", "1Ki", "1iB", "0x10", "BB", "1Bi");
    CAPTURE(text);
    const auto size = read_size("--max-size", text);
    REQUIRE_FALSE(size);
    CHECK(size.error().context ==
          "--max-size: '" + text + "' is no size; write bytes, or 64K, 20M, 2G, 1T");
}

TEST_CASE("a size beyond 64 bits is refused") {
    const std::string text = GENERATE("18446744073709551616", "16777216T", "18014398509481984K");
    CAPTURE(text);
    const auto size = read_size("--max-size", text);
    REQUIRE_FALSE(size);
    CHECK(size.error().context == "--max-size: '" + text + "' is too large");
}

TEST_CASE("a number is within its bounds") {
    CHECK(read_number("-n", "1", 1, 9).value() == 1);
    CHECK(read_number("-n", "9", 1, 9).value() == 9);
    for (const char* text : {"0", "10", "-1", "", "1.0", "99999999999999999999"}) {
        CAPTURE(text);
        const auto number = read_number("-n", text, 1, 9);
        REQUIRE_FALSE(number);
        CHECK(number.error().context ==
              "-n: '" + std::string(text) + "' is no whole number from 1 to 9");
    }
    const auto endless = read_number("-n", "x", 1, UINT64_MAX);
    REQUIRE_FALSE(endless);
    CHECK(endless.error().context == "-n: 'x' is no whole number of at least 1");
}

TEST_CASE("defaults are shown as they would be typed") {
    CHECK(seconds_text(milliseconds(60'000)) == "60");
    CHECK(seconds_text(milliseconds(2500)) == "2.5");
    CHECK(seconds_text(milliseconds(5)) == "0.005");
    CHECK(size_text(0) == "0");
    CHECK(size_text(1500) == "1500");
    CHECK(size_text(65536) == "64K");
    CHECK(size_text(std::uint64_t{3} << 40) == "3T");
    CHECK(size_text(std::uint64_t{1} << 50) == "1024T");
    CHECK(size_text(UINT64_MAX).empty());
}
