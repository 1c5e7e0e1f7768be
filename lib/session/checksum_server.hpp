#pragma once

#include <chrono>

#include "net/stream.hpp"
#include "net/task.hpp"
#include "store/ttl_store.hpp"
#include "wire/checksum.hpp"

namespace netcopy {

struct ChecksumServerLimits {
    wire::RequestLimits request;
    Clock::duration idle = limits::server_idle;  ///< zero: for ever
    Clock::duration message =
        limits::message;  ///< from a message's first byte to its last; also for an answer
};

/// A KI that nothing ends is complete when no byte follows for so long (docs/protocol/checksum.md).
inline constexpr std::chrono::milliseconds lookup_pause{50};

/// The server's side of the checksum protocol on one connection, until the peer ends it, breaks the
/// protocol (it is told `ERR|reason`) or stays quiet too long.
Task<> serve_checksums(Stream& stream, TtlStore& store, const ChecksumServerLimits& limits);

}  // namespace netcopy
