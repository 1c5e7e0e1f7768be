#include "app/values.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view suffixes = "KMGT";

Error bad_seconds(const std::string& spelling, std::string_view value, std::string_view reason) {
    return make_error(Errc::usage, spelling + ": " + quote(value) + " " + std::string(reason));
}

/// The number of bits that a suffix shifts by; -1: there is no such suffix.
int shift_of(std::string_view suffix) {
    if (suffix.empty()) return 0;
    std::string upper(suffix);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const std::string_view rest = std::string_view(upper).substr(1);
    if (upper == "B") return 0;
    const auto power = suffixes.find(upper[0]);
    if (power == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "IB")) {
        return -1;
    }
    return 10 * (static_cast<int>(power) + 1);
}

/// The fraction of a second that the digits behind the dot say, in whole milliseconds, rounded up.
std::uint64_t milliseconds_of(std::string_view digits) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        value = value * 10 + (i < digits.size() ? static_cast<std::uint64_t>(digits[i] - '0') : 0);
    }
    const bool more =
        digits.size() > 3 && digits.find_first_not_of('0', 3) != std::string_view::npos;
    return value + (more ? 1 : 0);
}

}  // namespace

Result<std::chrono::milliseconds> read_seconds(const std::string& spelling,
                                               std::string_view value) {
    const auto dot = value.find('.');
    const std::string_view whole = value.substr(0, dot);
    const std::string_view part = dot == std::string_view::npos ? "" : value.substr(dot + 1);
    const bool digits = whole.find_first_not_of("0123456789") == std::string_view::npos &&
                        part.find_first_not_of("0123456789") == std::string_view::npos &&
                        !(whole.empty() && part.empty());
    if (!digits) return bad_seconds(spelling, value, "is no number of seconds");
    const auto seconds =
        whole.empty() ? 0 : parse_decimal(whole, static_cast<std::uint64_t>(most_seconds.count()));
    if (!seconds) return bad_seconds(spelling, value, "seconds are more than ten years");
    const std::uint64_t milliseconds = *seconds * 1000 + milliseconds_of(part);
    return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
}

Result<std::uint64_t> read_size(const std::string& spelling, std::string_view value) {
    const auto end = std::min(value.find_first_not_of("0123456789"), value.size());
    const int shift = shift_of(value.substr(end));
    if (end == 0 || shift < 0) {
        return make_error(Errc::usage, spelling + ": " + quote(value) +
                                           " is no size; write bytes, or 64K, 20M, 2G, 1T");
    }
    const auto number = parse_decimal(value.substr(0, end), UINT64_MAX >> shift);
    if (!number) return make_error(Errc::usage, spelling + ": " + quote(value) + " is too large");
    return *number << shift;
}

Result<std::uint64_t> read_number(const std::string& spelling, std::string_view value,
                                  std::uint64_t least, std::uint64_t most) {
    const auto number = parse_decimal(value, most);
    if (number && *number >= least) return *number;
    const std::string range = most == UINT64_MAX
                                  ? "of at least " + std::to_string(least)
                                  : "from " + std::to_string(least) + " to " + std::to_string(most);
    return make_error(Errc::usage, spelling + ": " + quote(value) + " is no whole number " + range);
}

Result<std::string> read_choice(const std::string& spelling, const std::string& value,
                                std::span<const std::string> choices) {
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
    std::string list;
    for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
    return make_error(Errc::usage, spelling + " must be one of " + list + ", not " + quote(value));
}

Result<std::vector<std::string>> read_choices(const std::string& spelling, std::string_view value,
                                              std::span<const std::string> choices) {
    std::vector<std::string> found;
    for (bool more = true; more;) {
        const auto comma = value.find(',');
        auto one = read_choice(spelling, std::string(value.substr(0, comma)), choices);
        if (!one) return one.error();
        if (std::find(found.begin(), found.end(), *one) == found.end()) {
            found.push_back(std::move(*one));
        }
        more = comma != std::string_view::npos;
        if (more) value.remove_prefix(comma + 1);
    }
    return found;
}

std::string seconds_text(std::chrono::milliseconds time) {
    const auto whole = time.count() / 1000;
    const auto part = time.count() % 1000;
    if (part == 0) return std::to_string(whole);
    std::string digits = std::to_string(1000 + part).substr(1);
    digits.resize(digits.find_last_not_of('0') + 1);
    return std::to_string(whole) + "." + digits;
}

std::string size_text(std::uint64_t bytes) {
    if (bytes == UINT64_MAX) return {};
    std::size_t power = 0;
    while (power < suffixes.size() && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        ++power;
    }
    return std::to_string(bytes) + (power == 0 ? "" : std::string(1, suffixes[power - 1]));
}

}  // namespace netcopy::app
