#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

/// The arguments of options as people write them. `spelling` is what the error calls the option:
/// "--timeout", or "NETCOPY_TIMEOUT". All errors are Errc::usage.
namespace netcopy::app {

inline constexpr std::chrono::seconds most_seconds{3650LL * 86400};  ///< ten years

/// `2`, `2.5`, `.5`; 0 means no limit; at most ten years. Parts of a millisecond are rounded up.
Result<std::chrono::milliseconds> read_seconds(const std::string& spelling, std::string_view value);
/// Bytes: `1500`, `64K`, `2GiB`; K, M, G and T, in either case, are powers of 1024.
Result<std::uint64_t> read_size(const std::string& spelling, std::string_view value);
/// Decimal, from `least` to `most`.
Result<std::uint64_t> read_number(const std::string& spelling, std::string_view value,
                                  std::uint64_t least, std::uint64_t most);
Result<std::string> read_choice(const std::string& spelling, const std::string& value,
                                std::span<const std::string> choices);
/// `md5,sha256`: some of the choices, each once, in the order given.
Result<std::vector<std::string>> read_choices(const std::string& spelling, std::string_view value,
                                              std::span<const std::string> choices);

/// As a default is shown in the help: "60", "2.5".
std::string seconds_text(std::chrono::milliseconds time);
/// "64K"; empty for UINT64_MAX, which stands for no limit.
std::string size_text(std::uint64_t bytes);

}  // namespace netcopy::app
