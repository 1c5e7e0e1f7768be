#include "app/completion.hpp"

#include <algorithm>
#include <array>

#include "app/command.hpp"
#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

struct Shell {
    std::string_view name;
    std::string (*script)(std::span<const CompletedCommand>);
};

constexpr std::array shells = {Shell{"bash", bash_completion}, Shell{"zsh", zsh_completion},
                               Shell{"fish", fish_completion}};

std::vector<CompletedCommand> describe_commands() {
    std::vector<CompletedCommand> described;
    for (const Command& command : commands()) {
        const std::unique_ptr<Job> job = command.make();
        Options options;
        CommonOptions common;
        job->describe(options);
        common.describe(options);
        described.push_back({command.name,
                             command.summary,
                             {options.groups().begin(), options.groups().end()},
                             options.operand_completes()});
    }
    return described;
}

}  // namespace

std::vector<std::string> words_of(Completes kind) {
    std::vector<std::string> words;
    if (kind == Completes::command) {
        for (const Command& command : commands()) words.emplace_back(command.name);
    } else if (kind == Completes::shell) {
        for (const Shell& shell : shells) words.emplace_back(shell.name);
    }
    return words;
}

std::string shell_quote(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

Result<std::string> completion(std::string_view shell) {
    const auto found = std::find_if(shells.begin(), shells.end(), [shell](const Shell& candidate) {
        return candidate.name == shell;
    });
    if (found == shells.end()) {
        return make_error(Errc::usage,
                          "no completion for " + quote(shell) + "; name bash, zsh or fish");
    }
    return found->script(describe_commands());
}

}  // namespace netcopy::app
