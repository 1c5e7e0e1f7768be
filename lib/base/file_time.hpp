#pragma once

#include <compare>
#include <cstdint>

namespace netcopy {

/// When a file was last modified: since 1970-01-01 00:00 UTC, before it negative seconds.
struct FileTime {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;  ///< 0 to 999,999,999

    auto operator<=>(const FileTime&) const = default;
};

}  // namespace netcopy
