#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/dial.hpp"
#include "net/disk_pool.hpp"
#include "net/endpoint.hpp"
#include "net/exchange.hpp"
#include "net/rate_limit.hpp"
#include "net/stall_guard.hpp"
#include "session/copy_connection.hpp"

namespace netcopy {

/// The client's side of one netcopy/1 connection after the opening.
class CopyTalk : public Dialogue {
public:
    /// The connection has brought the run forward.
    virtual bool fruitful() const = 0;
    /// The connection has gone: what is whole is to be kept. In the disk pool.
    virtual void commit() {}
};

/// What the connections of a run work on together. Thread-safe.
class CopyWork {
public:
    virtual ~CopyWork() = default;

    virtual std::unique_ptr<CopyTalk> talk(const CopyConnectionPtr& connection,
                                           const Executor& executor) = 0;
    virtual bool finished() const = 0;  ///< everything has been done
    virtual bool has_more() const = 0;  ///< something waits that no connection has
    /// How much has been done, to see whether another connection helps.
    virtual std::uint64_t done() const = 0;
    /// Called, on any thread, when a connection may have something to say again.
    virtual void on_change(std::function<void()> call) = 0;
};

struct CopyRunPlan {
    Endpoint endpoint;
    DialOptions dialing;          ///< of the first connection
    std::uint64_t retries = 8;    ///< fruitless tries in a row after a break, with doubling pauses
    std::size_t connections = 0;  ///< 0: as many as help, up to 4
    bool only_netcopy = false;    ///< the peer is known to speak netcopy/1: wait for its word
    bool grows = true;            ///< by more connections than the first
    bool keeps = false;           ///< the last connection stays open, for release()
    wire::CopyOpening opening;    ///< but for the session, which is made here
    StallLimit stall;
    RateLimit* sending = nullptr;  ///< none: no limit
    RateLimit* receiving = nullptr;
};

/// A client's run over netcopy/1: opens connections, as many as help, lets each talk, and goes on
/// by itself when one breaks. One network thread; `disk` needs a thread for each connection.
class CopyRun {
public:
    CopyRun(CopyRunPlan plan, DiskPool& disk, CopyWork& work);
    ~CopyRun();

    /// The first connection: `idle`, one that another run has left, or a new one. False: the peer
    /// is there, but speaks no netcopy/1; its connection is closed. Errc::unreachable,
    /// Errc::refused.
    Task<Result<bool>> connect(CopyConnectionPtr idle = nullptr);
    /// After connect() said true: until the work is finished. The error is that of the last
    /// connection, when trying again was in vain.
    Task<Result<>> run();
    /// The last connection, if its talk has come to its end: for another run. Null: none.
    CopyConnectionPtr release();

    const std::string& peer() const;  ///< ADDRESS:PORT, once connected

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace netcopy
