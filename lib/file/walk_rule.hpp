#pragma once

#include <string>
#include <string_view>

#include "file/tree_walk.hpp"

namespace netcopy {

/// A WalkRule, taken apart. For file/ only. Thread-safe.
class WalkPattern {
public:
    explicit WalkPattern(const WalkRule& rule);

    bool include() const { return include_; }
    /// `below` is the path below the operand, empty for the operand itself; `last` its last
    /// component.
    bool matches(std::string_view below, const char* last, bool folder) const;

private:
    bool include_;
    bool folders_only_;
    bool whole_path_;
    std::string pattern_;
};

/// fnmatch(3), in which `*`, `?` and `[...]` match no slash, and `**` anything. `**/` also matches
/// nothing: `**/name` is `name` at any depth.
bool matches_path(const std::string& pattern, const std::string& path);

}  // namespace netcopy
