#include "file/append_file.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <thread>

#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;

TEST_CASE("lines are appended to what is there") {
    const test::TemporaryFolder folder;
    std::ofstream(folder / "log") << "before\n";
    {
        const auto log = AppendFile::open(folder / "log");
        REQUIRE(log);
        log->write_line("one");
        log->write_line("");
    }
    const auto again = AppendFile::open(folder / "log");
    REQUIRE(again);
    again->write_line("two");
    std::ifstream file(folder / "log");
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "before\none\n\ntwo\n");
}

TEST_CASE("lines of several threads and writers do not mix") {
    const test::TemporaryFolder folder;
    const std::string line(300, 'x');
    constexpr int lines = 500;
    {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                const auto log = AppendFile::open(folder / "log");
                for (int n = 0; n < lines; ++n) log->write_line(line);
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
    std::ifstream file(folder / "log");
    int whole = 0;
    for (std::string got; std::getline(file, got); ++whole) {
        if (got != line) FAIL("a broken line: " << got);
    }
    CHECK(whole == 4 * lines);
}

TEST_CASE("a file that cannot be opened is a local failure") {
    const test::TemporaryFolder folder;
    const auto log = AppendFile::open(folder / "nowhere" / "log");
    REQUIRE_FALSE(log);
    CHECK(log.error() == Errc::local_file);
}
