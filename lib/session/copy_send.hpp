#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/dial.hpp"
#include "net/disk_pool.hpp"
#include "net/endpoint.hpp"
#include "net/rate_limit.hpp"
#include "net/stall_guard.hpp"
#include "session/copy_connection.hpp"
#include "session/copy_queue.hpp"
#include "session/copy_sender.hpp"

namespace netcopy {

struct CopySendPlan {
    Endpoint endpoint;
    DialOptions dialing;          ///< of the first connection
    std::uint64_t retries = 8;    ///< fruitless tries in a row after a break, with doubling pauses
    std::size_t connections = 0;  ///< 0: as many as help, up to 4
    bool only_netcopy = false;    ///< the peer is known to speak netcopy/1: wait for its word
    CopySenderOptions options;
    StallLimit stall;
    RateLimit* rate = nullptr;  ///< none: no limit
};

/// The sender's side of netcopy/1 (docs/protocol/copy.md): opens connections, as many as help,
/// sends what the queue holds over them, and goes on by itself when one breaks. One network thread;
/// `disk` needs a thread for each connection.
class CopySend {
public:
    CopySend(CopySendPlan plan, DiskPool& disk, CopyQueue& queue);
    ~CopySend();

    /// The first connection: `idle`, if a ShareClient has left one, or a new one. False: the peer
    /// is there, but speaks no netcopy/1; its connection is closed. Errc::unreachable,
    /// Errc::refused.
    Task<Result<bool>> connect(CopyConnectionPtr idle = nullptr);
    /// After connect() said true: until the queue is finished. The error is that of the last
    /// connection, when trying again was in vain: what is not done then has not been counted.
    Task<Result<>> run();

    const std::string& peer() const;  ///< ADDRESS:PORT, once connected

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace netcopy
