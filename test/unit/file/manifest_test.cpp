#include "file/manifest.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;

namespace {

const std::string digest = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

std::optional<ManifestEntry> parse(const std::string& line) {
    auto entry = parse_manifest_line(line);
    REQUIRE(entry);
    return *entry;
}

std::string name_in(const std::string& line) {
    const auto entry = parse(line);
    REQUIRE(entry);
    CHECK(entry->sha256 == digest);
    return entry->name;
}

}  // namespace

TEST_CASE("a line is a digest, a mark and a name") {
    CHECK(name_in(digest + "  hello.txt") == "hello.txt");
    CHECK(name_in(digest + " *hello.txt") == "hello.txt");
    CHECK(name_in(digest + "   two spaces  ") == " two spaces  ");
    CHECK(name_in(digest + "  *star") == "*star");
    CHECK(name_in(digest + "  \xff\x01") == "\xff\x01");
}

TEST_CASE("a digest may have upper-case digits") {
    std::string upper = digest;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    CHECK(name_in(upper + "  a") == "a");
}

TEST_CASE("a backslash in front says that the name has escapes") {
    CHECK(name_in("\\" + digest + "  a\\nb\\\\c\\rd") == "a\nb\\c\rd");
    CHECK(name_in(digest + "  a\\nb") == "a\\nb");
}

TEST_CASE("empty lines, comments and the other line end are passed over") {
    CHECK_FALSE(parse(""));
    CHECK_FALSE(parse("\r"));
    CHECK_FALSE(parse("# files of today"));
    CHECK(name_in(digest + "  a\r") == "a");
}

TEST_CASE("anything else is malformed") {
    const std::string line = GENERATE_COPY(
        std::string("hello"), digest, digest + " ", digest + "  ", digest + " a", digest + "\ta",
        digest.substr(1) + "  a", "0" + digest + "  a", "g" + digest.substr(1) + "  a",
        " " + digest + "  a", "\\" + digest + "  a\\", "\\" + digest + "  a\\tb",
        digest + "  a" + std::string(1, '\0'), "SHA256 (a) = " + digest);
    CAPTURE(line);
    const auto entry = parse_manifest_line(line);
    REQUIRE_FALSE(entry);
    CHECK(entry.error() == Errc::failed);
}

TEST_CASE("what is written is read again, whatever the name") {
    std::string all;
    for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
    for (const std::string& name :
         {std::string("a"), std::string(" a "), std::string("\\"), std::string("a\n"),
          std::string("\r"), std::string("*x"), std::string("#x"), all}) {
        const std::string line = manifest_line({digest, name});
        CAPTURE(line);
        REQUIRE(line.ends_with('\n'));
        CHECK(line.find('\n') == line.size() - 1);
        CHECK(name_in(line.substr(0, line.size() - 1)) == name);
    }
    CHECK(manifest_line({digest, "a b"}) == digest + "  a b\n");
    CHECK(manifest_line({digest, "a\\b\n"}) == "\\" + digest + "  a\\\\b\\n\n");
}

TEST_CASE("a list is read to its end, with or without a last line end") {
    const test::TemporaryFolder folder;
    std::string text = "# list\n";
    for (int i = 0; i < 10'000; ++i) text += manifest_line({digest, "file " + std::to_string(i)});
    if (GENERATE(true, false)) text.pop_back();
    std::ofstream(folder / "list", std::ios::binary) << text;

    auto list = ManifestReader::open(folder / "list");
    REQUIRE(list);
    std::vector<ManifestEntry> entries;
    int pieces = 0;
    for (bool more = true; more; ++pieces) {
        const auto read = list->read_some(entries);
        REQUIRE(read);
        more = *read;
    }
    CHECK(pieces > 2);
    REQUIRE(entries.size() == 10'000);
    for (int i = 0; i < 10'000; ++i) {
        if (entries[static_cast<std::size_t>(i)].name != "file " + std::to_string(i)) FAIL(i);
    }
}

TEST_CASE("a malformed line is told by its number, and what stands before it is given") {
    const test::TemporaryFolder folder;
    std::ofstream(folder / "list") << digest << "  a\n\n# x\nnonsense\n" << digest << "  b\n";
    auto list = ManifestReader::open(folder / "list");
    REQUIRE(list);
    std::vector<ManifestEntry> entries;
    const auto read = list->read_some(entries);
    REQUIRE_FALSE(read);
    CHECK(read.error() == Errc::failed);
    CHECK(read.error().context == "'" + (folder / "list").string() +
                                      "' is no list of sha256sum: line 4: it does not begin with "
                                      "a SHA-256");
    CHECK(entries.size() == 1);
}

TEST_CASE("a line without end is not held") {
    const test::TemporaryFolder folder;
    std::ofstream(folder / "list") << digest << "  " << std::string(10'000'000, 'a');
    auto list = ManifestReader::open(folder / "list");
    REQUIRE(list);
    std::vector<ManifestEntry> entries;
    const auto read = list->read_some(entries);
    REQUIRE_FALSE(read);
    CHECK(read.error().context.ends_with("line 1: it is too long"));
}

TEST_CASE("a list that cannot be read is a local failure") {
    const test::TemporaryFolder folder;
    for (const auto& path : {folder / "nowhere", folder / "."}) {
        const auto list = ManifestReader::open(path);
        REQUIRE_FALSE(list);
        CHECK(list.error() == Errc::local_file);
    }
}

TEST_CASE("a listed file is opened below the folder, missing, or unreadable") {
    const test::TemporaryFolder folder;
    std::ofstream(folder / "there") << "12345";
    const auto there = open_listed(folder / ".", {digest, "there"});
    REQUIRE(there);
    REQUIRE(*there);
    CHECK((*there)->size() == 5u);
    for (const char* missing : {"nowhere", "there/below", "no/where"}) {
        const auto found = open_listed(folder / ".", {digest, missing});
        REQUIRE(found);
        CHECK_FALSE(*found);
    }
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    for (const char* other : {".", "pipe"}) {
        const auto found = open_listed(folder / ".", {digest, other});
        REQUIRE_FALSE(found);
        CHECK(found.error() == Errc::local_file);
        CHECK(found.error().context.ends_with(": it is no regular file"));
    }
}

TEST_CASE("a list in the making appears when it is whole, and reads as it was written") {
    const test::TemporaryFolder folder;
    {
        auto writer = ManifestWriter::create(folder / "list");
        REQUIRE(writer);
        for (int i = 0; i < 10'000; ++i) writer->add({digest, "a\n" + std::to_string(i)});
        CHECK_FALSE(std::filesystem::exists(folder / "list"));
        REQUIRE(writer->commit());
    }
    CHECK(folder.names() == std::vector<std::string>{"list"});
    auto list = ManifestReader::open(folder / "list");
    REQUIRE(list);
    std::vector<ManifestEntry> entries;
    while (list->read_some(entries).value()) {
    }
    REQUIRE(entries.size() == 10'000);
    CHECK(entries.back().name == "a\n9999");
}

TEST_CASE("a list that is given up leaves nothing, and the older one stays") {
    const test::TemporaryFolder folder;
    std::ofstream(folder / "list") << "older";
    {
        auto writer = ManifestWriter::create(folder / "list");
        REQUIRE(writer);
        writer->add({digest, "a"});
    }
    CHECK(folder.names() == std::vector<std::string>{"list"});
    CHECK(std::filesystem::file_size(folder / "list") == 5);
}
