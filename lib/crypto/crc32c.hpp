#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace netcopy {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4): of `bytes`, or of those that `before` is the CRC
/// of and `bytes` behind them. Against accidents only. Short ones at full speed too
/// (docs/benchmarks.md). Thread-safe.
std::uint32_t crc32c(Bytes bytes, std::uint32_t before = 0);

}  // namespace netcopy
