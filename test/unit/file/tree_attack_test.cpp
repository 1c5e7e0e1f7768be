// Another process plants links and exchanges folders below the root while files come in: nothing is
// ever written, made or told outside of it.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit/file/tree_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
namespace fs = std::filesystem;

namespace {

std::string partial_name(TreeFixture& at, const std::string& path) {
    { const IncomingFile file = at.written(path, sample(resumable_size), plan_of(0)); }
    for (const auto& entry : fs::recursive_directory_iterator(at.root)) {
        const std::string name = entry.path().string();
        if (name.find(".netcopy-") != std::string::npos && !name.ends_with(".journal")) return name;
    }
    FAIL("there is no partial file");
    return {};
}

}  // namespace

TEST_CASE("a link at any place of a path leads nowhere") {
    TreeFixture at;
    write_file(at.outside / "victim", "victim");
    fs::create_directory(at.outside / "b");
    const auto victim_time = status_of(at.outside / "victim").st_mtim.tv_sec;
    fs::create_directory(at.root / "real");
    for (const fs::path& link : {at.root / "link", at.root / "real/link"}) {
        for (const fs::path& target :
             {at.outside, fs::path(".."), fs::path("../outside"), fs::path("../../outside"),
              fs::path("."), fs::path("/"), fs::path("/proc/self/cwd")}) {
            fs::remove(link);
            fs::create_directory_symlink(target, link);
            const std::string name = fs::relative(link.parent_path(), at.root) / "link";
            const std::string path = name.starts_with("./") ? name.substr(2) : name;
            INFO(path << " -> " << target);
            for (const std::string below : {"/victim", "/b/c", "/outside/victim"}) {
                check_error(at.tree.status(path + below), Errc::refused);
                check_error(at.tree.read(path + below), Errc::refused);
                check_error(at.tree.create(path + below, plan_of(0)), Errc::refused);
                check_error(at.tree.create(path + below, plan_of(resumable_size)), Errc::refused);
                check_error(at.tree.make_folder(path + below, 0700, some_time), Errc::refused);
                check_error(at.tree.make_link(path + below, "x", some_time, true), Errc::refused);
                check_error(at.tree.set_metadata(path + below, 0600, some_time), Errc::refused);
            }
            check_error(at.tree.make_folder(path, 0700, some_time), Errc::refused);
            CHECK(fs::is_symlink(link));
        }
    }
    CHECK(read_file(at.outside / "victim") == "victim");
    CHECK(status_of(at.outside / "victim").st_mtim.tv_sec == victim_time);
    CHECK(fs::is_empty(at.outside / "b"));
}

TEST_CASE("a link as the last component is told, not followed") {
    TreeFixture at;
    write_file(at.outside / "victim", "victim");
    REQUIRE(::chmod((at.outside / "victim").c_str(), 0644) == 0);
    fs::create_symlink(at.outside / "victim", at.root / "link");
    CHECK(at.tree.status("link").value()->kind == FileStatus::Kind::link);
    CHECK(at.tree.read("link").has_error());
    CHECK(at.tree.set_metadata("link", 0600, some_time).has_error());
    REQUIRE(at.put("link", "newer", Existing::replace));
    CHECK(read_file(at.outside / "victim") == "victim");
    CHECK((status_of(at.outside / "victim").st_mode & 07777) == 0644);
}

TEST_CASE("a folder that is exchanged for a link between two calls is not left through it") {
    TreeFixture at;
    REQUIRE(at.put("folder/sub/first", "text"));
    IncomingFile under_way = at.written("folder/sub/second", "text", plan_of(0));
    fs::rename(at.root / "folder", at.root / "elsewhere");
    fs::create_directory_symlink(at.outside, at.root / "folder");
    fs::create_directory(at.outside / "sub");
    check_error(at.commit(std::move(under_way)), Errc::refused);
    check_error(at.tree.create("folder/sub/third", plan_of(0)), Errc::refused);
    check_error(at.tree.make_folder("folder/new", 0755, some_time), Errc::refused);
    CHECK(fs::is_empty(at.outside / "sub"));
    CHECK(at.names("elsewhere/sub") == Names{"first"});
}

TEST_CASE("a link under a partial file's name, or its journal's, is not written through") {
    for (const std::string suffix : {"", ".journal"}) {
        for (const bool there : {true, false}) {
            TreeFixture at;
            const std::string planted = partial_name(at, "folder/name") + suffix;
            fs::remove(planted);
            if (there) write_file(at.outside / "victim", "victim");
            fs::create_symlink(at.outside / "victim", planted);
            const std::string content = sample(resumable_size + 5);
            REQUIRE(at.put("folder/name", content));
            CHECK((read_file(at.root / "folder/name") == content));
            CHECK(at.names("folder") == Names{"name"});
            CHECK(fs::exists(at.outside / "victim") == there);
            if (there) CHECK(read_file(at.outside / "victim") == "victim");
        }
    }
}

TEST_CASE("a second name of a file from outside under a partial file's name is not written to") {
    for (const std::string suffix : {"", ".journal"}) {
        TreeFixture at;
        const std::string planted = partial_name(at, "name") + suffix;
        fs::remove(planted);
        write_file(at.outside / "victim", "victim");
        fs::create_hard_link(at.outside / "victim", planted);
        REQUIRE(at.put("name", sample(resumable_size)));
        CHECK(read_file(at.outside / "victim") == "victim");
        CHECK(at.names() == Names{"name"});
    }
}

TEST_CASE("a pipe under a partial file's name does not hold us up") {
    TreeFixture at;
    const std::string planted = partial_name(at, "name");
    fs::remove(planted);
    REQUIRE(::mkfifo(planted.c_str(), 0600) == 0);
    REQUIRE(at.put("name", sample(resumable_size)));
    CHECK(at.names() == Names{"name"});
}

TEST_CASE("a folder under a partial file's name is in the way, and stays") {
    TreeFixture at;
    const std::string planted = partial_name(at, "name");
    fs::remove(planted);
    fs::create_directory(planted);
    check_error(at.tree.create("name", plan_of(resumable_size)), Errc::local_file, "name");
    CHECK(fs::is_directory(planted));
}

TEST_CASE("a partial file that is removed or exchanged while it is written never gets the name") {
    TreeFixture at;
    const std::string content = sample(resumable_size);
    IncomingFile file = at.written("name", content, plan_of(0));
    for (const std::string& name : at.names()) fs::remove(at.root / name);
    CHECK(at.commit(std::move(file)).has_error());
    CHECK(at.names().empty());
}

TEST_CASE("peers' control bytes do not come through in any error") {
    TreeFixture at;
    fs::create_symlink("x", at.root / "a\x1b[2J");
    for (const Error& error :
         {at.tree.create("a\x1b[2J/b\n", plan_of(0)).error(), at.tree.read("c\x1b\n").error(),
          at.tree.make_link("a\x1b[2J", "y", some_time, false).error(),
          at.put("a\x1b[2J", "text").error()}) {
        INFO(error.context);
        for (const char c : error.context) CHECK((c >= ' ' && c < '\x7f'));
    }
}
