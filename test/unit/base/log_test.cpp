#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <boost/log/core.hpp>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/log.hpp"
#include "test/unit/file/folder.hpp"

// A log can be started once in a process, so each of these has a process of its own.

using namespace netcopy;
using namespace netcopy::test;

namespace {

/// Runs `body` in a child process with stderr going to a file; true when it returned true.
bool in_child(const std::filesystem::path& stderr_to, const std::function<bool()>& body) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const bool redirected = std::freopen(stderr_to.c_str(), "w", stderr) != nullptr;
        boost::log::core::get()->set_logging_enabled(true);  // see test/unit/quiet_log.cpp
        bool good = false;
        try {
            good = redirected && body();
        } catch (...) {
        }
        std::_Exit(good ? 0 : 1);  // no destructors, no leak check of what the parent had
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("the console and the log file each take what is not below their level") {
    const TemporaryFolder folder;
    const auto console = folder / "stderr";
    const auto file = folder / "log";
    REQUIRE(in_child(console, [&] {
        log::Settings settings;
        settings.console = log::Level::error;
        settings.file = log::Level::info;
        settings.path = file.string();
        if (!log::start(settings)) return false;
        NETCOPY_LOG(debug) << "a debug line";
        NETCOPY_LOG(info) << "an info line";
        NETCOPY_LOG(error) << "an error line";
        return log::enabled(log::Level::info) && !log::enabled(log::Level::debug);
    }));
    const std::string logged = read_file(file);
    CHECK(logged.find("a debug line") == std::string::npos);
    CHECK(logged.find("[info] an info line\n") != std::string::npos);
    CHECK(logged.find("[error] an error line\n") != std::string::npos);
    const std::string shown = read_file(console);
    CHECK(shown.find("an info line") == std::string::npos);
    CHECK(shown.find("an error line") != std::string::npos);
}

TEST_CASE("a line of the log begins with date and time") {
    const TemporaryFolder folder;
    REQUIRE(in_child(folder / "stderr", [&] {
        log::Settings settings;
        settings.path = (folder / "log").string();
        if (!log::start(settings)) return false;
        NETCOPY_LOG(warning) << "now";
        return true;
    }));
    const std::string line = read_file(folder / "log");
    REQUIRE(line.size() > 26);
    CHECK(line.substr(0, 2) == "20");
    CHECK(line[4] == '-');
    CHECK(line[10] == ' ');
    CHECK(line[13] == ':');
}

TEST_CASE("what is below every level is not even computed") {
    const TemporaryFolder folder;
    CHECK(in_child(folder / "stderr", [] {
        log::start({});
        int computed = 0;
        const auto compute = [&] { return ++computed; };
        NETCOPY_LOG(debug) << compute();
        if (computed != 0) return false;
        NETCOPY_LOG(error) << compute();
        return computed == 1;
    }));
}

TEST_CASE("a log line stands under an if without taking its else") {
    const TemporaryFolder folder;
    CHECK(in_child(folder / "stderr", [] {
        log::start({});
        bool other = false;
        if (other)
            NETCOPY_LOG(error) << "not this";
        else
            other = true;
        return other;
    }));
    CHECK(read_file(folder / "stderr") == "");
}

TEST_CASE("after reopen the log goes to a new file of the old name") {
    const TemporaryFolder folder;
    const auto file = folder / "log";
    REQUIRE(in_child(folder / "stderr", [&] {
        log::Settings settings;
        settings.path = file.string();
        if (!log::start(settings)) return false;
        NETCOPY_LOG(warning) << "first";
        std::filesystem::rename(file, folder / "log.1");
        NETCOPY_LOG(warning) << "second";
        log::reopen();
        NETCOPY_LOG(warning) << "third";
        return true;
    }));
    const std::string old = read_file(folder / "log.1");
    CHECK(old.find("first") != std::string::npos);
    CHECK(old.find("second") != std::string::npos);
    CHECK(old.find("third") == std::string::npos);
    const std::string fresh = read_file(file);
    CHECK(fresh.find("second") == std::string::npos);
    CHECK(fresh.find("third") != std::string::npos);
}

TEST_CASE("when the log file cannot be reopened the old one goes on") {
    const TemporaryFolder folder;
    const auto inner = folder / "inner";
    std::filesystem::create_directory(inner);
    REQUIRE(in_child(folder / "stderr", [&] {
        log::Settings settings;
        settings.path = (inner / "log").string();
        if (!log::start(settings)) return false;
        std::filesystem::rename(inner, folder / "moved");
        log::reopen();
        NETCOPY_LOG(warning) << "still here";
        return true;
    }));
    CHECK(read_file(folder / "moved" / "log").find("still here") != std::string::npos);
}

TEST_CASE("a log file is appended to") {
    const TemporaryFolder folder;
    std::ofstream(folder / "log") << "older\n";
    REQUIRE(in_child(folder / "stderr", [&] {
        log::Settings settings;
        settings.path = (folder / "log").string();
        if (!log::start(settings)) return false;
        NETCOPY_LOG(warning) << "newer";
        return true;
    }));
    const std::string logged = read_file(folder / "log");
    CHECK(logged.find("older\n") == 0);
    CHECK(logged.find("newer") != std::string::npos);
}

TEST_CASE("a log file that cannot be opened is told") {
    const TemporaryFolder folder;
    CHECK(in_child(folder / "stderr", [&] {
        log::Settings settings;
        settings.path = (folder / "missing" / "log").string();
        return !log::start(settings);
    }));
}

TEST_CASE("reopening without a log file does nothing") {
    const TemporaryFolder folder;
    CHECK(in_child(folder / "stderr", [] {
        log::start({});
        log::reopen();
        return true;
    }));
}
