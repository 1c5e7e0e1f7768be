#pragma once

#include <string>
#include <string_view>

namespace netcopy {

/// `%Y%m%d_%H%M%S_NAME`, now, in local time: as seed 002's receiver calls what it takes
/// (--timestamp). Thread-safe.
std::string stamped(std::string_view name);

}  // namespace netcopy
