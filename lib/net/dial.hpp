#pragma once

#include <chrono>

#include "base/limits.hpp"
#include "net/endpoint.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace netcopy {

struct DialOptions {
    Clock::duration timeout =
        limits::connect;        ///< names and all addresses of one try together; 0: none
    std::uint64_t retries = 0;  ///< tries beyond the first
    Clock::duration first_pause =
        std::chrono::milliseconds(250);  ///< before a retry; doubles, up to 8 s
};

struct Dialled {
    Socket socket;
    Tcp::endpoint peer;
};

/// Connects to the first address of `endpoint` that answers. The error (Errc::unreachable) says
/// what the last one said; the caller puts before it what it wanted there. Throws operation_aborted
/// when cancelled.
Task<Result<Dialled>> dial(Endpoint endpoint, DialOptions options);

}  // namespace netcopy
