#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "base/error.hpp"
#include "net/task.hpp"
#include "net/udp_address.hpp"

namespace netcopy {

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

/// The socket itself, set up: unfragmented sending, buffers, GRO, the address that a datagram came
/// to. What is sent and received goes through UdpOutbox and UdpInbox.
class UdpSocket {
public:
    using Socket = asio::basic_datagram_socket<Udp, Executor>;

    static Result<UdpSocket> open(const Executor& executor, const UdpAddress& local,
                                  const UdpLinkOptions& options);

    Socket& waiting() { return socket_; }  ///< for waiting only
    int descriptor() { return socket_.native_handle(); }
    bool is_v6() const { return is_v6_; }
    UdpAddress local() const { return local_; }
    std::size_t receive_buffer() const;  ///< bytes granted; payload has about as many
    std::uint64_t overflowed() const;    ///< datagrams that the full buffer has cost so far

private:
    UdpSocket(Socket socket, const UdpLinkOptions& options);

    mutable Socket socket_;
    bool is_v6_;
    UdpAddress local_;
};

/// For system calls on a socket of IPv6 (which takes IPv4 addresses as ::ffff:1.2.3.4) or IPv4.
socklen_t to_sockaddr(const UdpAddress& address, bool is_v6, sockaddr_storage& out);
UdpAddress from_sockaddr(const sockaddr_storage& from);

}  // namespace netcopy
