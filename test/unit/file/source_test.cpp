#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "file/source.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

std::string read_text(FileSource& source, std::uint64_t offset, std::size_t size) {
    std::vector<std::byte> buffer(size);
    const auto got = source.read_at(offset, buffer);
    REQUIRE(got);
    return std::string(as_text(Bytes(buffer).first(*got)));
}

/// A pipe whose reading end FileSource opens as /dev/fd/N.
struct Pipe {
    Pipe() { REQUIRE(::pipe(ends.data()) == 0); }
    ~Pipe() {
        for (const int end : ends) {
            if (end >= 0) ::close(end);
        }
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    std::string path() const { return "/dev/fd/" + std::to_string(ends[0]); }
    void put(std::string_view text) {
        REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void end() { ::close(std::exchange(ends[1], -1)); }

    std::array<int, 2> ends{-1, -1};
};

}  // namespace

// That an unreadable file is refused cannot be shown as root, who may read all;
// test/e2e/test_send_failures.py and the open() of a missing file cover the path.

TEST_CASE("a source has the size and the bytes of its file") {
    const TemporaryFolder folder;
    write_file(folder / "a", "0123456789");
    auto source = FileSource::open(folder / "a");
    REQUIRE(source);
    CHECK(source->size() == 10U);
    CHECK(source->name() == (folder / "a").string());
    CHECK(read_text(*source, 0, 4) == "0123");
    CHECK(read_text(*source, 4, 4) == "4567");
    CHECK(read_text(*source, 8, 4) == "89");
    CHECK(read_text(*source, 10, 4).empty());
    CHECK(read_text(*source, 100, 4).empty());
    CHECK(source->unchanged());
}

TEST_CASE("a buffer is filled as far as the file goes") {
    const TemporaryFolder folder;
    const std::string content(300'000, 'x');
    write_file(folder / "a", content);
    auto source = FileSource::open(folder / "a");
    REQUIRE(source);
    CHECK(read_text(*source, 0, 1 << 20) == content);
}

TEST_CASE("an empty file is a source too") {
    const TemporaryFolder folder;
    write_file(folder / "a", "");
    auto source = FileSource::open(folder / "a");
    REQUIRE(source);
    CHECK(source->size() == 0U);
    CHECK(read_text(*source, 0, 10).empty());
    CHECK(source->unchanged());
}

TEST_CASE("what is missing or a folder cannot be sent") {
    const TemporaryFolder folder;
    for (const auto& path : {folder / "missing", folder.path(), folder / "missing/file"}) {
        const auto source = FileSource::open(path);
        REQUIRE(source.has_error());
        CHECK(source.error() == Errc::local_file);
        CHECK(source.error().context.find(path.string()) != std::string::npos);
    }
}

TEST_CASE("a symbolic link is read through, and one that leads nowhere is not") {
    const TemporaryFolder folder;
    write_file(folder / "a", "text");
    std::filesystem::create_symlink("a", folder / "link");
    auto source = FileSource::open(folder / "link");
    REQUIRE(source);
    CHECK(read_text(*source, 0, 10) == "text");
    std::filesystem::create_symlink("nowhere", folder / "dangling");
    CHECK(FileSource::open(folder / "dangling").has_error());
}

TEST_CASE("a file that is appended to has changed") {
    const TemporaryFolder folder;
    write_file(folder / "a", "text");
    const auto source = FileSource::open(folder / "a");
    REQUIRE(source);
    std::ofstream(folder / "a", std::ios::app) << "more";
    const auto unchanged = source->unchanged();
    REQUIRE(unchanged.has_error());
    CHECK(unchanged.error() == Errc::local_file);
    CHECK(unchanged.error().context.find("changed") != std::string::npos);
}

TEST_CASE("a file that is truncated has changed") {
    const TemporaryFolder folder;
    write_file(folder / "a", "text");
    const auto source = FileSource::open(folder / "a");
    REQUIRE(source);
    std::filesystem::resize_file(folder / "a", 2);
    CHECK(source->unchanged().has_error());
}

TEST_CASE("a file whose time of last change moves has changed, by a nanosecond or to the past") {
    const TemporaryFolder folder;
    write_file(folder / "a", "text");
    const auto source = FileSource::open(folder / "a");
    REQUIRE(source);
    struct stat status {};
    REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
    const timespec was = status.st_mtim;
    const auto touch = [&](timespec time) {
        const timespec both[] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, (folder / "a").c_str(), both, 0) == 0);
    };
    touch({was.tv_sec, was.tv_nsec == 0 ? 1 : was.tv_nsec - 1});
    CHECK(source->unchanged().has_error());
    touch({was.tv_sec - 3600, was.tv_nsec});
    CHECK(source->unchanged().has_error());
    touch(was);
    CHECK(source->unchanged());
}

TEST_CASE("a file replaced by another stays the one that was opened") {
    const TemporaryFolder folder;
    write_file(folder / "a", "text");
    auto source = FileSource::open(folder / "a");
    REQUIRE(source);
    write_file(folder / "b", "another");
    std::filesystem::rename(folder / "b", folder / "a");
    CHECK(read_text(*source, 0, 10) == "text");
    CHECK(source->unchanged());
}

TEST_CASE("a pipe has no size, gives what comes next, and never counts as changed") {
    Pipe pipe;
    auto source = FileSource::open(pipe.path());
    REQUIRE(source);
    CHECK_FALSE(source->size());
    pipe.put("abc");
    CHECK(read_text(*source, 0, 100) == "abc");  // a short count is not the end yet
    pipe.put("defgh");
    CHECK(read_text(*source, 3, 4) == "defg");
    CHECK(read_text(*source, 7, 4) == "h");
    pipe.end();
    CHECK(read_text(*source, 8, 4).empty());
    CHECK(source->unchanged());
}

TEST_CASE("a file is always ready, a pipe when it has bytes or has ended") {
    const TemporaryFolder folder;
    write_file(folder / "a", "");
    const auto file = FileSource::open(folder / "a");
    REQUIRE(file);
    CHECK(file->ready());

    Pipe pipe;
    auto source = FileSource::open(pipe.path());
    REQUIRE(source);
    CHECK_FALSE(source->ready());
    pipe.put("abc");
    CHECK(source->ready());
    CHECK(read_text(*source, 0, 100) == "abc");
    CHECK_FALSE(source->ready());
    pipe.end();
    CHECK(source->ready());
    CHECK(read_text(*source, 3, 100).empty());
}

TEST_CASE("a dash is standard input") {
    Pipe pipe;
    pipe.put("typed");
    pipe.end();
    const int keep = ::dup(STDIN_FILENO);
    REQUIRE(::dup2(pipe.ends[0], STDIN_FILENO) == STDIN_FILENO);
    auto source = FileSource::open("-");
    if (keep >= 0) {
        ::dup2(keep, STDIN_FILENO);
        ::close(keep);
    } else {
        ::close(STDIN_FILENO);
    }
    REQUIRE(source);
    CHECK(source->name() == "standard input");
    CHECK_FALSE(source->size());
    CHECK(read_text(*source, 0, 100) == "typed");
}

TEST_CASE("standard input that is a file has its size and its changes") {
    const TemporaryFolder folder;
    write_file(folder / "a", "text");
    const int file = ::open((folder / "a").c_str(), O_RDONLY | O_CLOEXEC);
    const int keep = ::dup(STDIN_FILENO);
    REQUIRE(::dup2(file, STDIN_FILENO) == STDIN_FILENO);
    ::close(file);
    auto source = FileSource::open("-");
    if (keep >= 0) {
        ::dup2(keep, STDIN_FILENO);
        ::close(keep);
    } else {
        ::close(STDIN_FILENO);
    }
    REQUIRE(source);
    CHECK(source->size() == 4U);
    CHECK(read_text(*source, 0, 10) == "text");
    std::filesystem::resize_file(folder / "a", 2);
    CHECK(source->unchanged().has_error());
}
