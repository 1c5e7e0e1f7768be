#include "file/flat_folder.hpp"

#include <sys/stat.h>

#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace fs = std::filesystem;

TEST_CASE("a flat folder has the regular files directly in it, and nothing else") {
    TemporaryFolder at;
    write_file(at / "a", "12345");
    write_file(at / ".hidden \xff", "");
    write_file(at / ".a.netcopy-0123456789abcdef", "x");
    fs::create_directory(at / "folder");
    fs::create_symlink("a", at / "link");
    const auto folder = FlatFolder::open(at.path());
    REQUIRE(folder);
    std::vector<std::string> names;
    REQUIRE(folder->names([&](const char* name) { names.emplace_back(name); }));
    std::ranges::sort(names);
    CHECK(names == std::vector<std::string>{".hidden \xff", "a"});
    for (const char* name : {"folder", "link", "missing", "", ".a.netcopy-0123456789abcdef"}) {
        INFO(name);
        CHECK_FALSE(folder->look(name));
    }
    const auto file = folder->look("a");
    REQUIRE(file);
    struct stat status {};
    REQUIRE(::stat((at / "a").c_str(), &status) == 0);
    CHECK(file->status.kind == FileStatus::Kind::regular);
    CHECK(file->status.size == 5);
    CHECK(file->status.mode == (status.st_mode & 07777));
    CHECK(file->status.mtime == make_status(status).mtime);
    CHECK(file->inode == status.st_ino);
    CHECK(file->device == status.st_dev);
    CHECK(folder->device() == status.st_dev);
    CHECK(file->links == 1);
}

TEST_CASE("a file stays itself under another name, and one of the same name is another") {
    TemporaryFolder at;
    write_file(at / "a", "12345");
    const auto folder = FlatFolder::open(at.path());
    REQUIRE(folder);
    const auto before = folder->look("a");
    fs::rename(at / "a", at / "b");
    fs::permissions(at / "b", fs::perms(0600));
    const auto renamed = folder->look("b");
    REQUIRE((before && renamed));
    CHECK(before->same_content(*renamed));
    fs::last_write_time(at / "b", fs::file_time_type::clock::now() - std::chrono::hours(1));
    const auto touched = folder->look("b");
    CHECK(before->same_file(*touched));
    CHECK_FALSE(before->same_content(*touched));
    write_file(at / "a", "12345");
    CHECK_FALSE(before->same_file(*folder->look("a")));
}

TEST_CASE("a file is read as it is when it is opened, whatever the folder's path leads to") {
    TemporaryFolder at;
    fs::create_directory(at / "folder");
    write_file(at / "folder/a", "12345");
    fs::create_symlink("a", at / "folder/link");
    const auto folder = FlatFolder::open(at / "folder");
    REQUIRE(folder);
    fs::rename(at / "folder", at / "moved");
    auto opened = folder->read("a");
    REQUIRE(opened);
    std::array<std::byte, 10> bytes{};
    const auto got = opened->source.read_at(0, bytes);
    REQUIRE(got);
    CHECK(as_text(Bytes(bytes).first(*got)) == "12345");
    CHECK(opened->file.same_content(*folder->look("a")));
    for (const char* name : {"link", "missing"}) {
        const auto none = folder->read(name);
        REQUIRE_FALSE(none);
        CHECK(none.error() == Errc::local_file);
        CHECK(none.error().context.find(std::string("folder/") + name) != std::string::npos);
    }
}

TEST_CASE("a private folder is made for nobody else, and is no link") {
    TemporaryFolder at;
    TemporaryFolder elsewhere;
    const auto folder = FlatFolder::open(at.path());
    REQUIRE(folder);
    REQUIRE(folder->make_private("own"));
    REQUIRE(folder->make_private("own"));
    struct stat status {};
    REQUIRE(::stat((at / "own").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    fs::create_symlink(elsewhere.path(), at / "link");
    write_file(at / "file", "");
    for (const char* name : {"link", "file"}) {
        const auto made = folder->make_private(name);
        REQUIRE_FALSE(made);
        CHECK(made.error().context.find(name) != std::string::npos);
    }
}

TEST_CASE("what is no folder cannot be opened as one") {
    TemporaryFolder at;
    write_file(at / "file", "");
    for (const char* name : {"file", "missing"}) {
        const auto folder = FlatFolder::open(at / name);
        REQUIRE_FALSE(folder);
        CHECK(folder.error() == Errc::local_file);
    }
}
