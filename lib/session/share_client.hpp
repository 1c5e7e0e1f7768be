#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "file/tree.hpp"
#include "net/dial.hpp"
#include "net/disk_pool.hpp"
#include "net/endpoint.hpp"
#include "net/rate_limit.hpp"
#include "net/stall_guard.hpp"
#include "session/copy_connection.hpp"
#include "session/receive_rules.hpp"
#include "session/share_wishes.hpp"
#include "wire/copy.hpp"

namespace netcopy {

struct ShareClientPlan {
    Endpoint endpoint;
    DialOptions dialing;          ///< of the first connection
    std::uint64_t retries = 8;    ///< fruitless tries in a row after a break, with doubling pauses
    std::size_t connections = 1;  ///< for get()
    bool only_netcopy = false;    ///< the peer is known to speak netcopy/1: wait for its word
    StallLimit stall;
    RateLimit* rate = nullptr;  ///< of what comes; none: no limit
};

/// Called for each file of a list in the share's order, one call at a time, in the disk pool.
using OnListed = std::function<void(const wire::CopyFile&)>;

/// A client of `netcopy share` by netcopy/1 (docs/protocol/copy.md): lists and gets. Puts are
/// CopySend's, which may go on with the connection. One network thread; `disk` needs a thread for
/// each connection.
class ShareClient {
public:
    ShareClient(ShareClientPlan plan, DiskPool& disk);
    ~ShareClient();

    /// False: the peer is there, but speaks no netcopy/1; its connection is closed. Goes on by
    /// itself, behind the last file, when the connection breaks. Errc::unreachable, Errc::refused,
    /// Errc::connection_lost, Errc::timed_out, Errc::protocol.
    Task<Result<bool>> list(OnListed on_listed);

    /// After list() said true. Fetches what is wished into the tree, until everything is done, and
    /// goes on by itself when a connection breaks. Nothing gets a final name whose MD5 is not the
    /// one that was wished. `overwrite`: what becomes of other files of the same names; one with
    /// the bytes that are wished counts as done. The error is that of the last connection, when
    /// trying again was in vain; what was left has been finished with it. Of single files:
    /// Errc::connection_lost when the share changed or lost it meanwhile, Errc::corrupted,
    /// Errc::refused, Errc::local_file.
    Task<Result<>> get(ShareWishes& wishes, const Tree& tree, Overwrite overwrite);

    /// The connection that list() or get() has left open, for CopySend::connect(); null: none.
    CopyConnectionPtr release();

    const std::string& peer() const;  ///< ADDRESS:PORT, once connected

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace netcopy
