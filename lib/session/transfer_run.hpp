#pragma once

#include <functional>
#include <string>

#include "net/dial.hpp"
#include "net/disk_pool.hpp"
#include "net/endpoint.hpp"
#include "net/rate_limit.hpp"
#include "net/stall_guard.hpp"
#include "session/copy_queue.hpp"
#include "store/digest_cache.hpp"
#include "wire/transfer.hpp"

namespace netcopy {

struct TransferRunPlan {
    Endpoint endpoint;
    DialOptions dialing;  ///< of each file's connection
    wire::TransferDigest kind = wire::TransferDigest::md5;
    bool sha256_too = false;  ///< in the outcomes, whatever goes over the wire
    StallLimit stall;
    RateLimit* rate = nullptr;  ///< none: no limit
};

/// Sends what the queue holds by the transfer protocol (seed 002), one file after the other, each
/// on a connection of its own and under its base name: folders come to nothing there, and links
/// and pipes fail. `cache` may be null. `connected` is called with the peer's address at the first
/// connection. The error is Errc::unreachable, when there never was one.
Task<Result<>> send_by_transfer(CopyQueue& queue, DiskPool& disk, DigestCache* cache,
                                TransferRunPlan plan,
                                std::function<void(const std::string&)> connected);

}  // namespace netcopy
