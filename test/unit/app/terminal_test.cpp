#include "app/terminal.hpp"

#include <catch2/catch.hpp>
#include <iostream>
#include <thread>

#include "test/unit/app/surroundings.hpp"

using namespace netcopy::app;
using netcopy::test::output_of;
using netcopy::test::Variable;

namespace {
const std::string erase = "\r\x1b[K";
}

TEST_CASE("lines come between an erased bar and the same bar again") {
    const auto output = output_of([] {
        Terminal terminal;
        terminal.write(stderr, "before\n");
        terminal.draw({"bar 1"});
        terminal.write(stdout, "result\n");
        terminal.draw({"bar 2"});
        terminal.erase();
        terminal.erase();
        terminal.write(stderr, "after\n");
    });
    CHECK(output.out == "result\n");
    CHECK(output.err ==
          "before\n" + erase + "bar 1" + erase + "bar 1" + erase + "bar 2" + erase + "after\n");
}

TEST_CASE("a bar of several lines is erased from its first line on") {
    const auto output = output_of([] {
        Terminal terminal;
        terminal.draw({"one", "two", "three"});
        terminal.write(stderr, "a line\n");
        terminal.draw({"four", "five"});
        terminal.erase();
    });
    const std::string up_2 = "\r\x1b[2A\x1b[J", up_1 = "\r\x1b[1A\x1b[J";
    CHECK(output.err == erase + "one\ntwo\nthree" + up_2 + "a line\n" + "one\ntwo\nthree" + up_2 +
                            "four\nfive" + up_1);
}

TEST_CASE("a forgotten bar is neither erased nor drawn again") {
    const auto output = output_of([] {
        Terminal terminal;
        terminal.draw({"bar"});
        terminal.forget();
        terminal.write(stderr, "line\n");
        terminal.erase();
    });
    CHECK(output.err == erase + "barline\n");
}

TEST_CASE("the log goes through the terminal a line at a time") {
    const auto output = output_of([] {
        Terminal terminal;
        const LogThroughTerminal guard(terminal);
        terminal.draw({"bar"});
        std::clog << "one " << 2 << '\n';
        terminal.write(stderr, "between\n");
        std::clog << std::flush << std::flush;
    });
    CHECK(output.err == erase + "bar" + erase + "between\n" + "bar" + erase + "one 2\n" + "bar");
}

TEST_CASE("the log goes its old way afterwards, and nothing of it is lost") {
    std::streambuf* const before = std::clog.rdbuf();
    const auto output = output_of([] {
        Terminal terminal;
        const LogThroughTerminal guard(terminal);
        std::clog << "unfinished";
    });
    CHECK(output.err == "unfinished");
    CHECK(std::clog.rdbuf() == before);
}

TEST_CASE("lines of several threads stay whole beside a bar") {
    constexpr int lines = 200;
    const auto output = output_of([] {
        Terminal terminal;
        std::vector<std::thread> threads;
        for (const char* line : {"first\n", "second\n"}) {
            threads.emplace_back([&terminal, line] {
                for (int i = 0; i < lines; ++i) terminal.write(stderr, line);
            });
        }
        for (int i = 0; i < lines; ++i) terminal.draw({"bar"});
        for (std::thread& thread : threads) thread.join();
        terminal.erase();
    });
    std::string text = output.err;
    for (const std::string& part : {erase, std::string("bar")}) {
        for (std::size_t at; (at = text.find(part)) != std::string::npos;)
            text.erase(at, part.size());
    }
    int whole = 0;
    for (std::size_t start = 0; start < text.size(); ++whole) {
        const auto end = text.find('\n', start);
        const std::string line = text.substr(start, end - start);
        if (line != "first" && line != "second") FAIL("a broken line: " << line);
        start = end + 1;
    }
    CHECK(whole == 2 * lines);
}

TEST_CASE("a screen that says no width has that of COLUMNS, or 80") {
    const auto [columns, expected] = GENERATE(table<const char*, int>(
        {{"120", 120}, {"", 80}, {"0", 80}, {"-1", 80}, {"99999", 80}, {nullptr, 80}}));
    const Variable variable("COLUMNS", columns);
    int width = 0;
    output_of([&] { width = terminal_size().columns; });
    CHECK(width == expected);
}

TEST_CASE("a screen's own width counts") {
    const Variable variable("COLUMNS", "120");
    int width = 0;
    netcopy::test::screen_of([&] { width = terminal_size().columns; }, 66);
    CHECK(width == 66);
}

TEST_CASE("a screen that says no height has that of LINES, or 24") {
    const auto [lines, expected] =
        GENERATE(table<const char*, int>({{"50", 50}, {"", 24}, {"x", 24}, {nullptr, 24}}));
    const Variable variable("LINES", lines);
    int height = 0;
    output_of([&] { height = terminal_size().rows; });
    CHECK(height == expected);
}
