#include "net/udp_inbox.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>

namespace netcopy {
namespace {

template <class T>
T content(const cmsghdr& control) {
    T value;
    std::memcpy(&value, CMSG_DATA(&control), sizeof value);
    return value;
}

UdpAddress address_of(const in_pktinfo& info, std::uint16_t port) {
    return {asio::ip::address_v4(ntohl(info.ipi_spec_dst.s_addr)), port};
}

/// The kernel wants to know the interface of a link-local address, and only of that.
UdpAddress address_of(const in6_pktinfo& info, std::uint16_t port) {
    std::array<std::uint8_t, 16> ip;
    std::memcpy(ip.data(), &info.ipi6_addr, ip.size());
    const bool local = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr);
    return {ip, port, local ? static_cast<std::uint32_t>(info.ipi6_ifindex) : 0};
}

}  // namespace

UdpInbox::UdpInbox(bool batches)
    : batches_(batches),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(most_messages * piece_room)) {}

std::size_t UdpInbox::receive(UdpSocket& socket) {
    // What is received is used while it is in the second-level cache, as far as it fits there.
    constexpr std::size_t cached = 512 * 1024;
    const std::size_t count = batches_ ? std::clamp(cached / std::max<std::size_t>(largest_, 1),
                                                    std::size_t{8}, most_messages)
                                       : 1;
    for (;;) {
        prepare(count);
        const int got = call(socket.descriptor(), count);
        if (got >= 0) {
            received_ = std::chrono::system_clock::now().time_since_epoch();
            largest_ = 0;
            for (int i = 0; i < got; ++i) {
                largest_ = std::max<std::size_t>(largest_, headers_[std::size_t(i)].msg_len);
            }
            return static_cast<std::size_t>(got);
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
        if (errno == EINTR) continue;
        throw boost::system::system_error(errno, boost::system::system_category(),
                                          "cannot receive at " + to_string(socket.local()));
    }
}

void UdpInbox::prepare(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        places_[i] = {buffer_.get() + i * piece_room, piece_room};
        msghdr& header = headers_[i].msg_hdr;
        header.msg_name = &from_[i];
        header.msg_namelen = sizeof from_[i];
        header.msg_iov = &places_[i];
        header.msg_iovlen = 1;
        header.msg_control = controls_[i].bytes.data();
        header.msg_controllen = controls_[i].bytes.size();
        header.msg_flags = 0;
    }
}

int UdpInbox::call(int descriptor, std::size_t count) {
    if (batches_) {
        const int got = ::recvmmsg(descriptor, headers_.data(), static_cast<unsigned>(count),
                                   MSG_DONTWAIT, nullptr);
        if (got >= 0 || errno != ENOSYS) return got;
        batches_ = false;  // this kernel, or what stands in for one, has no such call
    }
    const ssize_t size = ::recvmsg(descriptor, &headers_[0].msg_hdr, MSG_DONTWAIT);
    if (size < 0) return -1;
    headers_[0].msg_len = static_cast<unsigned>(size);
    return 1;
}

UdpInbox::Piece UdpInbox::piece(std::size_t number, const UdpAddress& own) const {
    msghdr header = headers_[number].msg_hdr;
    const std::size_t size = headers_[number].msg_len;
    Piece out{{from_sockaddr(from_[number]), {}},
              {buffer_.get() + number * piece_room, size},
              size,
              std::chrono::nanoseconds(0)};
    for (const cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr;
         c = CMSG_NXTHDR(&header, const_cast<cmsghdr*>(c))) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            const int segment = content<int>(*c);
            if (segment > 0) out.segment = static_cast<std::size_t>(segment);
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            const auto came = content<timespec>(*c);
            const auto stamp =
                std::chrono::seconds(came.tv_sec) + std::chrono::nanoseconds(came.tv_nsec);
            out.age = std::max(std::chrono::nanoseconds(0), received_ - stamp);
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            out.path.local = address_of(content<in_pktinfo>(*c), own.port());
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            out.path.local = address_of(content<in6_pktinfo>(*c), own.port());
        }
    }
    return out;
}

}  // namespace netcopy
