#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace netcopy {

/// CRC-64 of XZ (ECMA-182, reflected, inverted before and after), of the bytes that `before` is the
/// CRC-64 of, and `bytes` behind them. 0 is that of no bytes; that of "123456789" is
/// 995dc9bbdf1939fa.
std::uint64_t crc64(std::uint64_t before, Bytes bytes);

/// The same for `count` zero bytes.
std::uint64_t crc64_zeros(std::uint64_t before, std::uint64_t count);

}  // namespace netcopy
