#include "test/unit/wire/copy_lines.hpp"

// What a sender says (docs/protocol/copy.md, "Grammar").

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using namespace std::string_literals;
using std::string;

namespace {

const string sha = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
const string md5 = "b1946ac92492d2347c6235b4d2611184";

/// Each message beside its line, which gets its check at the end.
LineTable<CopyRequest> table() {
    return sealed_lines<CopyRequest>({
        {"PUT 1 6 644 1700000000.000000001 docs/a\n",
         CopyPut{1, 6, 0644, {1700000000, 1}, "docs/a", false, false, false}},
        {"PUT 2 - 0 -1.500000000 a\\x20b sparse compare bare ask\n",
         CopyPut{2, std::nullopt, 0, {-2, 500000000}, "a b", true, true, true, true}},
        {"PUT 3 0 7777 0.000000000 c sparse\n", CopyPut{3, 0, 07777, {}, "c", true, false, false}},
        {"PUT 4 0 600 0.000000000 c compare\n", CopyPut{4, 0, 0600, {}, "c", false, true, false}},
        {"PUT 5 0 600 0.000000000 c bare\n", CopyPut{5, 0, 0600, {}, "c", false, false, true}},
        {"PUT 5 0 600 0.000000000 c ask\n",
         CopyPut{5, 0, 0600, {}, "c", false, false, false, true}},
        {"DIR 6 755 5.999999999 docs\n", CopyFolder{6, 0755, {5, 999999999}, "docs", false}},
        {"DIR 7 1755 5.000000000 docs bare\n", CopyFolder{7, 01755, {5, 0}, "docs", true}},
        {"LINK 8 5.000000000 docs/l ../a\\x20b\n", CopyLink{8, {5, 0}, "docs/l", "../a b"}},
        {"DATA 9 0 0\n", CopyData{9, 0, 0}},
        {"DATA 10 1048576 6\n", CopyData{10, 1048576, 6}},
        {"SUM 11 6 sha256=" + sha + "\n", CopySum{11, 6, {{"sha256", sha}}}},
        {"SUM 12 0 md5=" + md5 + " crc32=363a3020 crc32c=00ff00ff sha1=" + string(40, 'a') + "\n",
         CopySum{12,
                 0,
                 {{"md5", md5},
                  {"crc32", "363a3020"},
                  {"crc32c", "00ff00ff"},
                  {"sha1", string(40, 'a')}}}},
        {"DROP 13 changed it\\x20grew\n", CopyDrop{13, "changed", "it grew"}},
        {"KEEP 14\n", CopyKeep{14}},
        {"OTHER 15\n", CopyOther{15}},
        {"SYNC\n", CopySync{}},
        {"END\n", CopyEnd{}},
        {"BUSY\n", CopyBusy{}},
    });
}

}  // namespace

TEST_CASE("every request of netcopy/1 is read from its line and written as it") {
    check_lines(table());
}

TEST_CASE("a request needs more until its line end has come") { check_beginnings(table()); }

TEST_CASE("what stands behind a request's line is not touched") { check_rests(table()); }

TEST_CASE("requests and bodies come out the same however they are cut or joined") {
    std::vector<string> lines;
    for (const auto& [line, message] : table()) {
        const bool has_body = line.starts_with("DATA 10 1048576 6 ");
        lines.push_back(has_body ? line + "BUSY\n\n" : line);
    }
    lines.push_back(sealed("DATA 16 0 10\n") + "SYNC\n\0\nEND"s);
    lines.push_back(sealed("SUM 16 10 md5=" + md5 + "\n"));
    check_every_cut<CopyRequest>(lines);
}

TEST_CASE("flags may come in any order, and those that nobody knows are passed over") {
    const auto put = std::get<CopyPut>(read<CopyRequest>(
        "PUT 1 2 3 4.000000000 n bare x Z-9_ uid=5 compare=no a=b=!c sparse sparse SPARSE\n"));
    CHECK(put.bare);
    CHECK(put.sparse);
    CHECK_FALSE(put.compare);
    CHECK(read<CopyRequest>("DIR 1 755 4.000000000 n sparse compare ask x\n") ==
          CopyRequest(CopyFolder{1, 0755, {4, 0}, "n", false}));
    CHECK(read<CopyRequest>("DIR 1 755 4.000000000 n x bare\n") ==
          CopyRequest(CopyFolder{1, 0755, {4, 0}, "n", true}));
    CHECK(read<CopyRequest>("LINK 1 4.000000000 n t bare x\n") ==
          CopyRequest(CopyLink{1, {4, 0}, "n", "t"}));
}

TEST_CASE("digests of kinds that nobody knows are passed over in SUM") {
    CHECK(read<CopyRequest>("SUM 1 6 blake3=0 sha256=" + sha + " SHA256=ff\n") ==
          CopyRequest(CopySum{1, 6, {{"sha256", sha}}}));
    check_refused<CopyRequest>("SUM 1 6 blake3=0 sha512=ff\n");  // nothing to compare with
}

TEST_CASE("requests that the grammar does not have are refused") {
    for (const char* line :
         {"", "put 1 6 644 1.000000000 a", "Put 1 6 644 1.000000000 a", "GET 1", "PUTS 1", "PU",
          " SYNC", "\tSYNC", "SYNC ", "SYNC 1", "SYNC\r", "\rSYNC", "END ", "END 1", "BUSY 1",
          "SYNC\x01", "NETCOPY/1 put", "GET / HTTP/1.1", "WANT 1 0", "DONE 1", "BYE", "STOP",
          // a field too few, one too many, an empty one
          "PUT", "PUT ", "PUT 1", "PUT 1 6", "PUT 1 6 644", "PUT 1 6 644 1.000000000",
          "PUT 1 6 644 1.000000000 ", "PUT  1 6 644 1.000000000 a", "PUT 1 6 644 1.000000000  a",
          "PUT 1 6 644 1.000000000 a ", "PUT 1 6 644 1.000000000 a  bare",
          "PUT 1 6 644 1.000000000 a bare ", "PUT 1 6 644 1.000000000 a\r",
          "PUT 1 6 644 1.000000000 a uid=", "PUT 1 6 644 1.000000000 a =5",
          "PUT 1 6 644 1.000000000 a x=\xc3\xbc", "PUT 1 6 644 1.000000000 a \xc3\xbc",
          "PUT 1 6 644 1.000000000 a b\\x20c", "DIR 1", "DIR 1 755 1.000000000",
          "DIR 1 755 1.000000000 a b!", "DIR 1 6 755 1.000000000 a", "LINK 1 1.000000000 a",
          "LINK 1 1.000000000 a ", "LINK 1 1.000000000 a b c=", "LINK 1 644 1.000000000 a b",
          "DATA 1", "DATA 1 0", "DATA 1 0 ", "DATA 1 0 6 ", "DATA 1 0 6 7", "DATA 1 - 6",
          "DATA 1 0 -", "SUM 1", "SUM 1 6", "SUM 1 6 ", "SUM 1 - md5=", "DROP 1", "DROP 1 changed",
          "DROP 1 changed ", "DROP 1 changed a b", "DROP 1 ch=nged a", "KEEP", "KEEP ", "KEEP 1 ",
          "KEEP 1 2", "OTHER", "OTHER x", "OTHER 1 2"}) {
        check_refused<CopyRequest>(string(line) + "\n");
    }
    check_refused<CopyRequest>("SYNC\0\n"s);
    check_refused<CopyRequest>("PUT 1 6 644 1.000000000 a\0b\n"s);
}

TEST_CASE("a digest is refused unless it is lower-case hex of its kind's length") {
    for (const string& digest : {"sha256"s,
                                 "sha256="s,
                                 "=" + sha,
                                 sha,
                                 "sha256=" + sha.substr(1),
                                 "sha256=0" + sha,
                                 "sha256=" + string(64, 'A'),
                                 "sha256=" + string(64, 'g'),
                                 "md5=" + sha,
                                 "sha1=" + md5,
                                 "crc32=0123456"s,
                                 "crc32=0x012345"s,
                                 "crc32c=012345678"s,
                                 "blake3="s,
                                 "blake3=xyz"s,
                                 "blake3=FF"s,
                                 "bl ke3=ff"s,
                                 "bl.ke3=ff"s,
                                 "md5==" + md5.substr(1),
                                 "md5=" + md5 + " md5=" + md5,
                                 "md5=" + md5 + " md5=" + string(32, '0')}) {
        check_refused<CopyRequest>("SUM 1 6 " + digest + "\n");
    }
    check_refused<CopyRequest>("SUM 1 - md5=" + md5 + "\n");
}
