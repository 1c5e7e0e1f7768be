#include "app/command.hpp"

#include <catch2/catch.hpp>

#include "app/utf8.hpp"

using namespace netcopy;
using namespace netcopy::app;

namespace {

std::string suggestion(std::string_view word, std::vector<std::string_view> candidates) {
    return std::string(suggest(word, candidates));
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t start = 0; start < text.size();) {
        const auto end = text.find('\n', start);
        lines.push_back(text.substr(start, end - start));
        start = end == std::string::npos ? end : end + 1;
    }
    return lines;
}

}  // namespace

TEST_CASE("a command is found by its whole name only") {
    REQUIRE(find_command("send") != nullptr);
    CHECK(find_command("send")->name == "send");
    CHECK(find_command("sen") == nullptr);
    CHECK(find_command("Send") == nullptr);
    CHECK(find_command("") == nullptr);
}

TEST_CASE("a script is found by the last component of the path, with or without .py") {
    for (const char* path :
         {"netcopy_cli", "netcopy_cli.py", "./netcopy_cli", "/a/b.c/netcopy_cli.py"}) {
        CAPTURE(path);
        REQUIRE(find_script(path) != nullptr);
        CHECK(find_script(path)->command == "send");
    }
    for (const char* path :
         {"netcopy", "/netcopy_cli/netcopy", "netcopy_cli.py.py", "", "netcopy_cli/"}) {
        CAPTURE(path);
        CHECK(find_script(path) == nullptr);
    }
}

TEST_CASE("every script stands for a command that exists") {
    for (const Script& script : scripts()) {
        CAPTURE(script.name);
        CHECK(find_command(script.command) != nullptr);
        CHECK(script.make() != nullptr);
        if (script.words != Script::Words::operands) {
            // Python's argparse puts the name there that the script was called by.
            CHECK(script.usage.starts_with("usage: {}"));
            continue;
        }
        CHECK(script.usage.starts_with("usage: py " + std::string(script.name) + ".py <"));
        CHECK(static_cast<std::size_t>(std::count(script.usage.begin(), script.usage.end(), '<')) ==
              script.operands);
    }
}

TEST_CASE("one mistake in a short word is near, one in three letters of a long one") {
    CHECK(suggestion("sned", {"send", "list"}) == "send");
    CHECK(suggestion("sen", {"send", "list"}) == "send");
    CHECK(suggestion("ssend", {"send", "list"}) == "send");
    CHECK(suggestion("bend", {"send", "list"}) == "send");
    CHECK(suggestion("snde", {"send"}).empty());
    CHECK(suggestion("recieve", {"receive"}) == "receive");
    CHECK(suggestion("cheksum-serevr", {"checksum-server"}) == "checksum-server");
    CHECK(suggestion("frobnicate", {"send", "receive"}).empty());
}

TEST_CASE("the nearest candidate is suggested") {
    CHECK(suggestion("checksums", {"checksum-server", "checksum"}) == "checksum");
    CHECK(suggestion("send", {"sendx", "send"}) == "send");
}

TEST_CASE("three letters are enough for the beginning of a name") {
    CHECK(suggestion("che", {"send", "checksum-server"}) == "checksum-server");
    CHECK(suggestion("ch", {"send", "checksum-server"}).empty());
}

TEST_CASE("nothing is near to nothing, nor to a very long word") {
    CHECK(suggestion("", {"a", "send"}).empty());
    CHECK(suggestion("send", {}).empty());
    CHECK(suggestion(std::string(100'000, 's'), {"send"}).empty());
}

TEST_CASE("an unknown command is answered with a suggestion or a way to the list") {
    CHECK(unknown_command("recieve").context ==
          "unknown command 'recieve'; did you mean 'receive'?");
    CHECK(unknown_command("x\n").context ==
          "unknown command 'x\\x0a'; `netcopy help` lists the commands");
    CHECK(unknown_command("recieve") == Errc::usage);
}

TEST_CASE("the overview has every command once and says where to read on") {
    const std::string text = overview();
    for (const Command& command : commands()) {
        CAPTURE(command.name);
        const std::string line = "\n  " + std::string(command.name) + " ";
        const auto found = text.find(line);
        REQUIRE(found != std::string::npos);
        CHECK(text.find(line, found + 1) == std::string::npos);
        CHECK(text.find(command.summary) != std::string::npos);
    }
    CHECK(text.find("netcopy help COMMAND") != std::string::npos);
}

TEST_CASE("every command's help has usage, options and, at its end, two examples or more") {
    for (const Command& command : commands()) {
        CAPTURE(command.name);
        const std::string help = help_of(command);
        CHECK(help.starts_with("Usage: netcopy " + std::string(command.name)));
        CHECK(help.find("\n\n" + std::string(command.summary) + ".\n") != std::string::npos);
        CHECK(help.find("\nOutput and logging:\n") != std::string::npos);

        const auto examples = help.find("\nExamples:\n");
        REQUIRE(examples != std::string::npos);
        const auto lines = lines_of(help.substr(examples + 11));
        REQUIRE(lines.size() >= 4);
        std::size_t commands_shown = 0;
        for (const std::string& line : lines) {
            CHECK(line.starts_with("  "));
            if (line.find_first_not_of(' ') == 2) ++commands_shown;
        }
        CHECK(commands_shown >= 2);
    }
}

TEST_CASE("help is at most 100 columns wide") {
    for (const Command& command : commands()) {
        const std::string help = help_of(command);
        for (const std::string& line : lines_of(help.substr(0, help.find("\nExamples:\n")))) {
            CAPTURE(command.name, line);
            CHECK(columns(line) <= 100);
        }
    }
}

TEST_CASE("help is grouped and aligned, with choices and defaults") {
    Options options;
    bool flag = false;
    std::string kind = "md5", path;
    std::uint64_t many = 7, size = UINT64_MAX;
    std::chrono::milliseconds time{2500};
    options.usage("try THIS");
    options.usage("try THAT");
    options.group("First");
    options.flag("flag", 'f', flag, "a flag");
    options.choice("kind", "KIND", kind, {"md5", "crc32", "none"}, "which one");
    options.group("Empty");
    options.group("Second");
    options.number("a-name-longer-than-the-others-are", "N", many, 0, 9, "how many");
    options.text("path", "PATH", path, "where");
    options.size("size", "BYTES", size, "how much");
    options.seconds("time", time, "how long");
    options.example("netcopy try this", "tries it");
    CHECK(options.help("Tries") ==
          "Usage: netcopy try THIS\n"
          "       netcopy try THAT\n"
          "\n"
          "Tries.\n"
          "\n"
          "First:\n"
          "  -f, --flag          a flag\n"
          "      --kind KIND     which one: md5, crc32 or none [md5]\n"
          "\n"
          "Second:\n"
          "      --a-name-longer-than-the-others-are N\n"
          "                      how many [7]\n"
          "      --path PATH     where\n"
          "      --size BYTES    how much\n"
          "      --time SECONDS  how long [2.5]\n"
          "\n"
          "Options are also read from the environment, as NETCOPY_ and the name: --log-file from\n"
          "NETCOPY_LOG_FILE. The command line wins. Defaults stand in [brackets].\n"
          "\n"
          "Examples:\n"
          "  netcopy try this\n"
          "      tries it\n");
}
