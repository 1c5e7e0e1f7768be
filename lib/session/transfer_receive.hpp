#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/limits.hpp"
#include "base/progress.hpp"
#include "crypto/digest.hpp"
#include "file/tree.hpp"
#include "net/disk_pool.hpp"
#include "net/pump.hpp"
#include "net/stream.hpp"
#include "session/receive_rules.hpp"
#include "wire/transfer.hpp"

namespace netcopy {

struct TransferRules {
    bool stamp = true;  ///< store as `%Y%m%d_%H%M%S_NAME`, local time; then no name is ever taken
    Existing existing = Existing::keep;        ///< of a name without stamp
    std::uint64_t max_size = UINT64_MAX;       ///< bytes; more are refused
    Clock::duration header = limits::message;  ///< until the header is whole
    StallLimit stall;
    Quota* quota = nullptr;     ///< none: no limit
    RateLimit* rate = nullptr;  ///< none: no limit
    /// Called on the network thread when the header is understood and the file is welcome.
    std::function<void(const std::string& name, std::uint64_t size)> begun;
};

struct TransferReceived {
    std::string
        name;  ///< as stored, or as it would have been; empty: the header was not understood
    std::uint64_t size = 0;                                  ///< bytes announced
    std::uint64_t bytes = 0;                                 ///< bytes of the file that arrived
    wire::TransferDigest kind = wire::TransferDigest::none;  ///< that the header had
    Digests digests;    ///< of what arrived: of that kind, else MD5
    bool same = false;  ///< the same file was there already, and stays
    /// Success: verified as far as the header allows, durable, under its name. Else corrupted,
    /// connection_lost (also: incomplete), timed_out, protocol, refused, local_file.
    Result<> outcome;
};

/// The receiver's side of the transfer protocol (seed 002; docs/protocol/transfer.md). The header
/// may have been read already, but not consumed. Takes the file's bytes, verifies, makes durable
/// what verifies and gives it its name, and only then says so. What does not verify is kept as
/// NAME.corrupted, unless it was refused or the local file system is what failed. A sender that
/// gave no digest gets no answer. The caller closes the connection.
Task<TransferReceived> receive_transfer(Stream& stream, DiskPool& disk, Tree& tree,
                                        TransferRules rules, Progress& progress);

}  // namespace netcopy
