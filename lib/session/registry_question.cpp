#include "session/registry_question.hpp"

#include <algorithm>

namespace netcopy {
namespace {

using Range = NameRanges::Range;

/// The first text behind all that begin so; none: there is no such.
std::optional<std::string> behind(std::string prefix) {
    while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
    if (prefix.empty()) return std::nullopt;
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    return prefix;
}

}  // namespace

std::string_view literal_prefix(std::string_view pattern) {
    return pattern.substr(0, pattern.find_first_of("*?[\\"));
}

NameRanges::NameRanges(const CatalogueQuestion& question) {
    std::vector<Range> wanted;
    if (question.all) {
        wanted.push_back({"", std::nullopt});
    } else {
        for (const std::string& name : question.names) {
            wanted.push_back({name, name + '\0'});
        }
        for (const std::string& prefix : question.prefixes) {
            wanted.push_back({prefix, behind(prefix)});
        }
    }
    std::ranges::sort(wanted, {}, &Range::first);
    for (Range& range : wanted) {
        Range* const last = ranges_.empty() ? nullptr : &ranges_.back();
        if (!last || (last->end && *last->end < range.first)) {
            ranges_.push_back(std::move(range));
        } else if (last->end && (!range.end || *last->end < *range.end)) {
            last->end = std::move(range.end);
        }
    }
}

const Range* NameRanges::from(std::string_view name) const {
    const auto found = std::ranges::partition_point(
        ranges_, [name](const Range& range) { return range.end && *range.end <= name; });
    return found == ranges_.end() ? nullptr : &*found;
}

bool NameRanges::contains(std::string_view name) const {
    const Range* const range = from(name);
    return range && range->first <= name;
}

}  // namespace netcopy
