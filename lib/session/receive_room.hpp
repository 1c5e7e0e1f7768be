#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "file/tree.hpp"
#include "net/disk_pool.hpp"
#include "session/receive_rules.hpp"

namespace netcopy {

/// Why a file may not come.
struct NoRoom {
    std::string words;   ///< for its sender: our limits and paths are not its business
    std::string reason;  ///< for our own user
};

/// Asks before a byte is written whether a file of `size` bytes may come: by `max_size`, by the
/// quota (null: none), of which `more` bytes are then reserved in `share`, and by the free space
/// for as many. No value: it may. Errc::local_file.
Task<Result<std::optional<NoRoom>>> reserve_room(DiskPool& disk, Tree& tree, std::uint64_t max_size,
                                                 Quota* quota, QuotaShare& share,
                                                 std::uint64_t size, std::uint64_t more);

}  // namespace netcopy
