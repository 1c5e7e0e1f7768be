#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>

#include "net/udp_batch.hpp"
#include "net/udp_handler.hpp"
#include "net/udp_socket.hpp"

namespace netcopy {

/// Sends a batch, in as few system calls as the kernel allows, and keeps what it does not take
/// now. Not thread-safe. No allocation after the constructor.
class UdpOutbox {
public:
    explicit UdpOutbox(const UdpLinkOptions& options)
        : batches_(options.batches), segmentation_(options.segmentation) {}

    enum class End {
        sent,            ///< all of it, or dropped
        blocked,         ///< go on when the socket is writable
        short_of_memory  ///< go on a moment later: nothing tells when
    };
    /// Sends the batch, or goes on with it. Datagrams that cannot be sent at all are dropped as a
    /// network drops them; those that are too large for it are reported.
    End send(UdpSocket& socket, UdpBatch& batch, UdpHandler& handler, UdpCounters& counters);

private:
    static constexpr std::size_t most_messages = 64;
    struct Control {
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo)) +
                                                   CMSG_SPACE(sizeof(std::uint16_t))> bytes;
    };

    std::size_t prepare(UdpSocket& socket, UdpBatch& batch);
    void put(UdpSocket& socket, UdpBatch& batch, const UdpBatch::Piece& piece, std::size_t message,
             std::size_t first, std::size_t count);
    int call(int descriptor, std::size_t count);
    void advance(const UdpBatch& batch, std::size_t datagrams);
    /// What is to be done about the first message that was not sent.
    End recover(int error, UdpBatch& batch, UdpHandler& handler, UdpCounters& counters);

    bool batches_;
    bool segmentation_;
    bool split_ = false;     // the piece that is next goes datagram by datagram
    std::size_t piece_ = 0;  // what is next: of the batch
    std::size_t done_ = 0;   // datagrams of that piece
    std::array<mmsghdr, most_messages> headers_{};
    std::array<iovec, most_messages> places_{};
    std::array<std::size_t, most_messages> counts_{};  // datagrams in each message
    std::array<sockaddr_storage, most_messages> to_{};
    std::array<Control, most_messages> controls_{};
};

}  // namespace netcopy
