#include <algorithm>

#include "app/options.hpp"
#include "app/utf8.hpp"

namespace netcopy::app {
namespace {

constexpr std::size_t page_width = 100;
constexpr std::size_t widest_name = 32;  // a longer one has its help on the next line

/// Breaks `text` at spaces; the first line starts at column `at`, the others at `indent`.
std::string wrap(std::string_view text, std::size_t at, std::size_t indent) {
    std::string out;
    std::size_t column = at;
    bool first = true;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        const auto width = static_cast<std::size_t>(columns(word));
        if (!first && column + 1 + width > page_width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (!first) {
            out += ' ';
            ++column;
        }
        out += word;
        column += width;
        first = false;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out + "\n";
}

/// "  -v, --verbose", "      --timeout SECONDS"
std::string left_column(const OptionInfo& option) {
    std::string text = option.letter != 0 ? std::string("  -") + option.letter + ", " : "      ";
    text += "--" + option.name;
    if (!option.argument.empty()) text += " " + option.argument;
    return text;
}

std::string right_column(const OptionInfo& option) {
    std::string text = option.help;
    if (!option.choices.empty()) {
        text += ": ";
        for (std::size_t i = 0; i < option.choices.size(); ++i) {
            const bool last = i + 1 == option.choices.size();
            text += (i == 0 ? "" : last ? " or " : ", ") + option.choices[i];
        }
    }
    if (!option.default_text.empty()) text += " [" + option.default_text + "]";
    return text;
}

std::string option_lines(const OptionGroup& group, std::size_t width) {
    std::string out = "\n" + group.title + ":\n";
    for (const OptionInfo& option : group.options) {
        std::string line = left_column(option);
        if (line.size() > width) {
            out += line + "\n";
            line.clear();
        }
        line.resize(width, ' ');
        out += line + "  " + wrap(right_column(option), width + 2, width + 2);
    }
    return out;
}

}  // namespace

std::string Options::help(std::string_view summary) const {
    std::string out;
    for (const std::string& form : usages_) {
        out += out.empty() ? "Usage: " : "       ";
        out += wrap("netcopy " + form, 7, 11);
    }
    out += "\n" + wrap(std::string(summary) + ".", 0, 0);

    std::size_t width = 0;
    for (const OptionGroup& group : groups_) {
        for (const OptionInfo& option : group.options) {
            const std::size_t size = left_column(option).size();
            if (size <= widest_name) width = std::max(width, size);
        }
    }
    for (const OptionGroup& group : groups_) {
        if (!group.options.empty()) out += option_lines(group, width);
    }
    if (!entries_.empty()) {
        out += "\n" + wrap(
                          "Options are also read from the environment, as NETCOPY_ and the name: "
                          "--log-file from NETCOPY_LOG_FILE. The command line wins. Defaults stand "
                          "in [brackets].",
                          0, 0);
    }
    if (!examples_.empty()) out += "\nExamples:\n";
    for (const Example& example : examples_) {
        out += "  " + example.command + "\n      " + wrap(example.meaning, 6, 6);
    }
    return out;
}

}  // namespace netcopy::app
