#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "rudp/interval_set.hpp"
#include "rudp/packet.hpp"
#include "rudp/sender.hpp"

namespace netcopy::rudp {

struct ReceiverOptions {
    std::uint64_t connection = 0;  ///< random, never used before
    std::string name;              ///< at most most_name bytes
    std::uint64_t size = any_size;
    Tag tag{};
    Range wish;  ///< the first; its end may lie behind the file's
    std::size_t max_datagram = largest_datagram;
    std::uint32_t receive_buffer = 0;  ///< bytes
    Duration connect_timeout{};        ///< of the opening
    Duration silence{};                ///< of an open connection with wishes
};

/// The client's side of a connection (docs/protocol/rudp.md). No socket, no clock, no allocation
/// per packet in the steady state. Not thread-safe.
class Receiver {
public:
    Receiver(ReceiverOptions options, Time now);

    /// What of a packet's content nobody had yet: write it there. The bytes point into the packet.
    using Content = Data;
    /// A packet of this connection, parsed as far as its header. At most one piece of content. What
    /// was wished for twice is told once.
    std::optional<Content> on_packet(Time now, const Header& header, Bytes packet);
    /// Writes one packet of at most least_datagram bytes, if one is due. To be called until it
    /// writes none: after each batch of packets, and at next_deadline().
    std::size_t poll_transmit(Time now, MutableBytes out);
    Time next_deadline() const;

    /// Asks for more. False: 16 wishes wait already to be seen by the server; later.
    bool want(Range range);
    std::uint64_t outstanding() const { return missing_.bytes(); }  ///< bytes wished for, not here
    const IntervalSet& missing() const { return missing_; }

    /// The connection is of no use any more. Several packets say so, with poll_transmit().
    void close(CloseCode code, std::string text = {});

    bool open() const { return state_ == State::open; }
    /// What the server said, once it has.
    const std::optional<Accept>& file() const { return file_; }
    /// By the peer, by a time-out (code idle, not by_peer) or by close().
    const std::optional<Ended>& ended() const { return ended_; }
    bool finished() const { return ended_ && closes_due_ == 0; }

    Duration rtt() const { return rtt_; }  ///< of the opening
    std::uint64_t rate() const;            ///< content bytes per second, lately
    std::uint64_t connection() const { return options_.connection; }
    struct Counts {
        std::uint64_t packets = 0, duplicates = 0, unwanted = 0;
    };
    const Counts& counts() const { return counts_; }
};

}  // namespace netcopy::rudp
