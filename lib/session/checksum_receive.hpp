#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "crypto/digest.hpp"
#include "net/disk_pool.hpp"
#include "net/pump.hpp"
#include "net/stream.hpp"
#include "session/checksum_client.hpp"

namespace netcopy {

struct ReceivePlan {
    std::filesystem::path target;
    std::string id;  ///< canonical
    std::vector<DigestKind> kinds = {DigestKind::md5,
                                     DigestKind::crc32};  ///< computed in the one pass
    std::uint64_t max_size = UINT64_MAX;                  ///< bytes; more are refused
    StallLimit stall;
    RateLimit* rate = nullptr;  ///< none: no limit
};

/// A missing entry is asked for again so long: most senders insert only after closing.
inline constexpr std::chrono::seconds lookup_patience{2};

struct Received {
    std::uint64_t bytes = 0;  ///< that arrived, whatever became of them
    Digests digests;          ///< of those
    Result<>
        outcome;  ///< success: verified, durable, under its name. Else corrupted, unverified, ...
};

/// The receiver's side of the main job (seed 000; docs/protocol/checksum.md). Takes bytes until the
/// peer ends, closes the connection, and compares with the checksum server's entry. Only what
/// verifies gets the target's name; what arrived but does not verify is kept as TARGET.corrupted,
/// unless it was refused or the local file system is what failed. An older TARGET is never touched
/// by a failure.
Task<Received> receive_with_checksum(Stream& stream, DiskPool& disk, ChecksumClient& checksums,
                                     ReceivePlan plan, Progress& progress);

}  // namespace netcopy
