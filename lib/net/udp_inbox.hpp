#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "net/udp_socket.hpp"

namespace netcopy {

/// What one system call received. Memory as much as datagrams fill of it: 4 MiB at the most. Not
/// thread-safe. No allocation after the constructor.
class UdpInbox {
public:
    static constexpr std::size_t most_messages = 64;

    explicit UdpInbox(bool batches);

    /// Some datagrams of one path and size that came in one piece (UDP_GRO), or a single one: all
    /// have `segment` bytes but the last.
    struct Piece {
        UdpPath path;
        Bytes bytes;
        std::size_t segment = 0;
        std::chrono::nanoseconds age{0};  ///< since the kernel had it
    };

    /// How many pieces came; 0: nothing waits. Throws system_error if the socket fails.
    std::size_t receive(UdpSocket& socket);
    /// Of the last receive(); the bytes stay until the next one.
    Piece piece(std::size_t number, const UdpAddress& own) const;

private:
    static constexpr std::size_t piece_room = 64 * 1024;
    struct Control {
        alignas(cmsghdr)
            std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int)) +
                                      CMSG_SPACE(sizeof(timespec))> bytes;
    };

    void prepare(std::size_t count);
    int call(int descriptor, std::size_t count);

    bool batches_;
    std::size_t largest_ = 0;              // of the last ones
    std::chrono::nanoseconds received_{};  // when, by the system's clock
    std::unique_ptr<std::byte[]> buffer_;
    std::array<mmsghdr, most_messages> headers_{};
    std::array<iovec, most_messages> places_{};
    std::array<sockaddr_storage, most_messages> from_{};
    std::array<Control, most_messages> controls_;
};

}  // namespace netcopy
