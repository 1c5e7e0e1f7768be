#include "app/completion.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view beginning = R"(#compdef netcopy
# zsh completion for netcopy, made by `netcopy completion zsh`

_netcopy() {
    local -a commands
    commands=(
)";

constexpr std::string_view middle = R"(    )
    if (( CURRENT == 2 )); then
        _describe -t commands command commands
        [[ $PREFIX == -* ]] && compadd -- --help --version
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
)";

// Sourced, the script registers itself; as a file in fpath, it is the body of the function.
constexpr std::string_view ending = R"(    esac
}
if [[ $funcstack[1] == _netcopy ]]; then
    _netcopy "$@"
else
    compdef _netcopy netcopy
fi
)";

std::string escape_each(std::string_view text, std::string_view special) {
    std::string out;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

/// In the words of zshcompsys(1): the part of a specification behind its message.
std::string action(Completes kind) {
    switch (kind) {
        case Completes::nothing:
            return "";
        case Completes::file:
            return "_files";
        case Completes::folder:
            return "_files -/";
        case Completes::host:
            return "_hosts";
        case Completes::command:
        case Completes::shell:
            break;
    }
    std::string words;
    for (const std::string& word : words_of(kind)) words += (words.empty() ? "" : " ") + word;
    return "(" + words + ")";
}

std::string specification(const OptionInfo& option) {
    const std::string help = "[" + escape_each(option.help, "[]\\") + "]";
    if (option.argument.empty()) {
        if (option.letter == 0) return shell_quote("--" + option.name + help);
        return shell_quote(std::string("*-") + option.letter + help) + " " +
               shell_quote("*--" + option.name + help);
    }
    std::string offer = action(option.completes);
    if (!option.choices.empty()) {
        offer = "(";
        for (const std::string& choice : option.choices) {
            offer += (offer.size() == 1 ? "" : " ") + choice;
        }
        offer += ")";
    }
    return shell_quote("--" + option.name + "=" + help + ":" + escape_each(option.argument, ":\\") +
                       ":" + offer);
}

std::string command_case(const CompletedCommand& command) {
    std::string out = "    (" + std::string(command.name) + ")\n        _arguments -s -S";
    for (const OptionGroup& group : command.groups) {
        for (const OptionInfo& option : group.options) {
            out += " \\\n            " + specification(option);
        }
    }
    if (command.operands != Completes::nothing) {
        out += " \\\n            " + shell_quote("*:operand:" + action(command.operands));
    }
    return out + "\n        ;;\n";
}

}  // namespace

std::string zsh_completion(std::span<const CompletedCommand> commands) {
    std::string names, cases;
    for (const CompletedCommand& command : commands) {
        names +=
            "        " +
            shell_quote(escape_each(command.name, ":\\") + ":" + std::string(command.summary)) +
            "\n";
        cases += command_case(command);
    }
    return std::string(beginning) + names + std::string(middle) + cases + std::string(ending);
}

}  // namespace netcopy::app
