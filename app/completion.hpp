#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/options.hpp"

/// The completion scripts of the shells, each from the same description of the commands.
namespace netcopy::app {

struct CompletedCommand {
    std::string_view name, summary;
    std::vector<OptionGroup> groups;
    Completes operands;
};

/// The choices of an operand of this kind that is one of a few words; empty for other kinds.
std::vector<std::string> words_of(Completes kind);

/// In single quotes, for bash and zsh.
std::string shell_quote(std::string_view text);

std::string bash_completion(std::span<const CompletedCommand> commands);
std::string zsh_completion(std::span<const CompletedCommand> commands);
std::string fish_completion(std::span<const CompletedCommand> commands);

}  // namespace netcopy::app
