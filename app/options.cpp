#include "app/options.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <limits>

#include "app/command.hpp"
#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

namespace po = boost::program_options;

po::options_description described(std::span<const OptionGroup> groups) {
    po::options_description description;
    for (const OptionGroup& group : groups) {
        for (const OptionInfo& option : group.options) {
            std::string name = option.name;
            if (option.letter != 0) name += std::string(",") + option.letter;
            if (option.argument.empty()) {
                description.add_options()(name.c_str(), "");
            } else {
                description.add_options()(name.c_str(), po::value<std::string>());
            }
        }
    }
    return description;
}

po::option operand_of(const std::string& word) {
    po::option operand;
    operand.value.push_back(word);
    operand.original_tokens.push_back(word);
    return operand;
}

/// `-5` is a negative file id, not five short options.
std::vector<po::option> negative_number(std::vector<std::string>& arguments) {
    const std::string& token = arguments.front();
    const bool number = token.size() > 1 && token[0] == '-' &&
                        std::all_of(token.begin() + 1, token.end(),
                                    [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!number) return {};
    std::vector<po::option> operand{operand_of(token)};
    arguments.erase(arguments.begin());
    return operand;
}

std::string variable_of(std::string_view option) {
    std::string name = "NETCOPY_";
    for (const char c : option) {
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

/// How often a flag's variable asks for it; `most_counts` is 0 for what is not counted.
Result<int> read_flag(const std::string& variable, std::string value, int most_counts) {
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* yes : {"1", "true", "yes", "on"}) {
        if (value == yes) return 1;
    }
    for (const char* no : {"0", "false", "no", "off"}) {
        if (value == no) return 0;
    }
    if (const auto times = parse_decimal(value, static_cast<std::uint64_t>(most_counts));
        times && most_counts > 0) {
        return static_cast<int>(*times);
    }
    return make_error(Errc::usage, variable + " must be 1 or 0, not " + quote(value));
}

std::string syntax_error(const po::invalid_command_line_syntax& error) {
    using Kind = po::invalid_syntax;
    const std::string name = error.get_option_name();
    if (name.empty()) return "an option has no name";  // "--="
    switch (error.kind()) {
        case Kind::missing_parameter:
        case Kind::empty_adjacent_parameter:
            return name + " needs an argument";
        case Kind::extra_parameter:
            return name + " takes no argument";
        default:
            return error.what();
    }
}

}  // namespace

void Options::usage(std::string form) { usages_.push_back(std::move(form)); }

void Options::example(std::string command, std::string meaning) {
    examples_.push_back({std::move(command), std::move(meaning)});
}

void Options::group(std::string title, std::string form) {
    groups_.push_back({std::move(title), {}, std::move(form)});
}

void Options::operands(std::vector<std::string>& target, Completes completes) {
    operands_ = &target;
    operand_completes_ = completes;
}

bool Options::given(std::string_view name) const {
    return std::find(given_.begin(), given_.end(), name) != given_.end();
}

bool Options::typed(std::string_view name) const {
    const auto end = given_.begin() + static_cast<std::ptrdiff_t>(typed_);
    return std::find(given_.begin(), end, name) != end;
}

Result<> Options::require_form(std::string_view form) const {
    for (const OptionGroup& group : groups_) {
        if (group.form.empty() || group.form == form) continue;
        for (const OptionInfo& option : group.options) {
            if (!typed(option.name)) continue;
            return make_error(Errc::usage,
                              "--" + option.name + " goes only with 'netcopy " + group.form + "'");
        }
    }
    return {};
}

bool Options::is_option(std::string_view token) const {
    return std::any_of(groups_.begin(), groups_.end(), [token](const OptionGroup& group) {
        return std::any_of(group.options.begin(), group.options.end(), [&](const auto& option) {
            const bool letter = option.letter != 0 && token == std::string("-") + option.letter;
            return letter || token == "--" + option.name;
        });
    });
}

std::vector<std::string> Options::names() const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_) names.push_back(entry.name);
    return names;
}

Error Options::unknown(std::string spelling) const {
    if (const auto equals = spelling.find('='); equals != std::string::npos) {
        spelling.resize(equals);
    }
    const std::vector<std::string> known = names();
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const auto start = spelling.find_first_not_of('-');
    std::string text = "unknown option " + quote(spelling);
    // One letter is near to every short name.
    if (start != std::string::npos && spelling.size() - start > 1) {
        const std::string_view near = suggest(std::string_view(spelling).substr(start), candidates);
        if (!near.empty()) text += "; did you mean '--" + std::string(near) + "'?";
    }
    return make_error(Errc::usage, text);
}

Result<std::vector<po::option>> Options::split(std::span<const std::string> arguments) const {
    const po::options_description description = described(groups_);
    using namespace po::command_line_style;
    const int style = allow_long | allow_short | allow_dash_for_short | long_allow_adjacent |
                      long_allow_next | short_allow_adjacent | short_allow_next | allow_sticky;
    std::vector<po::option> found;
    std::vector<std::string> some;  // arguments that are still to be parsed
    const auto parse_some = [&] {
        if (some.empty()) return;
        auto parsed = po::command_line_parser(some)
                          .options(description)
                          .style(style)
                          .extra_style_parser(negative_number)
                          .run();
        std::ranges::move(parsed.options, std::back_inserter(found));
        some.clear();
    };
    try {
        // The parser's time grows with the square of the words. One that follows another, neither
        // of them with a dash, can only be an operand, and there may be a hundred thousand.
        bool ended = false, after_plain = false;
        for (const std::string& word : arguments) {
            const bool plain = !word.starts_with('-');
            const bool operand = plain && after_plain && !ended;
            after_plain = plain;
            ended = ended || word == "--";
            if (operand) {
                parse_some();
                found.push_back(operand_of(word));
            } else {
                some.push_back(word);
            }
        }
        parse_some();
        return found;
    } catch (const po::unknown_option& error) {
        return unknown(error.get_option_name());
    } catch (const po::invalid_command_line_syntax& error) {
        return make_error(Errc::usage, syntax_error(error));
    } catch (const po::error& error) {
        return make_error(Errc::usage, error.what());
    }
}

Result<> Options::take(const po::option& token) {
    if (token.string_key.empty()) {
        for (const std::string& value : token.value) {
            if (operands_ == nullptr) {
                return make_error(Errc::usage, "unexpected operand " + quote(value));
            }
            operands_->push_back(value);
        }
        return {};
    }
    const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& candidate) {
        return candidate.name == token.string_key;
    });
    if (entry == entries_.end()) return unknown(token.string_key);
    // Program_options takes whatever comes next for the argument: `--id --checksum md5`.
    const std::string spelling = "--" + entry->name;
    if (token.original_tokens.size() > 1 && is_option(token.original_tokens.back())) {
        return make_error(Errc::usage, spelling + " needs an argument");
    }
    given_.push_back(entry->name);
    if (entry->read) return entry->read(spelling, token.value.at(0));
    entry->raise();
    return {};
}

Result<> Options::read_environment() {
    for (const Entry& entry : entries_) {
        if (given(entry.name) || entry.name == "help" || entry.name == "version") continue;
        const std::string variable = variable_of(entry.name);
        const char* const value = std::getenv(variable.c_str());
        if (value == nullptr || *value == '\0') continue;
        given_.push_back(entry.name);
        if (entry.read) {
            if (auto read = entry.read(variable, value); !read) return read;
            continue;
        }
        const auto times = read_flag(variable, value, entry.counts ? most_counts : 0);
        if (!times) return times.error();
        for (int time = 0; time < *times; ++time) entry.raise();
    }
    return {};
}

Result<> Options::parse(std::span<const std::string> arguments) {
    given_.clear();
    const auto tokens = split(arguments);
    if (!tokens) return tokens.error();
    for (const po::option& token : *tokens) {
        if (auto taken = take(token); !taken) return taken;
    }
    typed_ = given_.size();
    // A wrong variable must not keep anybody from the help that explains it.
    if (given("help") || given("version")) return {};
    return read_environment();
}

}  // namespace netcopy::app
