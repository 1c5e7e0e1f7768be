#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "net/disk_pool.hpp"
#include "net/rate_limit.hpp"
#include "net/stall_guard.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace netcopy {

/// One side of a conversation in which both sides talk at the same time: a state machine without
/// socket, coroutine or wait. Its functions are called one at a time, in the disk pool: they may
/// block on files, never on a peer.
class Dialogue {
public:
    virtual ~Dialogue() = default;

    /// Takes what it can of the bytes that have come, and says how many; the rest is offered again
    /// with more behind it, or after work(). Must take something of 32 KiB unless busy().
    virtual Result<std::size_t> consume(Bytes bytes) = 0;
    /// Puts what is to be said next into the buffer and says how many bytes; 0: nothing now.
    virtual Result<std::size_t> produce(MutableBytes buffer) = 0;

    /// Something is to be done (hash, sync) before more is taken: work() is called until it is not.
    virtual bool busy() const = 0;
    /// A stretch of it, a tenth of a second or one system call. Also called when due() has come.
    virtual Result<> work() = 0;
    /// When work() is to be called though nothing moves; max: not at all.
    virtual Clock::time_point due() const = 0;

    /// The peer owes us something: if nothing comes, it has stalled.
    virtual bool awaits_peer() const = 0;
    /// Whole messages taken so far: a peer that says one is alive, however short it is.
    virtual std::uint64_t messages() const = 0;
    /// Everything has been said, by both.
    virtual bool finished() const = 0;
    /// We are asked to come to an end soon (Server::stop()). May be called again.
    virtual void stop() = 0;
    /// Said between messages while work() lasts or nothing else is to be said, so that the peer
    /// knows us alive.
    virtual std::string_view sign_of_life() const = 0;
};

struct ExchangeLimits {
    StallLimit stall;
    std::chrono::milliseconds sign_of_life{5000};
    RateLimit* sending = nullptr;  ///< none: no limit
    RateLimit* receiving = nullptr;
};

/// Moves bytes between a connection and a dialogue, both ways at once, until it has finished. As in
/// the pump (docs/decisions/0010) a job in the disk pool moves what goes without waiting; the
/// network thread waits. Memory: 512 KiB each way. Errors of the dialogue come back; those of the
/// connection are thrown, as Stream does, Errc::connection_lost also when the peer ends too early.
/// When the dialogue has finished, what it has not taken is in the stream's buffer again. No job is
/// under way any more when it returns or throws.
Task<Result<>> exchange(Stream& stream, DiskPool& disk, Dialogue& dialogue, ExchangeLimits limits);

}  // namespace netcopy
