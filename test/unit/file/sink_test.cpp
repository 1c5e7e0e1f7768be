#include <catch2/catch.hpp>

#include <limits.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <regex>

#include "file/sink.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;
using Names = std::vector<std::string>;

namespace {

void put(FileSink& sink, std::uint64_t offset, std::string_view text) {
    REQUIRE(sink.write_at(offset, as_bytes(text)));
}

void check_refused(const std::filesystem::path& target) {
    INFO(target);
    const auto sink = FileSink::create(target);
    REQUIRE(sink.has_error());
    CHECK(sink.error() == Errc::local_file);
}

}  // namespace

TEST_CASE("until it is committed a file has a temporary name beside its target") {
    const TemporaryFolder folder;
    auto sink = FileSink::create(folder / "name");
    REQUIRE(sink);
    const Names names = folder.names();
    REQUIRE(names.size() == 1);
    CHECK(std::regex_match(names.front(), std::regex(R"(\.name\.netcopy-[0-9a-f]{16})")));
    put(*sink, 0, "text");
    CHECK_FALSE(std::filesystem::exists(folder / "name"));
    REQUIRE(sink->commit());
    CHECK(folder.names() == Names{"name"});
    CHECK(read_file(folder / "name") == "text");
}

TEST_CASE("bytes may come in any order and pieces") {
    const TemporaryFolder folder;
    auto sink = FileSink::create(folder / "name");
    REQUIRE(sink);
    put(*sink, 4, "5678");
    put(*sink, 0, "1234");
    put(*sink, 8, "");
    put(*sink, 2, "xx");
    REQUIRE(sink->commit());
    CHECK(read_file(folder / "name") == "12xx5678");
}

TEST_CASE("a file without bytes is a file") {
    const TemporaryFolder folder;
    auto sink = FileSink::create(folder / "name");
    REQUIRE(sink);
    REQUIRE(sink->commit());
    CHECK(read_file(folder / "name").empty());
}

TEST_CASE("a sink that goes away uncommitted leaves nothing, and an older file as it was") {
    const TemporaryFolder folder;
    write_file(folder / "name", "older");
    {
        auto sink = FileSink::create(folder / "name");
        REQUIRE(sink);
        put(*sink, 0, "newer");
        CHECK(read_file(folder / "name") == "older");
    }
    CHECK(folder.names() == Names{"name"});
    CHECK(read_file(folder / "name") == "older");
}

TEST_CASE("a discarded sink leaves nothing, at once") {
    const TemporaryFolder folder;
    auto sink = FileSink::create(folder / "name");
    REQUIRE(sink);
    put(*sink, 0, "newer");
    sink->discard();
    CHECK(folder.names().empty());
    sink->discard();
    CHECK(folder.names().empty());
}

TEST_CASE("a commit replaces an older file, and who has that open goes on reading it") {
    const TemporaryFolder folder;
    write_file(folder / "name", "older");
    std::ifstream reader(folder / "name");
    auto sink = FileSink::create(folder / "name");
    REQUIRE(sink);
    put(*sink, 0, "newer");
    REQUIRE(sink->commit());
    CHECK(read_file(folder / "name") == "newer");
    std::string line;
    std::getline(reader, line);
    CHECK(line == "older");
    CHECK(folder.names() == Names{"name"});
}

TEST_CASE("after the commit the destructor removes nothing") {
    const TemporaryFolder folder;
    {
        auto sink = FileSink::create(folder / "name");
        REQUIRE(sink);
        put(*sink, 0, "text");
        REQUIRE(sink->commit());
        sink->discard();
    }
    CHECK(read_file(folder / "name") == "text");
}

TEST_CASE("what is set aside gets the suffix, replaces an older one and spares the target") {
    const TemporaryFolder folder;
    write_file(folder / "name", "good");
    write_file(folder / "name.corrupted", "older");
    {
        auto sink = FileSink::create(folder / "name");
        REQUIRE(sink);
        put(*sink, 0, "bad");
        REQUIRE(sink->commit_as(".corrupted"));
    }
    CHECK(folder.names() == Names{"name", "name.corrupted"});
    CHECK(read_file(folder / "name") == "good");
    CHECK(read_file(folder / "name.corrupted") == "bad");
}

TEST_CASE("a sink that is moved is the same file in the making") {
    const TemporaryFolder folder;
    {
        auto first = FileSink::create(folder / "name");
        REQUIRE(first);
        put(*first, 0, "te");
        FileSink second = std::move(*first);
        put(second, 2, "xt");
        auto third = FileSink::create(folder / "other");
        REQUIRE(third);
        *third = std::move(second);
        REQUIRE(third->commit());
        CHECK(read_file(folder / "name") == "text");
    }
    CHECK(folder.names() == Names{"name"});
}

TEST_CASE("two sinks of one target do not meet, and the last commit counts") {
    const TemporaryFolder folder;
    auto first = FileSink::create(folder / "name");
    auto second = FileSink::create(folder / "name");
    REQUIRE(first);
    REQUIRE(second);
    put(*first, 0, "first");
    put(*second, 0, "second");
    REQUIRE(second->commit());
    REQUIRE(first->commit());
    CHECK(read_file(folder / "name") == "first");
    CHECK(folder.names() == Names{"name"});
}

TEST_CASE("a symbolic link stands for what it points to, relative, absolute or through another") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "inner");
    write_file(folder / "inner/file", "older");
    std::filesystem::create_symlink("inner/file", folder / "relative");
    std::filesystem::create_symlink(folder / "inner/file", folder / "absolute");
    std::filesystem::create_symlink("relative", folder / "chain");
    for (const char* link : {"relative", "absolute", "chain"}) {
        INFO(link);
        auto sink = FileSink::create(folder / link);
        REQUIRE(sink);
        CHECK(sink->name() == (folder / "inner/file").string());
        put(*sink, 0, link);
        REQUIRE(sink->commit());
        CHECK(std::filesystem::is_symlink(folder / link));
        CHECK(read_file(folder / "inner/file") == link);
    }
    CHECK(folder.names() == Names{"absolute", "chain", "inner", "relative"});
}

TEST_CASE("a symbolic link to what is not there yet makes it") {
    const TemporaryFolder folder;
    std::filesystem::create_symlink("new", folder / "link");
    auto sink = FileSink::create(folder / "link");
    REQUIRE(sink);
    put(*sink, 0, "text");
    REQUIRE(sink->commit());
    CHECK(std::filesystem::is_symlink(folder / "link"));
    CHECK(read_file(folder / "new") == "text");
}

TEST_CASE("links in a circle are refused") {
    const TemporaryFolder folder;
    std::filesystem::create_symlink("b", folder / "a");
    std::filesystem::create_symlink("a", folder / "b");
    check_refused(folder / "a");
    CHECK(folder.names() == Names{"a", "b"});
}

TEST_CASE("what exists and is no regular file is refused and left alone") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "folder");
    check_refused(folder / "folder");
    check_refused(folder.path());
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    check_refused(folder / "pipe");
    std::filesystem::create_symlink("folder", folder / "link");
    check_refused(folder / "link");
    check_refused("/dev/null");
    CHECK(folder.names() == Names{"folder", "link", "pipe"});
}

TEST_CASE("a name that is none, or in a folder that is not there, is refused") {
    const TemporaryFolder folder;
    check_refused("");
    check_refused(folder / ".");
    check_refused(folder / "..");
    check_refused(folder / "name/");
    check_refused(folder / "missing/name");
    write_file(folder / "file", "");
    check_refused(folder / "file/name");
    CHECK(folder.names() == Names{"file"});
}

TEST_CASE("names are used up to the longest that the file system has") {
    const TemporaryFolder folder;
    for (const std::size_t length :
         {std::size_t{200}, std::size_t{237}, std::size_t{238}, std::size_t{NAME_MAX}}) {
        const std::string name(length, 'n');
        auto sink = FileSink::create(folder / name);
        INFO("length " << length);
        REQUIRE(sink);
        put(*sink, 0, "text");
        REQUIRE(sink->commit());
        CHECK(read_file(folder / name) == "text");
    }
    CHECK(folder.names().size() == 4);
    check_refused(folder / std::string(NAME_MAX + 1, 'n'));
}

TEST_CASE("a name with no room for the suffix cannot be set aside, and nothing is left of it") {
    const TemporaryFolder folder;
    const std::string name(NAME_MAX, 'n');
    {
        auto sink = FileSink::create(folder / name);
        REQUIRE(sink);
        put(*sink, 0, "bad");
        const auto kept = sink->commit_as(".corrupted");
        REQUIRE(kept.has_error());
        CHECK(kept.error() == Errc::local_file);
    }
    CHECK(folder.names().empty());
}

TEST_CASE("a new file has the mode that the umask leaves") {
    const TemporaryFolder folder;
    const mode_t before = ::umask(027);
    auto sink = FileSink::create(folder / "name");
    ::umask(before);
    REQUIRE(sink);
    REQUIRE(sink->commit());
    struct stat status {};
    REQUIRE(::stat((folder / "name").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE(
    "a file that replaces another one has its permissions, but never runs with its owner's "
    "rights") {
    const TemporaryFolder folder;
    for (const mode_t mode : {0600U, 0640U, 0755U, 06711U}) {
        write_file(folder / "name", "older");
        REQUIRE(::chmod((folder / "name").c_str(), mode) == 0);
        auto sink = FileSink::create(folder / "name");
        REQUIRE(sink);
        REQUIRE(sink->commit());
        struct stat status {};
        REQUIRE(::stat((folder / "name").c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == (mode & 0777));
    }
}

TEST_CASE("a commit over what became a folder meanwhile fails and leaves nothing") {
    const TemporaryFolder folder;
    {
        auto sink = FileSink::create(folder / "name");
        REQUIRE(sink);
        put(*sink, 0, "text");
        std::filesystem::create_directory(folder / "name");
        const auto committed = sink->commit();
        REQUIRE(committed.has_error());
        CHECK(committed.error() == Errc::local_file);
    }
    CHECK(folder.names() == Names{"name"});
}

TEST_CASE("a target given without a folder is in the current one") {
    const TemporaryFolder folder;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    auto sink = FileSink::create("name");
    std::filesystem::current_path(before);
    REQUIRE(sink);
    put(*sink, 0, "text");
    REQUIRE(sink->commit());
    CHECK(read_file(folder / "name") == "text");
}

TEST_CASE("a name with a line end or bytes beyond UTF-8 is a name like any other") {
    const TemporaryFolder folder;
    for (const std::string name : {"a\nb", "\xff\xfe", "-", "a b'c\"d"}) {
        auto sink = FileSink::create(folder / name);
        REQUIRE(sink);
        REQUIRE(sink->commit());
        CHECK(std::filesystem::is_regular_file(folder / name));
    }
}
