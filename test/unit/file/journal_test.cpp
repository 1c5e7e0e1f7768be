#include <catch2/catch.hpp>

#include <fcntl.h>

#include <array>

#include "file/crc64.hpp"
#include "file/journal.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/sample.hpp"

using namespace netcopy;
using namespace netcopy::test;
using namespace std::literals;

namespace {

const JournalKey key{1'000'000, {1'700'000'000, 5}, "name"};

struct JournalFile {
    TemporaryFolder folder;
    std::filesystem::path path = folder / "journal";

    Descriptor open() const {
        return Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    }
    std::string content() const { return read_file(path); }
};

std::vector<std::uint64_t> records_of(const Journal& journal) {
    std::vector<std::uint64_t> records(journal.records());
    CHECK(journal.read(0, records) == records.size());
    return records;
}

}  // namespace

TEST_CASE("a journal begins with two lines that say which file it is of, and their CRC-64") {
    const std::string header = journal_header(key);
    const std::string lines = "netcopy-journal 1\n1000000 1700000000.000000005 name\n";
    REQUIRE(header.size() == lines.size() + 17);
    CHECK(header.substr(0, lines.size()) == lines);
    CHECK(std::stoull(header.substr(lines.size()), nullptr, 16) == crc64(0, as_bytes(lines)));
    CHECK(header.back() == '\n');
}

TEST_CASE("a time before 1970 and a name of any bytes can be said in a journal") {
    const std::string header = journal_header({1, {-2, 500'000'000}, "a b\n\\\xff"});
    CHECK(header.starts_with("netcopy-journal 1\n1 -2.500000000 a b\\x0a\\x5c\\xff\n"));
}

TEST_CASE("a journal is told from that of another size, time or name, and from a damaged one") {
    const std::string header = journal_header(key);
    CHECK(is_journal_of(key, as_bytes(header)));
    CHECK(is_journal_of(key, as_bytes(header + "records")));
    CHECK_FALSE(is_journal_of({1'000'001, key.mtime, key.name}, as_bytes(header)));
    CHECK_FALSE(is_journal_of({key.size, {1'700'000'000, 6}, key.name}, as_bytes(header)));
    CHECK_FALSE(is_journal_of({key.size, key.mtime, "names"}, as_bytes(header)));
    for (std::size_t i = 0; i < header.size(); ++i) {
        // A heap buffer of exactly its size: the sanitizer sees a byte too many.
        std::vector<char> cut(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK_FALSE(is_journal_of(key, std::as_bytes(std::span(cut))));
        std::string flipped = header;
        flipped[i] = static_cast<char>(flipped[i] ^ 1);
        CHECK_FALSE(is_journal_of(key, as_bytes(flipped)));
    }
}

TEST_CASE("a record is eight bytes, the lowest first") {
    std::vector<std::byte> bytes;
    append_journal_record(bytes, 0x0102030405060708);
    CHECK(as_text(bytes) == "\x08\x07\x06\x05\x04\x03\x02\x01");
    CHECK(parse_journal_record(Bytes(bytes).first<8>()) == 0x0102030405060708);
}

TEST_CASE("a journal has a record for each step of the file, however its bytes come") {
    const std::string text = sample(3 * journal_step + 10);
    for (const std::size_t piece : {std::size_t{100'003}, std::size_t{journal_step}, text.size()}) {
        const JournalFile file;
        Journal journal(file.open(), key);
        for (std::size_t at = 0; at < text.size(); at += piece) {
            journal.add(as_bytes(text.substr(at, piece)));
            journal.flush();
        }
        REQUIRE(journal.records() == 3);
        const auto records = records_of(journal);
        for (std::size_t i = 0; i < 3; ++i) {
            CHECK(records[i] == crc64(0, as_bytes(text).first((i + 1) * journal_step)));
        }
        CHECK(journal.crc() == crc64(0, as_bytes(text)));
        CHECK(file.content().size() == journal_header(key).size() + 24);
    }
}

TEST_CASE("a hole counts as zeros in the journal") {
    const JournalFile file;
    Journal journal(file.open(), key);
    journal.add(as_bytes("begin"));
    journal.add_zeros(2 * journal_step);
    journal.flush();
    REQUIRE(journal.records() == 2);
    const std::string zeros = "begin" + std::string(2 * journal_step - 5, '\0');
    CHECK(records_of(journal)[1] == crc64(0, as_bytes(zeros)));
}

TEST_CASE("records are written only when the journal is flushed, after the bytes") {
    const JournalFile file;
    Journal journal(file.open(), key);
    journal.add_zeros(journal_step);
    CHECK(file.content() == journal_header(key));
    journal.flush();
    CHECK(file.content().size() == journal_header(key).size() + 8);
}

TEST_CASE("a journal that is opened again goes on behind the records that are kept") {
    const JournalFile file;
    const std::string text = sample(4 * journal_step);
    {
        Journal journal(file.open(), key);
        journal.add(as_bytes(text).first(3 * journal_step));
        journal.flush();
    }
    Journal journal(file.open(), key);
    REQUIRE(journal.records() == 3);
    std::array<std::uint64_t, 8> records{};
    CHECK(journal.read(1, records) == 2);
    const std::uint64_t second = crc64(0, as_bytes(text).first(2 * journal_step));
    CHECK(records[0] == second);
    journal.resume(2, second);
    CHECK(journal.records() == 2);
    journal.add(as_bytes(text).subspan(2 * journal_step));
    journal.flush();
    REQUIRE(journal.records() == 4);
    CHECK(records_of(journal)[3] == crc64(0, as_bytes(text)));
}

TEST_CASE("a journal of another file, a damaged or a cut one begins anew") {
    const std::string header = journal_header(key);
    const std::string records(16, 'r');
    for (const std::string& before :
         {journal_header({key.size, key.mtime, "other"}) + records, header.substr(1) + records,
          header.substr(0, header.size() - 1), "netcopy-journal 2" + header.substr(17) + records,
          std::string(), std::string(1000, '\0')}) {
        const JournalFile file;
        write_file(file.path, before);
        const Journal journal(file.open(), key);
        CHECK(journal.records() == 0);
        CHECK(file.content() == header);
    }
}

TEST_CASE("half a record at a journal's end is none") {
    const JournalFile file;
    write_file(file.path, journal_header(key) + "12345678" + "1234567");
    Journal journal(file.open(), key);
    CHECK(journal.records() == 1);
    journal.resume(1, 0);
    CHECK(file.content() == journal_header(key) + "12345678");
}

TEST_CASE("a journal that cannot be written has no records, and fails nobody") {
    Journal journal(Descriptor(::open("/dev/full", O_RDWR | O_CLOEXEC)), key);
    journal.add_zeros(3 * journal_step);
    journal.flush();
    CHECK(journal.records() == 0);
    CHECK(journal.crc() == crc64_zeros(0, 3 * journal_step));
}
