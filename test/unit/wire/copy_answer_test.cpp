#include "test/unit/wire/copy_lines.hpp"

// What a receiver says (docs/protocol/copy.md, "Grammar").

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using namespace std::string_literals;
using std::string;

namespace {

const string md5 = "b1946ac92492d2347c6235b4d2611184";

LineTable<CopyAnswer> table() {
    return sealed_lines<CopyAnswer>({
        {"KEPT 1 262144\n", CopyKept{1, 262144}},
        {"KEPT 2 9223372036854775807\n", CopyKept{2, INT64_MAX}},
        {"WANT 1 0\n", CopyWant{1, 0, 0}},
        {"WANT 2 262144 crc64=0123456789abcdef\n", CopyWant{2, 262144, 0x0123456789abcdef}},
        {"WANT 3 9223372036854775807 crc64=ffffffffffffffff\n", CopyWant{3, INT64_MAX, UINT64_MAX}},
        {"WANT 4 1 crc64=0000000000000000\n", CopyWant{4, 1, 0}},
        {"HAVE 5 md5=" + md5 + "\n", CopyHave{5, {"md5", md5}}},
        {"HAVE 6 crc32c=00000000\n", CopyHave{6, {"crc32c", "00000000"}}},
        {"SAME 7\n", CopySame{7, {}}},
        {"DONE 8\n", CopyDone{8, {}}},
        {"DONE 8 a\\x20b\n", CopyDone{8, "a b"}},
        {"NO 9 exists another\\x20file\\x0a\n", CopyNo{9, "exists", "another file\n"}},
        {"NO 0 protocol \\x5c\n", CopyNo{0, "protocol", "\\"}},
        {"STOP\n", CopyStop{}},
        {"BYE\n", CopyBye{}},
        {"BUSY\n", CopyBusy{}},
    });
}

}  // namespace

TEST_CASE("every answer of netcopy/1 is read from its line and written as it") {
    check_lines(table());
}

TEST_CASE("an answer needs more until its line end has come") { check_beginnings(table()); }

TEST_CASE("what stands behind an answer's line is not touched") { check_rests(table()); }

TEST_CASE("answers come out the same however they are cut or joined") { check_every_cut(table()); }

TEST_CASE("answers that the grammar does not have are refused") {
    for (const char* line : {"",
                             "want 1 0",
                             "KEPT",
                             "KEPT 1",
                             "KEPT 1 ",
                             "KEPT 0 5",
                             "KEPT 1 0",
                             "KEPT 1 -5",
                             "KEPT 1 5 ",
                             "KEPT 1 5 crc64=0123456789abcdef",
                             "KEPT 1 9223372036854775808",
                             "WANT",
                             "WANT ",
                             "WANT 1",
                             "WANT 1 ",
                             "WANT 1 0 ",
                             "WANT  1 0",
                             "WANT 1 -",
                             "WANT 1 0 bare",
                             "WANT 1 5",
                             "WANT 1 5 ",
                             "WANT 1 5 crc64=",
                             "WANT 1 5 crc64=0123456789abcde",
                             "WANT 1 5 crc64=0123456789abcdef0",
                             "WANT 1 5 crc64=0123456789ABCDEF",
                             "WANT 1 5 crc64=0x23456789abcdef",
                             "WANT 1 5 0123456789abcdef",
                             "WANT 1 5 CRC64=0123456789abcdef",
                             "WANT 1 5 crc64=0123456789abcdef ",
                             "WANT 1 5 crc64=0123456789abcdef x",
                             "WANT 1 0 crc64=0000000000000000",
                             "HAVE",
                             "HAVE 1",
                             "HAVE 1 ",
                             "HAVE 1 md5",
                             "HAVE 1 md5=00",
                             "HAVE 1 blake3=00ff",
                             "HAVE 1 md5=b1946ac92492d2347c6235b4d2611184 crc32=00000000",
                             "HAVE 1 md5=B1946AC92492D2347C6235B4D2611184",
                             "SAME",
                             "SAME ",
                             "SAME 1 ",
                             "SAME x",
                             "DONE",
                             "DONE ",
                             "NO",
                             "NO 1",
                             "NO 1 exists",
                             "NO 1 exists ",
                             "NO 1 exists a b",
                             "NO 1 ex:sts a",
                             "NO - exists a",
                             "NO exists a",
                             "STOP ",
                             "STOP 1",
                             "BYE ",
                             "BYE 1",
                             "BYE\r",
                             "BUSY ",
                             "PUT 1 6 644 1.000000000 a",
                             "SYNC",
                             "END",
                             "NETCOPY/1 ok put",
                             "OK"}) {
        check_refused<CopyAnswer>(string(line) + "\n");
    }
    check_refused<CopyAnswer>("BYE\0\n"s);
}
