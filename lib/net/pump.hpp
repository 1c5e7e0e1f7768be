#pragma once

#include <functional>
#include <optional>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/progress.hpp"
#include "net/disk_pool.hpp"
#include "net/rate_limit.hpp"
#include "net/stall_guard.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace netcopy {

/// Fills the buffer with the next bytes of the source; 0 at its end; no value when it has none yet.
/// Runs in the disk pool, and must not wait for another program there.
using Produce = std::function<Result<std::optional<std::size_t>>(MutableBytes)>;
/// Returns when the source has bytes again. On the network thread.
using WaitForSource = std::function<Task<>()>;
/// Takes the next bytes to the target. Runs in the disk pool.
using Consume = std::function<Result<>(Bytes)>;

/// The only two loops that move a body between a file and a connection. A job in the disk pool
/// moves, without blocking on the socket, as much as goes at once; the network thread waits for the
/// rest. Memory does not grow with the body: one buffer of 512 KiB. Return the bytes moved. Errors
/// of the file come back; those of the connection are thrown, as Stream does. No job is under way
/// any more when they return or throw. `rate` limits what moves; it may be shared.
Task<Result<std::uint64_t>> pump_out(Stream& stream, DiskPool& disk, Produce produce,
                                     WaitForSource wait, Progress& progress, StallLimit stall,
                                     RateLimit* rate = nullptr);

/// Until `length` bytes have come, or without a length until the peer ends. Throws
/// Errc::connection_lost when the peer ends short of the length.
Task<Result<std::uint64_t>> pump_in(Stream& stream, DiskPool& disk, Consume consume,
                                    std::optional<std::uint64_t> length, Progress& progress,
                                    StallLimit stall, RateLimit* rate = nullptr);

}  // namespace netcopy
