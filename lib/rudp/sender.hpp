#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rudp/congestion.hpp"
#include "rudp/interval_set.hpp"
#include "rudp/packet.hpp"
#include "rudp/rtt.hpp"
#include "rudp/sent_packets.hpp"

namespace netcopy::rudp {

/// A packet to be sent: `size` bytes of the buffer that was given, the seal not included; 0: none.
struct Transmit {
    std::size_t size = 0;
    Address to;
};

/// Why a connection ended, and who said so.
struct Ended {
    CloseCode code{};
    std::string text;
    bool by_peer = false;
};

struct SenderOptions {
    std::uint64_t connection = 0;
    Address peer;  ///< proven by a cookie
    Request request;
    Accept file;
    Duration rtt{};          ///< age of the cookie
    std::uint64_t seed = 0;  ///< of everything that is left to chance
    /// Fills the whole buffer with the file's bytes from there; false: it cannot be read, or is not
    /// what it was. May block.
    std::function<bool(std::uint64_t offset, MutableBytes)> read;
};

/// The server's side of a connection (docs/protocol/rudp.md). No socket, no clock, no allocation
/// per packet in the steady state. Not thread-safe.
class Sender {
public:
    Sender(SenderOptions options, Time now);

    /// A packet of this connection, parsed as far as its header. Copies what it keeps.
    void on_packet(Time now, const Address& from, const Header& header, Bytes packet);
    /// A repeated REQUEST for this connection, with a good cookie.
    void on_request(Time now);
    /// Writes one packet, of at most out.size() bytes, if one may be sent now. Call it until it
    /// returns none, then not before next_deadline() or another packet. `out` should have room for
    /// datagram() - seal_size bytes.
    Transmit poll_transmit(Time now, MutableBytes out);
    /// When poll_transmit() has something to do next unless a packet comes; Time::max(): never.
    Time next_deadline() const;
    /// A datagram of so many bytes is more than the own interface takes.
    void on_too_big(std::size_t datagram);
    /// Says so to the peer, with the next poll_transmit().
    void close(CloseCode code, std::string text);

    /// Set when nothing is left to be done or sent: the sender may go.
    bool finished() const { return ended_ && !close_due_; }
    const std::optional<Ended>& ended() const { return ended_; }

    const Address& peer() const { return peer_; }
    std::size_t datagram() const { return datagram_; }  ///< bytes, of the largest that is sent now
    struct Counts {
        std::uint64_t data_bytes = 0;      ///< content sent, repeats included
        std::uint64_t repeated_bytes = 0;  ///< content sent again
        std::uint64_t packets = 0, lost = 0, timeouts = 0, spurious = 0;
    };
    const Counts& counts() const { return counts_; }
    std::uint64_t in_flight() const { return sent_.in_flight(); }  ///< bytes
    std::uint64_t window() const { return congestion_.window(); }
    std::uint64_t rate() const { return congestion_.rate(); }
    Duration smoothed_rtt() const { return rtt_.smoothed(); }
};

}  // namespace netcopy::rudp
