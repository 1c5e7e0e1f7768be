#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/bytes.hpp"

/// pread(2) and pwrite(2) that go on when interrupted or cut short. For file/ only.
namespace netcopy {

/// How many bytes there were, up to the buffer's size; -1 with errno.
ssize_t read_all_at(int file, MutableBytes buffer, std::uint64_t offset);
/// False with errno.
bool write_all_at(int file, Bytes bytes, std::uint64_t offset);
/// The same for pieces that lie one behind the other in the file (pwritev).
bool write_all_at(int file, std::span<const Bytes> pieces, std::uint64_t offset);

}  // namespace netcopy
