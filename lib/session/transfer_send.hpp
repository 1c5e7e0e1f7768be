#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/progress.hpp"
#include "file/source.hpp"
#include "net/disk_pool.hpp"
#include "net/pump.hpp"
#include "net/stream.hpp"
#include "wire/transfer.hpp"

namespace netcopy {

struct TransferPlan {
    std::string name;  ///< one component, as the receiver is to have it
    wire::TransferDigest kind = wire::TransferDigest::md5;  ///< not none: that gets no answer
    std::string digest;  ///< of the source, in hex: see store/digest_cache.hpp
    /// Receivers of other makes take whatever the first segment holds for the header: the file
    /// follows after a pause, which netcopy's own receiver does not need.
    bool peer_is_netcopy = false;
    StallLimit stall;
    RateLimit* rate = nullptr;  ///< none: no limit
    /// Called with the receiver's answer, escaped, whatever it says. Not called without one.
    std::function<void(std::string_view words)> answered;
};

struct TransferSent {
    std::uint64_t bytes = 0;
};

/// The sender's side of the transfer protocol (seed 002; docs/protocol/transfer.md): header, file,
/// and the wait for the receiver's word. On any failure but one that the receiver told, and when
/// the task is cancelled, the connection is reset. Errors: refused (by the receiver; or a name that
/// this wire cannot say), corrupted (mismatch), connection_lost (also: it says incomplete),
/// timed_out, unverified (the receiver closed without a word, or with words that say nothing),
/// local_file (also when the source changed meanwhile, or has no size).
Task<Result<TransferSent>> send_transfer(Stream& stream, DiskPool& disk, FileSource& source,
                                         const TransferPlan& plan, Progress& progress);

}  // namespace netcopy
