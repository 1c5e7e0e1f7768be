#include <catch2/catch.hpp>

#include "wire/checksum.hpp"

// Which digest an entry holds, and whether it is ours (WIRE: checksums seen).

using namespace netcopy::wire;
using namespace std::string_view_literals;

namespace {

// Of "abc", and one whose raw form has white space at its edges.
constexpr std::string_view md5 = "900150983cd24fb0d6963f7d28e17f72";
constexpr std::string_view md5_raw =
    "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72"sv;
constexpr std::string_view edges_raw =
    "\x20\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x0a"sv;
constexpr std::string_view edges = "200150983cd24fb0d6963f7d28e17f0a";

}  // namespace

TEST_CASE("an entry's form tells its digest") {
    const std::pair<std::string_view, EntryForm> table[] = {
        {md5, EntryForm::md5_hex},
        {"900150983CD24FB0D6963F7D28E17F72", EntryForm::md5_hex},
        {"00000000000000000000000000000000", EntryForm::md5_hex},
        {md5_raw, EntryForm::md5_raw},
        {edges_raw, EntryForm::md5_raw},
        {"cbf43926", EntryForm::crc32},
        {"CBF43926", EntryForm::crc32},
        {"0xcbf43926", EntryForm::crc32},
        {"0XCBF43926", EntryForm::crc32},
        {"0x0", EntryForm::crc32},
        {"0xabc", EntryForm::crc32},
        {"abc", EntryForm::crc32},
        {"0", EntryForm::crc32},
        {"12345678", EntryForm::crc32},
        {"3421780262", EntryForm::crc32},
        {"4294967295", EntryForm::crc32},
        {"4294967296", EntryForm::unknown},
        {"0xcbf439261", EntryForm::unknown},
        {"0x3421780262", EntryForm::unknown},
        {"cbf439261", EntryForm::unknown},
        {"0x", EntryForm::unknown},
        {"", EntryForm::unknown},
        {"abcdefabcdef", EntryForm::unknown},
        {"-1", EntryForm::unknown},
        {"xyz", EntryForm::unknown},
        {"900150983cd24fb0d6963f7d28e17f7g", EntryForm::unknown},
        {"900150983cd24fb0d6963f7d28e17f7", EntryForm::unknown},
        {"900150983cd24fb0d6963f7d28e17f721", EntryForm::unknown},
        {"90015098 cd24fb0d6963f7d28e17f72", EntryForm::unknown},
    };
    for (const auto& [entry, form] : table) {
        INFO(entry);
        CHECK(classify_entry(entry) == form);
    }
}

TEST_CASE("MD5 matches as hex in either case and as raw bytes, and nothing else does") {
    CHECK(matches_md5(md5, md5));
    CHECK(matches_md5("900150983CD24FB0D6963F7D28E17F72", md5));
    CHECK(matches_md5("900150983Cd24Fb0d6963f7d28e17F72", md5));
    CHECK(matches_md5(md5_raw, md5));
    CHECK(matches_md5(edges_raw, edges));

    CHECK_FALSE(matches_md5("", md5));
    CHECK_FALSE(matches_md5(md5.substr(0, 16), md5));
    CHECK_FALSE(matches_md5(md5.substr(0, 31), md5));
    CHECK_FALSE(matches_md5("900150983cd24fb0d6963f7d28e17f73", md5));
    CHECK_FALSE(matches_md5("800150983cd24fb0d6963f7d28e17f72", md5));
    CHECK_FALSE(matches_md5(edges_raw, md5));
    CHECK_FALSE(matches_md5(std::string(md5) + "0", md5));
}

TEST_CASE("every digit of an MD5 counts") {
    for (std::size_t i = 0; i < md5.size(); ++i) {
        std::string other(md5);
        other[i] = other[i] == '0' ? '1' : '0';
        INFO(other);
        CHECK_FALSE(matches_md5(other, md5));
    }
}

TEST_CASE("CRC32 matches as hex with or without 0x, and as decimal") {
    constexpr std::uint32_t crc = 0xcbf43926;  // of "123456789"
    for (const char* entry : {"cbf43926", "CBF43926", "0xcbf43926", "0XCBF43926", "0xCbF43926",
                              "3421780262", "03421780262"}) {
        INFO(entry);
        CHECK(matches_crc32(entry, crc));
    }
    for (const char* entry :
         {"cbf43927", "0xcbf4392", "3421780263", "0x3421780262", "342178026", "", "0x",
          "-873187034", "cbf43926 ", "0xcbf43926\n", "68000000000cbf43926"}) {
        INFO(entry);
        CHECK_FALSE(matches_crc32(entry, crc));
    }
}

TEST_CASE("a small CRC32 matches as Python's hex() prints it and with its zeros") {
    for (const char* entry :
         {"0xabc", "abc", "00000abc", "0x00000abc", "0x0abc", "2748", "0x000abc"}) {
        INFO(entry);
        CHECK(matches_crc32(entry, 0xabc));
    }
    CHECK(matches_crc32("0x0", 0));
    CHECK(matches_crc32("0", 0));
    CHECK(matches_crc32("00000000", 0));
    CHECK(matches_crc32("4294967295", 0xffffffff));
    CHECK(matches_crc32("ffffffff", 0xffffffff));
}

TEST_CASE("digits without a letter may be hex or decimal, and match as either") {
    CHECK(matches_crc32("12345678", 0x12345678));
    CHECK(matches_crc32("12345678", 12345678));
    CHECK(matches_crc32("0x12345678", 0x12345678));
    CHECK_FALSE(matches_crc32("0x12345678", 12345678));
    CHECK_FALSE(matches_crc32("12345678", 12345679));
}

TEST_CASE("an MD5 is no CRC32, whatever the number") {
    CHECK_FALSE(matches_crc32(md5, 0));
    CHECK_FALSE(matches_crc32("00000000000000000000000000000000", 0));
    CHECK_FALSE(matches_crc32("0000000000000000", 0));
}
