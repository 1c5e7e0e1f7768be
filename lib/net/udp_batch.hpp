#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "net/udp_address.hpp"
#include "net/udp_seal.hpp"

namespace netcopy {

/// The largest datagram that IPv4 knows (65,535 less both headers), and the packet in it.
inline constexpr std::size_t max_datagram = 65'507;
inline constexpr std::size_t max_packet = max_datagram - udp_seal_size;

/// Packets on their way out, built in place, one behind the other in one buffer, each followed by
/// its seal. Neighbours of one size for one path leave in one piece (UDP_SEGMENT): put them in a
/// row, a shorter one last. Not thread-safe. No allocation after the constructor.
class UdpBatch {
public:
    static constexpr std::size_t capacity = 512 * 1024;  ///< bytes, seals included
    static constexpr std::size_t max_packets = 512;
    static constexpr std::size_t max_segments = 64;  ///< of a piece; Linux's UDP_MAX_SEGMENTS

    UdpBatch();

    /// Room for a packet of up to `size` (at most max_packet) bytes; empty when there is none left.
    MutableBytes room(std::size_t size);
    /// The first `size` bytes of the last room are a packet for `to`. Its bytes may be written
    /// until produce() returns: seals are computed after that, so that payloads of several packets
    /// can be read from a file by one call.
    void add(const UdpPath& to, std::size_t size);
    /// The same without a seal, for programs that know none.
    void add_bare(const UdpPath& to, std::size_t size);

    std::size_t packets() const { return packets_; }
    bool empty() const { return packets_ == 0; }
    /// A packet of this size still has room.
    bool fits(std::size_t size) const;

    /// For the link: a run of datagrams for one path that leaves in one piece. All but the last
    /// have `segment` bytes, seal included.
    struct Piece {
        UdpPath path;
        std::size_t offset = 0;  // in the buffer
        std::size_t bytes = 0;
        std::size_t segment = 0;
        std::size_t count = 0;
        bool sealed = true;
    };
    const std::vector<Piece>& pieces() const { return pieces_; }
    MutableBytes of(const Piece& piece) { return {buffer_.get() + piece.offset, piece.bytes}; }
    void seal();
    void clear();

private:
    std::unique_ptr<std::byte[]> buffer_;
    std::size_t used_ = 0;
    std::size_t packets_ = 0;
    std::vector<Piece> pieces_;
};

}  // namespace netcopy
