#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "net/disk_pool.hpp"
#include "net/task.hpp"
#include "net/udp_address.hpp"
#include "net/udp_batch.hpp"

namespace netcopy {

/// What talks through a UdpLink: state machines and files, without socket, coroutine or wait. Its
/// functions are called one at a time, in the disk pool: they may block on files, never on a peer.
class UdpHandler {
public:
    virtual ~UdpHandler() = default;

    /// A packet with a right seal came. Its bytes are anybody's: hostile. They stay where they are
    /// until after_batch() has returned, so that payloads of many can be written by one call.
    virtual void on_datagram(Clock::time_point now, const UdpPath& from, Bytes packet) = 0;
    /// Up to 512 KiB were received, or all that waited: the moment to write and to acknowledge.
    virtual void after_batch(Clock::time_point now) = 0;
    /// Adds packets that are to be sent now, as many as have room if there are so many; false: no
    /// more for now. Called again with an empty batch until then. Also called when next_deadline()
    /// has come, and after notify().
    virtual bool produce(Clock::time_point now, UdpBatch& out) = 0;
    /// When produce() is to be called though nothing comes; max: not at all. Asked after produce()
    /// said no. While it is in the past, produce() is called again and again.
    virtual Clock::time_point next_deadline() = 0;
    /// A packet of `size` bytes (without seal) was not sent: the first network on its way takes
    /// no datagram so large (EMSGSIZE). What a router further on drops, only silence tells.
    virtual void on_too_big(const UdpPath& to, std::size_t size) = 0;
};

struct UdpLinkOptions {
    std::size_t receive_buffer = 8 << 20;  ///< bytes asked of the kernel
    std::size_t send_buffer = 2 << 20;
    bool segmentation = true;  ///< UDP_SEGMENT and UDP_GRO, where the kernel has them
    bool batches = true;       ///< sendmmsg and recvmmsg
};

/// Since open().
struct UdpCounters {
    std::uint64_t received = 0, received_bytes = 0;  ///< datagrams with a right seal; with seals
    std::uint64_t bad_seals = 0;                     ///< dropped: damaged, or no packets of ours
    std::uint64_t overflowed = 0;                    ///< dropped by the kernel: buffer full
    std::uint64_t sent = 0, sent_bytes = 0;
    std::uint64_t too_big = 0;                        ///< not sent: on_too_big()
    std::uint64_t send_errors = 0;                    ///< not sent: no route, a firewall, ...
    std::uint64_t receive_calls = 0, send_calls = 0;  ///< system calls
    std::uint64_t send_waits = 0;                     ///< the kernel's buffer was full
    std::uint64_t jobs = 0;                           ///< of the disk pool
};

/// One UDP socket with all peers of a handler. As in the pump and exchange() a job in the disk pool
/// moves what goes without waiting, up to 100 ms at a time; the network thread waits for a
/// datagram, a deadline, or notify() (docs/decisions/0016). Datagrams are sent unfragmented (DF)
/// and may have up to max_datagram bytes; they go out from the address that UdpPath::local names.
///
/// The socket is not connected: that nobody listens at a peer's port (ICMP) is silence here, as is
/// every other report of ICMP. Bursts that the kernel cannot take are kept and go on when it can.
class UdpLink {
public:
    /// `local`: port 0 takes any free one; `::` takes IPv4 as well. Errc::local_file never: a
    /// socket that cannot be had is Errc::failed, a port that is in use Errc::refused.
    static Result<UdpLink> open(const Executor& executor, DiskPool& disk, const UdpAddress& local,
                                const UdpLinkOptions& options);
    UdpLink(UdpLink&&) noexcept;
    UdpLink& operator=(UdpLink&&) noexcept;
    ~UdpLink();

    UdpAddress local() const;            ///< with the real port
    std::size_t receive_buffer() const;  ///< payload bytes, about, that the kernel granted

    /// Runs the handler until stop(). Once at a time, on the link's network thread. Throws what the
    /// handler throws, system_error if the socket fails, operation_aborted when cancelled; no job
    /// is under way any more when it returns or throws.
    Task<> run(UdpHandler& handler);

    /// Something changed outside: produce() and next_deadline() are asked again soon. Thread-safe,
    /// for the handler's own job too; cheap when one is under way already.
    void notify();
    /// run() returns when the job under way has ended. Thread-safe.
    void stop();

    /// When run() is not under way, or from a handler's function.
    UdpCounters counters() const;

private:
    struct State;
    explicit UdpLink(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace netcopy
