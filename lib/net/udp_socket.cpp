#include "net/udp_socket.hpp"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <cstring>

namespace netcopy {
namespace {

/// Options that only make things better: without one of them the link still works.
void wish(int socket, int level, int name, int value) {
    ::setsockopt(socket, level, name, &value, sizeof value);
}

/// FORCE goes beyond net.core.rmem_max, for those who may (CAP_NET_ADMIN).
void size_buffer(int socket, int force, int name, std::size_t bytes) {
    const int value = static_cast<int>(std::min<std::size_t>(bytes, 1 << 30));
    if (::setsockopt(socket, SOL_SOCKET, force, &value, sizeof value) != 0) {
        wish(socket, SOL_SOCKET, name, value);
    }
}

/// Never fragmented, here or on the way, and no belief in ICMP about the size of what fits: the
/// protocol finds that out by itself (RFC 8899).
void forbid_fragments(int socket, bool is_v6) {
    wish(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    if (is_v6) wish(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

}  // namespace

Result<UdpSocket> UdpSocket::open(const Executor& executor, const UdpAddress& local,
                                  const UdpLinkOptions& options) {
    const auto endpoint = local.endpoint();
    Socket socket(executor);
    error_code error;
    socket.open(endpoint.protocol(), error);
    if (!error && !local.is_v4()) {
        socket.set_option(asio::ip::v6_only(!local.is_unspecified()), error);
    }
    if (!error) socket.bind(endpoint, error);
    if (!error) socket.native_non_blocking(true, error);
    if (error) return make_error(Errc::failed, "cannot use UDP at " + to_string(local), error);
    return UdpSocket(std::move(socket), options);
}

UdpSocket::UdpSocket(Socket socket, const UdpLinkOptions& options)
    : socket_(std::move(socket)), local_(socket_.local_endpoint()) {
    is_v6_ = socket_.local_endpoint().protocol() == Udp::v6();
    const int fd = descriptor();
    forbid_fragments(fd, is_v6_);
    size_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer);
    size_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer);
    if (options.segmentation) wish(fd, IPPROTO_UDP, UDP_GRO, 1);
    wish(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (!local_.is_unspecified()) return;
    if (is_v6_) {
        wish(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    } else {
        wish(fd, IPPROTO_IP, IP_PKTINFO, 1);
    }
}

std::size_t UdpSocket::receive_buffer() const {
    int doubled = 0;  // by the kernel: what it needs beside the payload counts as well
    socklen_t size = sizeof doubled;
    ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVBUF, &doubled, &size);
    return static_cast<std::size_t>(doubled) / 2;
}

std::uint64_t UdpSocket::overflowed() const {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    socklen_t size = sizeof info;
    ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_MEMINFO, info.data(), &size);
    return info[SK_MEMINFO_DROPS];
}

socklen_t to_sockaddr(const UdpAddress& address, bool is_v6, sockaddr_storage& out) {
    if (is_v6) {
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(address.port());
        to.sin6_scope_id = address.scope();
        std::memcpy(&to.sin6_addr, address.ip().data(), address.ip().size());
        std::memcpy(&out, &to, sizeof to);
        return sizeof to;
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port());
    std::memcpy(&to.sin_addr, address.ip().data() + 12, 4);
    std::memcpy(&out, &to, sizeof to);
    return sizeof to;
}

UdpAddress from_sockaddr(const sockaddr_storage& from) {
    if (from.ss_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &from, sizeof v6);
        std::array<std::uint8_t, 16> ip;
        std::memcpy(ip.data(), &v6.sin6_addr, ip.size());
        return {ip, ntohs(v6.sin6_port), v6.sin6_scope_id};
    }
    sockaddr_in v4;
    std::memcpy(&v4, &from, sizeof v4);
    return {asio::ip::address_v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
}

}  // namespace netcopy
