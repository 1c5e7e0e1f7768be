#include <algorithm>

#include "app/options.hpp"
#include "app/values.hpp"

/// What an option of each kind makes of its argument.
namespace netcopy::app {
namespace {

/// Reads an option: what `parse(spelling, value)` makes of it becomes `target`.
template <class Target, class Parse>
auto into(Target& target, Parse parse) {
    return [&target, parse](const std::string& spelling, const std::string& value) -> Result<> {
        auto found = parse(spelling, value);
        if (!found) return found.error();
        target = std::move(*found);
        return {};
    };
}

}  // namespace

void Options::add(OptionInfo info, Entry entry) {
    if (groups_.empty()) group("Options");
    entry.name = info.name;
    groups_.back().options.push_back(std::move(info));
    entries_.push_back(std::move(entry));
}

void Options::flag(std::string name, char letter, bool& target, std::string help) {
    add({.name = std::move(name), .letter = letter, .help = std::move(help)},
        {.raise = [&target] { target = true; }});
}

void Options::count(std::string name, char letter, int& target, std::string help) {
    add({.name = std::move(name), .letter = letter, .help = std::move(help)},
        {.raise = [&target] { target = std::min(target + 1, most_counts); }, .counts = true});
}

void Options::text(std::string name, std::string argument, std::string& target, std::string help,
                   Completes completes) {
    add({.name = std::move(name),
         .argument = std::move(argument),
         .help = std::move(help),
         .default_text = target,
         .choices = {},
         .completes = completes},
        {.read = [&target](const std::string&, const std::string& value) -> Result<> {
            target = value;
            return {};
        }});
}

void Options::choice(std::string name, std::string argument, std::string& target,
                     std::vector<std::string> choices, std::string help) {
    const auto read =
        into(target, [choices](const std::string& spelling, const std::string& value) {
            return read_choice(spelling, value, choices);
        });
    add({.name = std::move(name),
         .argument = std::move(argument),
         .help = std::move(help),
         .default_text = target,
         .choices = std::move(choices)},
        {.read = read});
}

void Options::number(std::string name, std::string argument, std::uint64_t& target,
                     std::uint64_t least, std::uint64_t most, std::string help, char letter) {
    const auto read =
        into(target, [least, most](const std::string& spelling, const std::string& value) {
            return read_number(spelling, value, least, most);
        });
    add({.name = std::move(name),
         .letter = letter,
         .argument = std::move(argument),
         .help = std::move(help),
         .default_text = std::to_string(target)},
        {.read = read});
}

void Options::choices(std::string name, std::string argument, std::vector<std::string>& target,
                      std::vector<std::string> choices, std::string help,
                      std::string default_text) {
    const auto read =
        into(target, [choices](const std::string& spelling, const std::string& value) {
            return read_choices(spelling, value, choices);
        });
    add({.name = std::move(name),
         .argument = std::move(argument),
         .help = std::move(help),
         .default_text = std::move(default_text),
         .choices = std::move(choices)},
        {.read = read});
}

void Options::repeated(std::string name, std::string argument, std::vector<Repeated>& target,
                       std::string help) {
    const auto read = [&target, name](const std::string&, const std::string& value) -> Result<> {
        target.push_back({name, value});
        return {};
    };
    add({.name = std::move(name), .argument = std::move(argument), .help = std::move(help)},
        {.read = read});
}

void Options::size(std::string name, std::string argument, std::uint64_t& target,
                   std::string help) {
    const auto read = into(target, read_size);
    add({.name = std::move(name),
         .argument = std::move(argument),
         .help = std::move(help),
         .default_text = size_text(target)},
        {.read = read});
}

void Options::rate(std::string name, std::uint64_t& target, std::string help) {
    size(std::move(name), "RATE", target, std::move(help));
}

void Options::seconds(std::string name, std::chrono::milliseconds& target, std::string help) {
    const auto read = into(target, read_seconds);
    add({.name = std::move(name),
         .argument = "SECONDS",
         .help = std::move(help),
         .default_text = seconds_text(target)},
        {.read = read});
}

}  // namespace netcopy::app
