#include "file/links.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test/unit/results.hpp"

using namespace netcopy;
namespace fs = std::filesystem;

namespace {

struct Folder {
    fs::path path;

    Folder() {
        std::string name = (fs::temp_directory_path() / "netcopy-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path), fs::directory_iterator()));
    }
};

}  // namespace

TEST_CASE("a link is made where nothing is") {
    const Folder folder;
    REQUIRE(make_link(folder.path, "netcopy_cli", "/opt/bin/netcopy"));
    CHECK(fs::read_symlink(folder.path / "netcopy_cli") == "/opt/bin/netcopy");
    CHECK(folder.entries() == 1);
}

TEST_CASE("a link to a program of that name anywhere is replaced") {
    const Folder folder;
    for (const char* old : {"/gone/netcopy", "netcopy", "../x/netcopy", "/opt/bin/netcopy"}) {
        CAPTURE(old);
        fs::remove(folder.path / "link");
        fs::create_symlink(old, folder.path / "link");
        REQUIRE(make_link(folder.path, "link", "/opt/bin/netcopy"));
        CHECK(fs::read_symlink(folder.path / "link") == "/opt/bin/netcopy");
        CHECK(folder.entries() == 1);
    }
}

TEST_CASE("what is no link of ours is refused and stays") {
    const Folder folder;
    SECTION("a file") {
        std::ofstream(folder.path / "link") << "mine";
        const auto made = make_link(folder.path, "link", "/opt/bin/netcopy");
        REQUIRE_FALSE(made);
        CHECK(made.error() == Errc::refused);
        CHECK(made.error().context == "cannot make the link '" + folder.path.string() +
                                          "/link': something else has this name; move it away");
        CHECK(fs::file_size(folder.path / "link") == 4);
    }
    SECTION("a link to something else") {
        fs::create_symlink("/bin/ls", folder.path / "link");
        const auto made = make_link(folder.path, "link", "/opt/bin/netcopy");
        REQUIRE_FALSE(made);
        CHECK(made.error() == Errc::refused);
        CHECK(fs::read_symlink(folder.path / "link") == "/bin/ls");
    }
    SECTION("a folder") {
        fs::create_directory(folder.path / "link");
        const auto made = make_link(folder.path, "link", "/opt/bin/netcopy");
        REQUIRE_FALSE(made);
        CHECK(made.error() == Errc::refused);
        CHECK(fs::is_directory(folder.path / "link"));
    }
    CHECK(folder.entries() == 1);
}

TEST_CASE("a folder that is not there is an error of the local file system") {
    const Folder folder;
    for (const std::string& dir : {(folder.path / "nowhere").string(), std::string("/dev/null")}) {
        CAPTURE(dir);
        const auto made = make_link(dir, "link", "/opt/bin/netcopy");
        REQUIRE_FALSE(made);
        CHECK(made.error() == Errc::local_file);
        const auto target = link_target(dir, "/opt/bin/netcopy");
        REQUIRE_FALSE(target);
        CHECK(target.error() == Errc::local_file);
    }
}

TEST_CASE("in the program's own folder a link says the bare name") {
    const Folder folder;
    const std::string program = folder.path / "netcopy";
    std::ofstream{program};
    CHECK(link_target(folder.path, program).value() == "netcopy");
    CHECK(link_target(folder.path.string() + "/.", program).value() == "netcopy");
    const Folder other;
    CHECK(link_target(other.path, program).value() == program);
}

TEST_CASE("the running program is found") {
    const auto program = own_program();
    REQUIRE(program);
    struct stat by_path {
    }, running{};
    REQUIRE(::stat(program->c_str(), &by_path) == 0);
    REQUIRE(::stat("/proc/self/exe", &running) == 0);
    CHECK(by_path.st_ino == running.st_ino);
    CHECK(program->starts_with('/'));
}
