#include "app/completion.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view beginning =
    R"(# fish completion for netcopy, made by `netcopy completion fish`

function __netcopy_no_command
    test (count (commandline -opc)) -eq 1
end
function __netcopy_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

complete -c netcopy -f
complete -c netcopy -n __netcopy_no_command -l help -d 'print help'
complete -c netcopy -n __netcopy_no_command -l version -d 'print the version'
)";

std::string fish_quote(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string join(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

/// The switches of `complete` that say what an operand or argument may be. Files need saying: they
/// are off for the command as a whole.
std::string offer(Completes kind) {
    switch (kind) {
        case Completes::nothing:
            return "";
        case Completes::file:
            return " -F";
        case Completes::folder:
            return " -a '(__fish_complete_directories)'";
        case Completes::host:
            return " -a '(__fish_print_hostnames)'";
        case Completes::command:
        case Completes::shell:
            return " -a " + fish_quote(join(words_of(kind)));
    }
    return "";
}

std::string option_line(const std::string& start, const OptionInfo& option) {
    std::string line = start + " -l " + option.name;
    if (option.letter != 0) line += std::string(" -s ") + option.letter;
    const bool path = option.completes == Completes::file;
    if (!option.argument.empty()) line += path ? " -r" : " -x";  // -x: an argument, and no file
    line += option.choices.empty() ? offer(option.completes)
                                   : " -a " + fish_quote(join(option.choices));
    return line + " -d " + fish_quote(option.help) + "\n";
}

}  // namespace

std::string fish_completion(std::span<const CompletedCommand> commands) {
    std::string out(beginning);
    for (const CompletedCommand& command : commands) {
        out += "complete -c netcopy -n __netcopy_no_command -a " + std::string(command.name) +
               " -d " + fish_quote(command.summary) + "\n";
    }
    for (const CompletedCommand& command : commands) {
        const std::string start =
            "complete -c netcopy -n '__netcopy_command " + std::string(command.name) + "'";
        out += "\n";
        if (const std::string operands = offer(command.operands); !operands.empty()) {
            out += start + operands + "\n";
        }
        for (const OptionGroup& group : command.groups) {
            for (const OptionInfo& option : group.options) out += option_line(start, option);
        }
    }
    return out;
}

}  // namespace netcopy::app
