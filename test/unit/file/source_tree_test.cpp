// What the sender of a tree needs of a source: no links, holes, status and identity.

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/source.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;
namespace fs = std::filesystem;

TEST_CASE("a file of a tree is opened, unless its last component is a link or no file") {
    const TemporaryFolder folder;
    write_file(folder / "file", "text");
    fs::create_symlink("file", folder / "link");
    fs::create_directory(folder / "folder");
    fs::create_directory_symlink("folder", folder / "way");
    write_file(folder / "folder/below", "text");
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    REQUIRE(FileSource::open_no_follow(folder / "file"));
    REQUIRE(FileSource::open_no_follow(folder / "way/below"));
    for (const char* name : {"link", "folder", "pipe", "missing", "way"}) {
        const auto source = FileSource::open_no_follow(folder / name);
        INFO(name);
        REQUIRE(source.has_error());
        CHECK(source.error() == Errc::local_file);
        CHECK(source.error().context.find(name) != std::string::npos);
    }
    const auto link = FileSource::open_no_follow(folder / "link");
    CHECK(link.error().context.find("symbolic link") != std::string::npos);
}

TEST_CASE("a file of a tree may be called like standard input") {
    const TemporaryFolder folder;
    write_file(folder / "-", "text");
    const auto before = fs::current_path();
    fs::current_path(folder.path());
    const auto source = FileSource::open_no_follow("-");
    fs::current_path(before);
    REQUIRE(source);
    CHECK(source->size() == 4U);
}

TEST_CASE("a source tells its status and who it is") {
    const TemporaryFolder folder;
    fs::create_directory(folder / "folder");
    write_file(folder / "file", "text");
    REQUIRE(::chmod((folder / "file").c_str(), 0604) == 0);
    const timespec times[] = {{0, UTIME_OMIT}, {1'700'000'000, 123'456'789}};
    REQUIRE(::utimensat(AT_FDCWD, (folder / "file").c_str(), times, 0) == 0);
    const auto source = FileSource::open(folder / "folder/../file");
    REQUIRE(source);
    CHECK(source->status().kind == FileStatus::Kind::regular);
    CHECK(source->status().size == 4);
    CHECK(source->status().mode == 0604);
    CHECK(source->status().mtime == FileTime{1'700'000'000, 123'456'789});
    CHECK_FALSE(source->status().sparse);

    struct stat status {};
    REQUIRE(::stat((folder / "file").c_str(), &status) == 0);
    const auto identity = source->identity();
    REQUIRE(identity);
    CHECK(identity->path == fs::canonical(folder / "file").string());
    CHECK(identity->device == status.st_dev);
    CHECK(identity->inode == status.st_ino);
    CHECK(identity->size == 4);
    CHECK(identity->mtime == source->status().mtime);
    CHECK_FALSE(FileSource::open("/dev/null")->identity());
}

TEST_CASE("a source tells data from holes") {
    constexpr std::uint64_t mebi = 1 << 20;
    const TemporaryFolder folder;
    {
        const Descriptor file(::open((folder / "sparse").c_str(), O_WRONLY | O_CREAT, 0600));
        const std::string data(mebi, 'x');
        REQUIRE(::pwrite(file.get(), data.data(), data.size(), 4 * mebi) == mebi);
        REQUIRE(::pwrite(file.get(), data.data(), data.size(), 10 * mebi) == mebi);
        REQUIRE(::ftruncate(file.get(), 16 * mebi) == 0);
    }
    const auto source = FileSource::open(folder / "sparse");
    REQUIRE(source);
    if (!source->status().sparse) {
        WARN("the file system of " << folder.path() << " has no holes: nothing to see here");
        return;
    }
    const auto check = [&](std::uint64_t from, std::uint64_t begin, std::uint64_t end) {
        const auto extent = source->data_from(from);
        INFO("from " << from);
        REQUIRE(extent);
        CHECK(extent->begin == begin);
        CHECK(extent->end == end);
    };
    check(0, 4 * mebi, 5 * mebi);
    check(4 * mebi, 4 * mebi, 5 * mebi);
    check(5 * mebi - 4096, 5 * mebi - 4096, 5 * mebi);
    check(5 * mebi, 10 * mebi, 11 * mebi);
    check(11 * mebi, 16 * mebi, 16 * mebi);
    check(16 * mebi, 16 * mebi, 16 * mebi);
    check(99 * mebi, 16 * mebi, 16 * mebi);
}

TEST_CASE("a file without holes is all data, an empty one has none, and a pipe does not end") {
    const TemporaryFolder folder;
    write_file(folder / "full", std::string(100'000, 'x'));
    write_file(folder / "empty", "");
    const auto full = FileSource::open(folder / "full");
    CHECK(full->data_from(0)->begin == 0);
    CHECK(full->data_from(0)->end == 100'000);
    CHECK(full->data_from(99'999)->begin == 99'999);
    const auto empty = FileSource::open(folder / "empty");
    CHECK(empty->data_from(0)->begin == 0);
    CHECK(empty->data_from(0)->end == 0);
    const auto pipe = FileSource::open("/dev/zero");
    CHECK(pipe->data_from(5)->begin == 5);
    CHECK(pipe->data_from(5)->end > 1'000'000);
}

TEST_CASE("a file that grew is data up to the size that it had") {
    const TemporaryFolder folder;
    write_file(folder / "file", std::string(10'000, 'x'));
    const auto source = FileSource::open(folder / "file");
    std::ofstream(folder / "file", std::ios::app) << std::string(100'000, 'y');
    CHECK(source->data_from(0)->end == 10'000);
    CHECK(source->data_from(10'000)->begin == 10'000);
}
