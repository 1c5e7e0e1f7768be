#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace netcopy {

/// How far a transfer is. The pump counts, the screen polls: no locks and no calls between them.
/// Thread-safe; must outlive the transfer.
struct Progress {
    static constexpr std::uint64_t unknown = UINT64_MAX;

    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> total{unknown};  ///< bytes in all, or unknown
};

/// What a file waits for.
enum class Phase { moving, hashing, comparing, syncing };

/// One file of many, while it is under way.
struct FileProgress : Progress {
    explicit FileProgress(std::string file) : name(std::move(file)) {}

    const std::string name;  ///< as it came from the disk or a peer: to be escaped when shown
    std::atomic<Phase> phase{Phase::moving};
};

/// How far many files are. The inherited bytes are those done, skipped ones included, of `total` as
/// far as it is known. Thread-safe; must outlive the transfer.
struct TreeProgress : Progress {
    TreeProgress() { total = 0; }

    std::atomic<std::uint64_t> files{0};        ///< done, one way or the other
    std::atomic<std::uint64_t> files_total{0};  ///< found so far
    std::atomic<bool> counting{true};           ///< more may be found: the totals will grow

    /// Shows a file for as long as the caller holds on to it. For files that take long.
    std::shared_ptr<FileProgress> begin(std::string name, std::uint64_t size);
    /// Those under way, the oldest first.
    std::vector<std::shared_ptr<FileProgress>> active() const;

private:
    mutable std::mutex mutex_;
    mutable std::vector<std::weak_ptr<FileProgress>> active_;
};

}  // namespace netcopy
