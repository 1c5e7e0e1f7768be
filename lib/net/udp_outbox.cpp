#include "net/udp_outbox.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace netcopy {
namespace {

/// Control messages of one datagram, one behind the other.
class ControlWriter {
public:
    ControlWriter(msghdr& header, MutableBytes room) : header_(header), room_(room) {
        header_.msg_control = nullptr;
        header_.msg_controllen = 0;
    }

    template <class T>
    void add(int level, int type, const T& value) {
        auto* const control = reinterpret_cast<cmsghdr*>(room_.data() + used_);
        control->cmsg_level = level;
        control->cmsg_type = type;
        control->cmsg_len = CMSG_LEN(sizeof value);
        std::memcpy(CMSG_DATA(control), &value, sizeof value);
        used_ += CMSG_SPACE(sizeof value);
        header_.msg_control = room_.data();
        header_.msg_controllen = used_;
    }

private:
    msghdr& header_;
    const MutableBytes room_;
    std::size_t used_ = 0;
};

void add_source(ControlWriter& control, const UdpAddress& local, bool is_v6) {
    if (local.is_unspecified()) return;
    if (is_v6) {
        in6_pktinfo info{};
        std::memcpy(&info.ipi6_addr, local.ip().data(), local.ip().size());
        info.ipi6_ifindex = static_cast<decltype(info.ipi6_ifindex)>(local.scope());
        control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    } else {
        in_pktinfo info{};
        std::memcpy(&info.ipi_spec_dst, local.ip().data() + 12, sizeof info.ipi_spec_dst);
        control.add(IPPROTO_IP, IP_PKTINFO, info);
    }
}

}  // namespace

UdpOutbox::End UdpOutbox::send(UdpSocket& socket, UdpBatch& batch, UdpHandler& handler,
                               UdpCounters& counters) {
    while (piece_ < batch.pieces().size()) {
        const std::size_t prepared = prepare(socket, batch);
        ++counters.send_calls;
        const int sent = call(socket.descriptor(), prepared);
        const int error = errno;
        if (sent < 0 && error == EINTR) continue;
        if (sent < 0) {
            const End end = recover(error, batch, handler, counters);
            if (end == End::sent) continue;
            ++counters.send_waits;
            return end;
        }
        if (split_) segmentation_ = false;  // whole it failed, in parts it went: no use in trying
        for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) {
            counters.sent += counts_[i];
            counters.sent_bytes += places_[i].iov_len;
            advance(batch, counts_[i]);
        }
    }
    piece_ = done_ = 0;
    return End::sent;
}

std::size_t UdpOutbox::prepare(UdpSocket& socket, UdpBatch& batch) {
    const std::size_t most = batches_ ? most_messages : 1;
    std::size_t messages = 0;
    for (std::size_t p = piece_; p < batch.pieces().size() && messages < most; ++p) {
        const UdpBatch::Piece& piece = batch.pieces()[p];
        const std::size_t first = p == piece_ ? done_ : 0;
        if (segmentation_ && !(split_ && p == piece_)) {
            put(socket, batch, piece, messages++, first, piece.count - first);
            continue;
        }
        for (std::size_t i = first; i < piece.count && messages < most; ++i) {
            put(socket, batch, piece, messages++, i, 1);
        }
    }
    return messages;
}

void UdpOutbox::put(UdpSocket& socket, UdpBatch& batch, const UdpBatch::Piece& piece,
                    std::size_t message, std::size_t first, std::size_t count) {
    const MutableBytes all = batch.of(piece);
    const std::size_t begin = first * piece.segment;
    const std::size_t end = std::min(all.size(), (first + count) * piece.segment);
    counts_[message] = count;
    places_[message] = {all.data() + begin, end - begin};
    msghdr& header = headers_[message].msg_hdr;
    header.msg_name = &to_[message];
    header.msg_namelen = to_sockaddr(piece.path.remote, socket.is_v6(), to_[message]);
    header.msg_iov = &places_[message];
    header.msg_iovlen = 1;
    ControlWriter control(header, controls_[message].bytes);
    add_source(control, piece.path.local, socket.is_v6());
    if (count > 1) {
        control.add(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(piece.segment));
    }
}

int UdpOutbox::call(int descriptor, std::size_t count) {
    if (batches_) {
        const int sent = ::sendmmsg(descriptor, headers_.data(), static_cast<unsigned>(count),
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0 || errno != ENOSYS) return sent;
        batches_ = false;  // this kernel, or what stands in for one, has no such call
    }
    return ::sendmsg(descriptor, &headers_[0].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 1;
}

void UdpOutbox::advance(const UdpBatch& batch, std::size_t datagrams) {
    done_ += datagrams;
    if (done_ < batch.pieces()[piece_].count) return;
    ++piece_;
    done_ = 0;
    split_ = false;
}

UdpOutbox::End UdpOutbox::recover(int error, UdpBatch& batch, UdpHandler& handler,
                                  UdpCounters& counters) {
    if (error == EAGAIN || error == EWOULDBLOCK) return End::blocked;
    if (error == ENOBUFS || error == ENOMEM) return End::short_of_memory;
    const UdpBatch::Piece& piece = batch.pieces()[piece_];
    const std::size_t datagrams = counts_[0];
    if (error == EMSGSIZE) {
        counters.too_big += datagrams;
        handler.on_too_big(piece.path, piece.segment - (piece.sealed ? udp_seal_size : 0));
    } else if (datagrams > 1) {
        split_ = true;  // no UDP_SEGMENT in this kernel (EINVAL), or none on this device (EIO)
        return End::sent;
    } else {
        counters.send_errors += datagrams;
    }
    advance(batch, datagrams);
    return End::sent;
}

}  // namespace netcopy
