#pragma once

#include <array>
#include <string_view>

/// The proof at the end of each line of netcopy/1 (docs/protocol/copy.md, "Grammar").
namespace netcopy::wire {

/// A space, and the CRC-32C (RFC 3720, appendix B.4) of the line before it in lower-case hex.
using CopyCheck = std::array<char, 9>;

/// `line` is without check and LF.
CopyCheck copy_check(std::string_view line);

}  // namespace netcopy::wire
