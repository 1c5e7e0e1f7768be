#include "file/folder_watch.hpp"

#include <fcntl.h>
#include <poll.h>

#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

namespace fs = std::filesystem;

/// A folder, its watch, and what that has told.
struct Watched {
    Watched() { REQUIRE(watch); }

    /// What is told about each name when all is quiet, one letter for each kind of event.
    std::string told() {
        std::string all;
        state = watch->read([&](std::string_view name, const NameChange& change) {
            all += std::string(name) + ':';
            const auto add = [&](bool is, char letter) { all += is ? std::string(1, letter) : ""; };
            add(change.made, 'm');
            add(change.written, 'w');
            add(change.closed, 'c');
            add(change.arrived, 'a');
            add(change.departed, 'd');
            add(change.removed, 'r');
            add(change.touched, 't');
            all += ' ';
        });
        return all;
    }
    bool readable() const {
        pollfd waiting{watch->descriptor(), POLLIN, 0};
        return ::poll(&waiting, 1, 0) == 1;
    }

    TemporaryFolder above;
    fs::path at = [this] {
        fs::create_directory(above / "watched");
        return above / "watched";
    }();
    Result<FlatFolder> folder = FlatFolder::open(at);
    Result<FolderWatch> watch = FolderWatch::open(*folder);
    FolderWatch::State state = FolderWatch::State::there;
};

}  // namespace

TEST_CASE("a watch tells what happens to each name, in order") {
    Watched of;
    CHECK_FALSE(of.readable());
    CHECK(of.told().empty());
    write_file(of.at / "a", "123");
    CHECK(of.readable());
    CHECK(of.told() == "a:m a:w a:c ");
    CHECK_FALSE(of.readable());
    fs::rename(of.at / "a", of.at / "b");
    CHECK(of.told() == "a:d b:a ");
    fs::create_hard_link(of.at / "b", of.at / "c");
    CHECK(of.told() == "c:m ");
    fs::permissions(of.at / "c", fs::perms(0600));
    CHECK(of.told() == "c:t ");
    fs::remove(of.at / "c");
    CHECK(of.told() == "c:r ");
    fs::rename(of.at / "b", of.above / "b");
    fs::rename(of.above / "b", of.at / "\xff;\n");
    CHECK(of.told() == "b:d \xff;\n:a ");
    CHECK(of.state == FolderWatch::State::there);
}

TEST_CASE("what happens to folders, to netcopy's temporary files and next door is not told") {
    Watched of;
    fs::create_directory(of.at / "folder");
    write_file(of.at / "folder/file", "x");
    fs::rename(of.at / "folder", of.at / "other");
    write_file(of.at / ".a.netcopy-0123456789abcdef", "x");
    fs::rename(of.at / ".a.netcopy-0123456789abcdef", of.at / "a");
    write_file(of.above / "a", "x");
    fs::remove(of.above / "a");
    fs::create_directory(of.above / "b");
    fs::remove(of.above / "b");
    CHECK(of.told() == "a:a ");
    CHECK(of.state == FolderWatch::State::there);
}

TEST_CASE("a folder that is removed, or moved, is gone") {
    for (const bool moved : {false, true}) {
        INFO(moved);
        Watched of;
        if (moved) {
            fs::rename(of.at, of.above / "other");
        } else {
            fs::remove(of.at);
        }
        CHECK(of.readable());
        CHECK(of.told().empty());
        CHECK(of.state == FolderWatch::State::gone);
    }
}

TEST_CASE("more events than the kernel keeps are told to be lost, once") {
    Watched of;
    std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
    int most = 0;
    REQUIRE(limit >> most);
    REQUIRE(most < 1'000'000);
    write_file(of.at / "a", "");
    write_file(of.at / "b", "");
    for (int i = 0; i <= most / 2; ++i) {
        fs::permissions(of.at / "a", fs::perms(0600));
        fs::permissions(of.at / "b", fs::perms(0600));
    }
    of.told();
    CHECK(of.state == FolderWatch::State::lost);
    write_file(of.at / "c", "");
    CHECK(of.told() == "c:m c:c ");
    CHECK(of.state == FolderWatch::State::there);
}
