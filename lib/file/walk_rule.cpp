#include "file/walk_rule.hpp"

#include <fnmatch.h>

namespace netcopy {

bool matches_path(const std::string& pattern, const std::string& path) {
    const std::size_t stars = pattern.find("**");
    if (stars == pattern.npos) return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
    const std::string before = pattern.substr(0, stars);
    const std::string after = pattern.substr(stars + 2);
    const bool own_component = before.empty() || before.ends_with('/');
    if (own_component && after.starts_with('/') && matches_path(before + after.substr(1), path)) {
        return true;
    }
    for (std::size_t end = 0; end <= path.size(); ++end) {
        if (::fnmatch(before.c_str(), path.substr(0, end).c_str(), FNM_PATHNAME) != 0) continue;
        for (std::size_t begin = end; begin <= path.size(); ++begin) {
            if (matches_path(after, path.substr(begin))) return true;
        }
        return false;  // a longer beginning would leave only what has been tried
    }
    return false;
}

WalkPattern::WalkPattern(const WalkRule& rule) : include_(rule.include), pattern_(rule.pattern) {
    folders_only_ = pattern_.size() > 1 && pattern_.ends_with('/');
    if (folders_only_) pattern_.pop_back();
    whole_path_ = pattern_.find('/') != pattern_.npos;
    if (pattern_.starts_with('/')) pattern_.erase(0, 1);  // "/a": a at the top only
}

bool WalkPattern::matches(std::string_view below, const char* last, bool folder) const {
    if (folders_only_ && !folder) return false;
    if (!whole_path_) return ::fnmatch(pattern_.c_str(), last, 0) == 0;
    return !below.empty() && matches_path(pattern_, std::string(below));
}

}  // namespace netcopy
