#pragma once

#include <atomic>
#include <cstdint>

namespace netcopy {

/// How far a transfer is. The pump counts, the screen polls: no locks and no calls between them.
/// Thread-safe; must outlive the transfer.
struct Progress {
    static constexpr std::uint64_t unknown = UINT64_MAX;

    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> total{unknown};  ///< bytes in all, or unknown
};

}  // namespace netcopy
