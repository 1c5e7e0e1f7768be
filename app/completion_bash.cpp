#include "app/completion.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view beginning =
    R"(# bash completion for netcopy, made by `netcopy completion bash`

_netcopy_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_netcopy_hosts() { mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur"); }
_netcopy_paths() {
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_netcopy() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} options= operands=:
    COMPREPLY=()
    # The equals sign of --name=value is a word of its own here.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
)";

constexpr std::string_view ending = R"(    esac
    if [[ $cur == -* ]]; then
        _netcopy_words "$options"
    else
        $operands
    fi
}
complete -F _netcopy netcopy
)";

std::string join(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

/// What fills COMPREPLY for an operand or argument of this kind.
std::string action(Completes kind) {
    switch (kind) {
        case Completes::nothing:
            return ":";
        case Completes::file:
            return "_netcopy_paths -f";
        case Completes::folder:
            return "_netcopy_paths -d";
        case Completes::host:
            return "_netcopy_hosts";
        case Completes::command:
        case Completes::shell:
            return "_netcopy_words " + shell_quote(join(words_of(kind)));
    }
    return ":";
}

std::string command_case(const CompletedCommand& command) {
    std::string arguments, options;
    for (const OptionGroup& group : command.groups) {
        for (const OptionInfo& option : group.options) {
            options += (options.empty() ? "--" : " --") + option.name;
            if (option.argument.empty()) continue;
            const std::string offer = option.choices.empty()
                                          ? action(option.completes)
                                          : "_netcopy_words " + shell_quote(join(option.choices));
            arguments += "        --" + option.name + ") " + offer + "; return ;;\n";
        }
    }
    std::string out = "    " + std::string(command.name) + ")\n";
    if (!arguments.empty()) out += "        case $prev in\n" + arguments + "        esac\n";
    out += "        options=" + shell_quote(options) + "\n";
    // Words are passed on through a function, because a variable would be split at its quotes.
    if (!words_of(command.operands).empty()) {
        out += "        [[ $cur == -* ]] || { " + action(command.operands) + "; return; }\n";
    } else {
        out += "        operands=" + shell_quote(action(command.operands)) + "\n";
    }
    return out + "        ;;\n";
}

}  // namespace

std::string bash_completion(std::span<const CompletedCommand> commands) {
    std::string names, cases;
    for (const CompletedCommand& command : commands) {
        names += std::string(command.name) + " ";
        cases += command_case(command);
    }
    return std::string(beginning) +
           "    if ((COMP_CWORD == 1)); then\n"
           "        _netcopy_words " +
           shell_quote(names + "--help --version") +
           "\n        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]} in\n" +
           cases + std::string(ending);
}

}  // namespace netcopy::app
