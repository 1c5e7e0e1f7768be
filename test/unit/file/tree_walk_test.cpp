// That an unreadable folder is `failed` cannot be shown as root, who may read all; a folder that
// goes while it is walked takes the same path.

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "file/source.hpp"
#include "file/tree_walk.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;
namespace fs = std::filesystem;
using Kind = WalkEntry::Kind;
using Names = std::vector<std::string>;

namespace {

std::vector<WalkEntry> walk(std::vector<fs::path> operands, const WalkOptions& options) {
    TreeWalk walking(std::move(operands), options);
    std::vector<WalkEntry> entries;
    while (auto entry = walking.next()) entries.push_back(std::move(*entry));
    CHECK_FALSE(walking.next());
    return entries;
}

WalkOptions recursive(std::vector<WalkRule> rules = {}) {
    WalkOptions options;
    options.recursive = true;
    options.rules = std::move(rules);
    return options;
}

Names names_of(const std::vector<WalkEntry>& entries, Kind kind) {
    Names names;
    for (const auto& entry : entries) {
        if (entry.kind == kind) names.push_back(entry.name);
    }
    std::ranges::sort(names);
    return names;
}

void make(const fs::path& path, std::string_view content = "text") {
    fs::create_directories(path.parent_path());
    write_file(path, content);
}

/// For what the current folder matters to.
struct CurrentFolder {
    explicit CurrentFolder(const fs::path& path) { fs::current_path(path); }
    ~CurrentFolder() { fs::current_path(before); }
    CurrentFolder(const CurrentFolder&) = delete;
    CurrentFolder& operator=(const CurrentFolder&) = delete;
    fs::path before = fs::current_path();
};

}  // namespace

TEST_CASE("a file is found by its last component, with its status") {
    const TemporaryFolder folder;
    make(folder / "a/b", "12345");
    REQUIRE(::chmod((folder / "a/b").c_str(), 0604) == 0);
    const auto entries = walk({folder / "a/b"}, {});
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].kind == Kind::file);
    CHECK(entries[0].name == "b");
    CHECK(entries[0].path == folder / "a/b");
    CHECK(entries[0].status.size == 5);
    CHECK(entries[0].status.mode == 0604);
    CHECK(entries[0].status.mtime.seconds > 1'600'000'000);
}

TEST_CASE("a folder without -r is no entry but a failure that says what to do") {
    const TemporaryFolder folder;
    make(folder / "a/b");
    const auto entries = walk({folder / "a"}, {});
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].kind == Kind::failed);
    CHECK(entries[0].error == Errc::usage);
    CHECK(entries[0].error.context.find("use -r") != std::string::npos);
}

TEST_CASE("all entries of a folder lie between its begin and its end") {
    const TemporaryFolder folder;
    for (const char* path : {"top/a", "top/one/b", "top/one/deep/c", "top/two/d", "top/two/e"}) {
        make(folder / path);
    }
    fs::create_directory(folder / "top/empty");
    const auto entries = walk({folder / "top"}, recursive());
    std::vector<std::string> open;
    for (const auto& entry : entries) {
        INFO(entry.name);
        if (entry.kind == Kind::folder_end) {
            REQUIRE(!open.empty());
            CHECK(open.back() == entry.name);
            open.pop_back();
            continue;
        }
        if (!open.empty()) CHECK(fs::path(entry.name).parent_path() == open.back());
        if (entry.kind == Kind::folder_begin) open.push_back(entry.name);
        CHECK(entry.path == folder / entry.name);
    }
    CHECK(open.empty());
    CHECK(names_of(entries, Kind::file) ==
          Names{"top/a", "top/one/b", "top/one/deep/c", "top/two/d", "top/two/e"});
    const Names folders{"top", "top/empty", "top/one", "top/one/deep", "top/two"};
    CHECK(names_of(entries, Kind::folder_begin) == folders);
    CHECK(names_of(entries, Kind::folder_end) == folders);
}

TEST_CASE("begin and end of a folder have its mode and time") {
    const TemporaryFolder folder;
    fs::create_directory(folder / "top");
    REQUIRE(::chmod((folder / "top").c_str(), 0711) == 0);
    const timespec times[] = {{0, UTIME_OMIT}, {1'600'000'000, 5}};
    REQUIRE(::utimensat(AT_FDCWD, (folder / "top").c_str(), times, 0) == 0);
    for (const auto& entry : walk({folder / "top"}, recursive())) {
        CHECK(entry.status.kind == FileStatus::Kind::folder);
        CHECK(entry.status.mode == 0711);
        CHECK(entry.status.mtime == FileTime{1'600'000'000, 5});
    }
}

TEST_CASE("an operand is called by its last component, and dots and the root by what is in them") {
    const TemporaryFolder folder;
    make(folder / "a/b/c");
    const Names named{"b/c"};
    const Names bare{"c"};
    for (const std::string operand : {"a/b", "a/b/", "a/b//", "./a/b", "a//b", "a/b/../b"}) {
        const CurrentFolder here(folder.path());
        INFO(operand);
        CHECK(names_of(walk({operand}, recursive()), Kind::file) == named);
    }
    for (const std::string operand : {"a/b/.", "a/b/./", "a/b/c/..", "a/b/../b/."}) {
        INFO(operand);
        if (operand == "a/b/c/..") fs::create_directory(folder / "a/b/d");
        const CurrentFolder here(folder.path());
        const std::string usable = operand == "a/b/c/.." ? "a/b/d/.." : operand;
        const auto entries = walk({usable}, recursive());
        CHECK(names_of(entries, Kind::file) == bare);
        CHECK(entries.front().kind == Kind::folder_begin);
        CHECK(entries.front().name.empty());
        for (const auto& entry : entries) CHECK(fs::exists(entry.path));
    }
    const CurrentFolder here(folder / "a/b");
    CHECK(names_of(walk({"."}, recursive()), Kind::file) == bare);
    CHECK(names_of(walk({".."}, recursive()), Kind::file) == named);
    TreeWalk top({"/"}, recursive());
    CHECK(top.next()->name.empty());
    const auto first = top.next();
    REQUIRE(first);
    CHECK(first->path == "/" + first->name);
}

TEST_CASE("several operands come one after the other, and a missing one fails alone") {
    const TemporaryFolder folder;
    make(folder / "a");
    make(folder / "b/c");
    const auto entries =
        walk({folder / "a", folder / "missing", folder / "b", folder / "a"}, recursive());
    CHECK(names_of(entries, Kind::file) == Names{"a", "a", "b/c"});
    REQUIRE(names_of(entries, Kind::failed) == Names{"missing"});
    CHECK(entries[1].error == Errc::local_file);
    CHECK(entries[1].error.context.find("missing") != std::string::npos);
}

TEST_CASE("names of any bytes come as they are") {
    const TemporaryFolder folder;
    const Names odd{"top/\xff\xfe", "top/a\nb", "top/-", "top/ ", "top/..."};
    for (const std::string& name : odd) make(folder / name);
    Names sorted = odd;
    std::ranges::sort(sorted);
    CHECK(names_of(walk({folder / "top"}, recursive()), Kind::file) == sorted);
}

TEST_CASE("links are left out and named, or entries of their own, and never followed") {
    const TemporaryFolder folder;
    make(folder / "top/file");
    make(folder / "other/below");
    fs::create_symlink("file", folder / "top/link");
    fs::create_directory_symlink(folder / "other", folder / "top/way");
    fs::create_directory_symlink("..", folder / "top/circle");
    fs::create_symlink("nowhere", folder / "top/dangling");
    const Names links{"top/circle", "top/dangling", "top/link", "top/way"};
    const auto without = walk({folder / "top"}, recursive());
    CHECK(names_of(without, Kind::left_out) == links);
    CHECK(names_of(without, Kind::file) == Names{"top/file"});
    for (const auto& entry : without) {
        if (entry.kind != Kind::left_out) continue;
        CHECK(entry.error.context.find("symbolic link") != std::string::npos);
    }
    WalkOptions options = recursive();
    options.links = true;
    const auto with = walk({folder / "top"}, options);
    CHECK(names_of(with, Kind::link) == links);
    std::map<std::string, std::string> targets;
    for (const auto& entry : with) {
        if (entry.kind == Kind::link) targets[entry.name] = entry.target;
    }
    CHECK(targets["top/link"] == "file");
    CHECK(targets["top/dangling"] == "nowhere");
    CHECK(targets["top/way"] == (folder / "other").string());
}

TEST_CASE("an operand that is a link is followed, or with --links an entry") {
    const TemporaryFolder folder;
    make(folder / "other/below");
    fs::create_directory_symlink("other", folder / "way");
    fs::create_symlink("other/below", folder / "link");
    const auto followed = walk({folder / "way", folder / "link"}, recursive());
    CHECK(names_of(followed, Kind::file) == Names{"link", "way/below"});
    for (const auto& entry : followed) {
        if (entry.kind != Kind::file) continue;
        CHECK(FileSource::open_no_follow(entry.path));
    }
    WalkOptions options = recursive();
    options.links = true;
    CHECK(names_of(walk({folder / "way", folder / "link"}, options), Kind::link) ==
          Names{"link", "way"});
}

TEST_CASE("pipes and devices are left out of a folder, and fail when they are asked for") {
    const TemporaryFolder folder;
    fs::create_directory(folder / "top");
    REQUIRE(::mkfifo((folder / "top/pipe").c_str(), 0600) == 0);
    CHECK(names_of(walk({folder / "top"}, recursive()), Kind::left_out) == Names{"top/pipe"});
    CHECK(names_of(walk({folder / "top/pipe"}, recursive()), Kind::failed) == Names{"pipe"});
    CHECK(names_of(walk({"/dev/null"}, {}), Kind::failed) == Names{"null"});
}

TEST_CASE("netcopy's own temporary files are passed over") {
    const TemporaryFolder folder;
    make(folder / "top/file");
    make(folder / "top/.file.netcopy-0123456789abcdef");
    make(folder / "top/.file.netcopy-0123456789abcdef.journal");
    make(folder / "top/.file.netcopy-0123");
    const auto entries = walk({folder / "top"}, recursive());
    CHECK(names_of(entries, Kind::file) == Names{"top/.file.netcopy-0123", "top/file"});
    CHECK(names_of(entries, Kind::left_out).empty());
}

TEST_CASE("the first rule that matches decides, and a folder that is out takes all below with it") {
    const TemporaryFolder folder;
    for (const char* path : {"top/a.c", "top/a.o", "top/build/b.c", "top/src/keep.o", "top/src/c.o",
                             "top/src/build/d.c"}) {
        make(folder / path);
    }
    const auto files = [&](std::vector<WalkRule> rules) {
        return names_of(walk({folder / "top"}, recursive(std::move(rules))), Kind::file);
    };
    CHECK(files({{true, "keep.o"}, {false, "*.o"}}) ==
          Names{"top/a.c", "top/build/b.c", "top/src/build/d.c", "top/src/keep.o"});
    CHECK(files({{false, "*.o"}, {true, "keep.o"}}) ==
          Names{"top/a.c", "top/build/b.c", "top/src/build/d.c"});
    CHECK(files({{false, "build/"}}) ==
          Names{"top/a.c", "top/a.o", "top/src/c.o", "top/src/keep.o"});
    CHECK(files({{false, "/build"}, {false, "*.o"}}) == Names{"top/a.c", "top/src/build/d.c"});
    CHECK(files({{true, "*.c"}, {true, "*/"}, {false, "*"}}) ==
          Names{"top/a.c", "top/build/b.c", "top/src/build/d.c"});
    CHECK(files({{true, "b.c"}, {false, "build"}}) ==
          Names{"top/a.c", "top/a.o", "top/src/c.o", "top/src/keep.o"});
    const auto operands =
        walk({folder / "top/a.c", folder / "top/a.o"}, recursive({{false, "*.o"}}));
    CHECK(names_of(operands, Kind::file) == Names{"a.c"});
}

TEST_CASE("a file that goes between being found and being looked at is a failure") {
    const TemporaryFolder folder;
    for (int i = 0; i < 3; ++i) make(folder / ("top/" + std::to_string(i)));
    TreeWalk walking({folder / "top"}, recursive());
    REQUIRE(walking.next()->kind == Kind::folder_begin);
    REQUIRE(walking.next()->kind == Kind::file);  // the other entries have been read with it
    for (int i = 0; i < 3; ++i) fs::remove(folder / ("top/" + std::to_string(i)));
    const auto gone = walking.next();
    REQUIRE(gone);
    CHECK(gone->kind == Kind::failed);
    CHECK(gone->error == Errc::local_file);
    CHECK(walking.next()->kind == Kind::failed);
    CHECK(walking.next()->kind == Kind::folder_end);
    CHECK_FALSE(walking.next());
}

TEST_CASE("a folder that goes meanwhile is a failure, and the walk goes on") {
    const TemporaryFolder folder;
    make(folder / "first/file");
    make(folder / "first/sub/below");
    make(folder / "second/file");
    TreeWalk walking({folder / "first", folder / "second"}, recursive());
    REQUIRE(walking.next()->kind == Kind::folder_begin);
    const auto first = walking.next();  // now all entries of `first` have been read
    REQUIRE(first);
    if (first->kind == Kind::file) {
        fs::remove_all(folder / "first/sub");
        const auto gone = walking.next();
        REQUIRE(gone);
        CHECK(gone->kind == Kind::failed);
        CHECK(gone->name == "first/sub");
    } else {
        fs::remove_all(folder / "first");
        while (walking.next()->name != "first/file") continue;
    }
    Names rest;
    while (auto entry = walking.next()) {
        if (entry->kind == Kind::file) rest.push_back(entry->name);
    }
    CHECK(rest == Names{"second/file"});
}
