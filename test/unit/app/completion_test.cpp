#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/command.hpp"
#include "app/completion.hpp"
#include "test/unit/app/surroundings.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::app;

namespace {

/// A folder with the script in it, and a file and a folder to be offered.
struct Folder {
    std::filesystem::path path;

    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "netcopy-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
        std::ofstream(path / "file.iso") << "x";
        std::filesystem::create_directory(path / "folder");
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string run(const std::string& shell_command) const {
        const std::string line = "cd " + shell_quote(path.string()) + " && " + shell_command;
        std::FILE* const pipe = ::popen(line.c_str(), "r");
        REQUIRE(pipe != nullptr);
        const std::string text = test::read_all(::fileno(pipe));
        ::pclose(pipe);
        return text;
    }

    void save(const std::string& script) const { std::ofstream(path / "script") << script; }
};

std::string script_for(std::string_view shell) {
    const auto script = completion(shell);
    REQUIRE(script);
    return *script;
}

bool installed(const std::string& program) {
    const std::string line = "command -v " + program + " >/dev/null 2>&1";
    return std::system(line.c_str()) == 0;
}

}  // namespace

TEST_CASE("an unknown shell is a usage error that names the known ones") {
    const auto script = completion("tcsh");
    REQUIRE_FALSE(script);
    CHECK(script.error() == Errc::usage);
    CHECK(script.error().context == "no completion for 'tcsh'; name bash, zsh or fish");
}

TEST_CASE("every command and option is in the script of every shell") {
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const std::string script = script_for(shell);
        for (const Command& command : commands()) {
            CAPTURE(shell, command.name);
            CHECK(script.find(command.name) != std::string::npos);
            Options options;
            const auto job = command.make();
            job->describe(options);
            for (const OptionGroup& group : options.groups()) {
                for (const OptionInfo& option : group.options) {
                    CAPTURE(option.name);
                    const std::string dashes = shell == "fish" ? " -l " : "--";
                    CHECK(script.find(dashes + option.name) != std::string::npos);
                }
            }
        }
    }
}

TEST_CASE("bash offers what fits at each place") {
    const auto [words, expected] = GENERATE(table<std::string, std::string>({
        {"rec", "receive "},
        {"--v", "--version "},
        {"send --progre", "--progress "},
        {"send --progress ''", "auto bar plain none "},
        {"send --progress = p", "plain "},
        {"send --progress =", "auto bar plain none "},
        {"send --log-file fi", "file.iso "},
        {"send fi", "file.iso "},
        {"send --id ''", ""},
        {"install-links f", "folder "},
        {"help se", "send "},
        {"completion ''", "bash zsh fish "},
    }));
    CAPTURE(words);
    const Folder folder;
    folder.save(script_for("bash"));
    // compopt works inside of a real completion only, which this is not.
    folder.save(script_for("bash") + "compopt() { :; }\nCOMP_WORDS=(netcopy " + words +
                ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_netcopy\n"
                "((${#COMPREPLY[@]} == 0)) || printf '%s ' \"${COMPREPLY[@]}\"\n");
    CHECK(folder.run("bash --norc --noprofile script 2>&1") == expected);
}

TEST_CASE("fish offers what fits at each place") {
    if (!installed("fish")) {
        WARN("fish is not installed, so its completion is not tried");
        return;
    }
    const auto [words, expected] = GENERATE(table<std::string, std::string>({
        {"rec", "receive"},
        {"send --progre", "--progress"},
        {"send --progress ", "auto bar none plain"},
        {"send --log-file fi", "file.iso"},
        {"send fi", "file.iso"},
        {"send --id ", ""},
        {"install-links f", "folder/"},
        {"help se", "send"},
        {"completion ", "bash fish zsh"},
    }));
    CAPTURE(words);
    const Folder folder;
    folder.save(script_for("fish"));
    const std::string line =
        "HOME=$PWD/.home XDG_CONFIG_HOME=$PWD/.home XDG_DATA_HOME=$PWD/.home fish -N -c \"source "
        "script; complete -C "
        "'netcopy " +
        words + "'\" | cut -f1 | sort | paste -sd ' '";
    std::string offered = folder.run(line);
    if (!offered.empty()) offered.pop_back();
    CHECK(offered == expected);
}

TEST_CASE("zsh takes the script") {
    if (!installed("zsh")) {
        WARN("zsh is not installed, so its completion is not tried");
        return;
    }
    const Folder folder;
    folder.save(script_for("zsh"));
    CHECK(folder.run("zsh -f -n script 2>&1 && echo fine") == "fine\n");
    // The specifications are parsed only inside of a completion, so they are shown to a stand-in.
    const std::string shown = folder.run(
        "zsh -f -c 'compdef() { :; }; _arguments() { print -rl -- $@; }; source ./script; "
        "words=(netcopy send x); CURRENT=3; _netcopy' 2>&1");
    CHECK(shown.find(
              "--progress=[how the progress is shown on stderr]:KIND:(auto bar plain none)\n") !=
          std::string::npos);
    CHECK(shown.find("*:operand:_files\n") != std::string::npos);
}

TEST_CASE("help with quotes and brackets survives in every script") {
    OptionGroup group{"Group",
                      {{.name = "odd", .argument = "A:B", .help = "it's [a] \"b\" `c` $d \\e"},
                       {.name = "flag", .letter = 'f', .help = "don't [x]"}}};
    const std::vector<CompletedCommand> described{
        {"odd-command", "It's: odd", {group}, Completes::nothing}};
    const Folder folder;
    folder.save(bash_completion(described));
    CHECK(folder.run("bash -n script 2>&1").empty());
    CHECK(zsh_completion(described).find("'--odd=[it'\\''s \\[a\\] \"b\" `c` $d \\\\e]:A\\:B:'") !=
          std::string::npos);
    CHECK(fish_completion(described).find("-d 'it\\'s [a] \"b\" `c` $d \\\\e'") !=
          std::string::npos);
}
