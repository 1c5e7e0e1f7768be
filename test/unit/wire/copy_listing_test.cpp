#include "test/unit/wire/copy_lines.hpp"

// What a share says of a list (docs/protocol/copy.md, "A share: get and list").

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using std::string;

namespace {

const string sha = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
const string md5 = "b1946ac92492d2347c6235b4d2611184";

LineTable<CopyListing> table() {
    return sealed_lines<CopyListing>({
        {"FILE 6 1700000000.000000001 a\\x20b md5=" + md5 + " sha256=" + sha + "\n",
         CopyFile{6, {1700000000, 1}, "a b", md5, sha}},
        {"FILE 0 -1.500000000 md5=x md5=" + md5 + "\n",
         CopyFile{0, {-2, 500000000}, "md5=x", md5, ""}},
        {"FILE 9223372036854775807 0.000000000 - md5=" + md5 + "\n",
         CopyFile{INT64_MAX, {}, "-", md5, ""}},
        {"BUSY\n", CopyBusy{}},
        {"END 0\n", CopyListed{0}},
        {"END 100000\n", CopyListed{100000}},
    });
}

}  // namespace

TEST_CASE("every line of a list is read and written as it is") {
    check_lines(table());
    check_rests(table());
}

TEST_CASE("a line of a list needs more until its end has come, however it is cut") {
    check_beginnings(table());
    check_every_cut(table());
}

TEST_CASE("the digests of a file may come in any order, and others are passed over") {
    CHECK(read<CopyListing>("FILE 6 0.000000000 a x=00 sha256=" + sha + " crc32=00000000 md5=" +
                            md5 + "\n") == CopyListing(CopyFile{6, {}, "a", md5, sha}));
    CHECK(read<CopyListing>("END 7 partial x=5\n") == CopyListing(CopyListed{7}));
}

TEST_CASE("lines that a list does not have are refused") {
    const string front = "FILE 6 0.000000000 a ";
    for (const string& line : {
             string("FILE"),
             string("FILE 6 0.000000000 a"),
             string("FILE 6 0 a md5=") + md5,
             string("FILE - 0.000000000 a md5=") + md5,
             string("FILE 6 0.000000000  md5=") + md5,
             front,
             front + "sha256=" + sha,
             front + "md5=" + md5 + " md5=" + md5,
             front + "md5=" + md5 + " ",
             front + "md5=" + md5.substr(1),
             front + "md5=" + sha,
             front + "MD5=" + md5,
             front + "x md5=" + md5,
             string("END"),
             string("END "),
             string("END x"),
             string("END -1"),
             string("END 9223372036854775808"),
             string("PUT 1 6 644 0.000000000 a"),
             string("BYE"),
         }) {
        check_refused<CopyListing>(line + "\n");
    }
}

TEST_CASE("a list's line with a wrong check is refused") {
    for (auto [line, message] : table()) {
        line[line.size() - 2] = line[line.size() - 2] == '0' ? '1' : '0';
        CHECK(is_refused<CopyListing>(line));
    }
}
