#include <catch2/catch.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/descriptor.hpp"
#include "file/tree.hpp"
#include "file/tree_walk.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;
namespace fs = std::filesystem;
using Kind = WalkEntry::Kind;

namespace {

constexpr int depth = 3000;

/// A folder in a folder in a folder..., two files in each. Neither its path nor its descriptors
/// fit: made and removed from one to the next. In memory where that can be: a disk needs half a
/// minute.
struct DeepTree {
    TemporaryFolder folder{::access("/dev/shm", W_OK) == 0 ? "/dev/shm"
                                                           : fs::temp_directory_path()};

    DeepTree() {
        Descriptor at(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        for (int level = 0; level < depth; ++level) {
            REQUIRE(::mkdirat(at.get(), "dd", 0755) == 0);
            at = Descriptor(::openat(at.get(), "dd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            REQUIRE(at);
            for (const char* name : {"a", "z"}) {
                const Descriptor file(::openat(at.get(), name, O_WRONLY | O_CREAT, 0600));
                REQUIRE(::write(file.get(), "12345", 5) == 5);
            }
        }
        bottom = std::move(at);
    }
    ~DeepTree() {
        for (int level = 0; level < depth; ++level) {
            for (const char* name : {"a", "z"}) ::unlinkat(bottom.get(), name, 0);
            Descriptor above(::openat(bottom.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            ::unlinkat(above.get(), "dd", AT_REMOVEDIR);
            bottom = std::move(above);
        }
    }
    DeepTree(const DeepTree&) = delete;
    DeepTree& operator=(const DeepTree&) = delete;

    Descriptor bottom;
};

/// At most so many more files can be opened while it lives.
struct FewDescriptors {
    explicit FewDescriptors(rlim_t more) {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        const int next = ::dup(STDIN_FILENO);
        ::close(next);
        rlimit few = before;
        few.rlim_cur = static_cast<rlim_t>(next) + more;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

    rlimit before{};
};

WalkOptions recursive() {
    WalkOptions options;
    options.recursive = true;
    return options;
}

}  // namespace

TEST_CASE("a tree of 3000 folders, one in the other, is walked with less than 100 descriptors") {
    const DeepTree deep;
    const FewDescriptors few(80);
    TreeWalk walking({deep.folder / "dd"}, recursive());
    int files = 0;
    int begun = 0;
    int ended = 0;
    int others = 0;
    std::size_t longest = 0;
    while (const auto entry = walking.next()) {
        if (entry->kind == Kind::file) ++files;
        if (entry->kind == Kind::folder_begin) ++begun;
        if (entry->kind == Kind::folder_end) ++ended;
        if (entry->kind == Kind::failed || entry->kind == Kind::left_out) ++others;
        if (entry->kind == Kind::file) CHECK(entry->status.size == 5);
        longest = std::max(longest, entry->name.size());
    }
    CHECK(files == 2 * depth);
    CHECK(begun == depth);
    CHECK(ended == depth);
    CHECK(others == 0);
    CHECK(longest == 3 * depth + 1);
}

TEST_CASE("the space that a tree of 3000 folders uses is counted") {
    const DeepTree deep;
    const auto tree = Tree::open(deep.folder.path());
    REQUIRE(tree);
    const FewDescriptors few(80);
    CHECK(tree->used_space().value() == 2 * depth * 5);
}

TEST_CASE("a folder far down that is moved elsewhere does not lead the walk away") {
    const DeepTree deep;
    TreeWalk walking({deep.folder / "dd"}, recursive());
    int begun = 0;
    while (begun < 200) {
        const auto entry = walking.next();
        REQUIRE(entry);
        if (entry->kind == Kind::folder_begin) ++begun;
    }
    // The folder of level 101 goes to the top: its ".." is another one now.
    const std::string upper = (deep.folder / "dd").string();
    std::string path = upper;
    for (int level = 1; level <= 100; ++level) path += "/dd";
    REQUIRE(::rename(path.c_str(), (deep.folder / "moved").c_str()) == 0);
    int failed = 0;
    int ended = 0;
    while (const auto entry = walking.next()) {
        if (entry->kind == Kind::failed) ++failed;
        if (entry->kind == Kind::folder_begin) ++begun;
        if (entry->kind == Kind::folder_end) ++ended;
        CHECK(entry->name.starts_with("dd"));
    }
    CHECK(failed > 0);
    CHECK(begun == depth);
    CHECK(ended == depth);
    REQUIRE(::rename((deep.folder / "moved").c_str(), path.c_str()) == 0);
}
