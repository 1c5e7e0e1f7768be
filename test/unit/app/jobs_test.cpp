#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "app/command.hpp"
#include "file/links.hpp"
#include "test/unit/app/surroundings.hpp"

using namespace netcopy;
using namespace netcopy::app;
namespace fs = std::filesystem;

namespace {

struct Ran {
    test::Output output;
    int status = -1;  ///< as the job says it; -1: there was an error
    Error error;
};

/// Parses the words and runs the job, as main() does, but for signals.
Ran run(std::string_view name, std::vector<std::string> words) {
    Ran ran;
    ran.output = test::output_of([&] {
        asio::io_context io(1);
        const auto job = find_command(name)->make();
        Options options;
        CommonOptions common;
        job->describe(options);
        common.describe(options);
        if (const auto parsed = options.parse(words); !parsed) {
            ran.error = parsed.error();
            return;
        }
        Renderer output(std::string(name), common, io);
        Context context{std::string(name), io, output, common, {}, {}, {}};
        asio::co_spawn(io, job->run(context), [&](std::exception_ptr, Result<int> result) {
            if (result) {
                ran.status = *result;
            } else {
                ran.error = result.error();
            }
        });
        io.run();
    });
    return ran;
}

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
};

}  // namespace

TEST_CASE("help prints the overview, or the page of one command") {
    const Ran all = run("help", {});
    CHECK(all.status == 0);
    CHECK(all.output.out == overview());
    const Ran one = run("help", {"send"});
    CHECK(one.status == 0);
    CHECK(one.output.out == help_of(*find_command("send")));
    CHECK(one.output.err.empty());
}

TEST_CASE("help for what is no command is a usage error") {
    CHECK(run("help", {"recieve"}).error.context ==
          "unknown command 'recieve'; did you mean 'receive'?");
    CHECK(run("help", {"send", "receive"}).error == Errc::usage);
}

TEST_CASE("completion takes exactly one shell") {
    const Ran ran = run("completion", {"bash"});
    CHECK(ran.status == 0);
    CHECK(ran.output.out == completion("bash").value());
    CHECK(run("completion", {}).error == Errc::usage);
    CHECK(run("completion", {"bash", "zsh"}).error == Errc::usage);
    CHECK(run("completion", {"csh"}).error == Errc::usage);
}

TEST_CASE("install-links makes both spellings of every script and says so") {
    const Folder folder;
    const Ran ran = run("install-links", {folder.path});
    CHECK(ran.status == 0);
    std::string expected;
    for (const Script& script : scripts()) {
        for (const char* ending : {"", ".py"}) {
            const fs::path link = folder.path / (std::string(script.name) + ending);
            CAPTURE(link);
            CHECK(fs::read_symlink(link) == own_program().value());
            expected += "'" + link.string() + "' -> '" + own_program().value() + "'\n";
        }
    }
    CHECK(ran.output.out == expected);
    CHECK(run("install-links", {"-q", folder.path}).output.out.empty());
}

TEST_CASE("install-links makes what it can and fails for the rest") {
    const Folder folder;
    std::ofstream(folder.path / "netcopy_cli") << "mine";
    std::ofstream(folder.path / "checksum_srv.py") << "mine";
    const Ran ran = run("install-links", {"-q", folder.path});
    CHECK(ran.error == Errc::refused);
    CHECK(ran.error.context.find("checksum_srv.py") != std::string::npos);
    CHECK(ran.output.err.starts_with("netcopy install-links: cannot make the link "));
    CHECK(ran.output.err.find("netcopy_cli'") != std::string::npos);
    CHECK(fs::file_size(folder.path / "netcopy_cli") == 4);
    CHECK(fs::is_symlink(folder.path / "netcopy_cli.py"));
    CHECK(fs::is_symlink(folder.path / "checksum_srv"));
}

TEST_CASE("install-links needs one folder that exists") {
    CHECK(run("install-links", {}).error == Errc::usage);
    CHECK(run("install-links", {"a", "b"}).error == Errc::usage);
    const Folder folder;
    const std::string nowhere = folder.path / "nowhere";
    const Ran ran = run("install-links", {nowhere});
    CHECK(ran.error == Errc::local_file);
    CHECK(ran.error.context == "cannot make links in '" + nowhere +
                                   "': No such file or directory; name a folder that exists");
    CHECK_FALSE(fs::exists(nowhere));
}
