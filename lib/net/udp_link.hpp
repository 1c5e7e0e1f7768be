#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "net/disk_pool.hpp"
#include "net/task.hpp"
#include "net/udp_address.hpp"
#include "net/udp_handler.hpp"
#include "net/udp_socket.hpp"

namespace netcopy {

/// One UDP socket with all peers of a handler. As in the pump and exchange() a job in the disk pool
/// moves what goes without waiting, up to 100 ms at a time; the network thread waits for a
/// datagram, a deadline, or notify() (docs/architecture.md). Datagrams are sent unfragmented (DF)
/// and may have up to max_datagram bytes; they go out from the address that UdpPath::local names.
///
/// The socket is not connected: that nobody listens at a peer's port (ICMP) is silence here, as is
/// every other report of ICMP. Bursts that the kernel cannot take are kept and go on when it can.
class UdpLink {
public:
    /// `local`: port 0 takes any free one; `::` takes IPv4 as well. Errc::failed.
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
    /// run() returns when the job under way has ended, and at once from then on. Thread-safe.
    void stop();

    /// When run() is not under way, or from a handler's function.
    UdpCounters counters() const;

private:
    struct State;
    explicit UdpLink(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace netcopy
