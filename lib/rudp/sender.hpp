#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "rudp/congestion.hpp"
#include "rudp/ended.hpp"
#include "rudp/interval_set.hpp"
#include "rudp/pacer.hpp"
#include "rudp/packet.hpp"
#include "rudp/path_mtu.hpp"
#include "rudp/random.hpp"
#include "rudp/rtt.hpp"
#include "rudp/sent_packets.hpp"

namespace netcopy::rudp {

/// A packet to be sent: `size` bytes of the buffer that was given, the seal not included; 0: none.
struct Transmit {
    std::size_t size = 0;
    Address to;
};

struct SenderOptions {
    std::uint64_t connection = 0;
    Address peer;                               ///< proven by a cookie
    Range wish;                                 ///< the first
    std::size_t max_datagram = least_datagram;  ///< bytes that the peer takes
    std::uint64_t receive_buffer = 0;           ///< bytes of the peer's socket
    Accept file;
    Duration rtt{};          ///< age of the cookie
    std::uint64_t seed = 0;  ///< of everything that is left to chance, but for tokens
    /// One that nobody can foresee, for each new address of the client.
    std::function<std::uint64_t()> token;
    /// Fills the whole buffer with the file's bytes from there; false: it cannot be read, or is not
    /// what it was. May block.
    std::function<bool(std::uint64_t offset, MutableBytes)> read;
};

/// Sent to an address that a client seems to have moved to.
struct Challenge {
    Address to;
    Path path;
    bool due = true;
};

/// The server's side of a connection (docs/protocol/rudp.md). No socket, no clock, no allocation
/// per packet in the steady state. Not thread-safe.
class Sender {
public:
    Sender(SenderOptions options, Time now);

    /// A packet of this connection, parsed as far as its header. Copies what it keeps.
    void on_packet(Time now, const Address& from, const Header& header, Bytes packet);
    /// A repeated REQUEST of this connection, with a good cookie.
    void on_request();
    /// Writes one packet, of at most out.size() bytes, if one may be sent now. To be called until
    /// it returns none, then not before next_deadline() or another packet. `out` should have room
    /// for datagram() - seal_size bytes, and more where a PROBE is to be sent: largest_datagram -
    /// seal_size serves always.
    Transmit poll_transmit(Time now, MutableBytes out);
    /// When poll_transmit() has something to do next unless a packet comes; Time::max(): never.
    Time next_deadline() const;
    /// A datagram of so many bytes is more than the own interface takes.
    void on_too_big(std::size_t datagram);
    /// Says so to the peer, with the next poll_transmit().
    void close(CloseCode code, std::string text = {});

    /// Nothing is left to be done or sent: the sender may go.
    bool finished() const { return ended_ && !close_due_; }
    const std::optional<Ended>& ended() const { return ended_; }
    /// Everything that was wished for has been acknowledged.
    bool idle() const { return wishes_.empty() && lost_.empty() && sent_.packets_in_flight() == 0; }

    const Address& peer() const { return peer_; }
    std::uint64_t connection() const { return options_.connection; }
    std::size_t datagram() const { return mtu_.size(); }  ///< bytes, of the largest sent now
    struct Counts {
        std::uint64_t data_bytes = 0;      ///< content sent, repeats included
        std::uint64_t repeated_bytes = 0;  ///< content sent again
        std::uint64_t packets = 0, lost = 0, timeouts = 0, spurious = 0;
    };
    const Counts& counts() const { return counts_; }
    const SentPackets& sent() const { return sent_; }
    const IntervalSet& lost() const { return lost_; }
    const Congestion& congestion() const { return congestion_; }
    const RoundTrip& round_trip() const { return rtt_; }

private:
    // sender_acks.cpp: what the peer says
    void on_ack(Time now, const Header& header, const Ack& ack);
    bool plausible(const Ack& ack) const;
    void take_acked(Time now, const Ack& ack);
    void on_acked(Time now, std::uint64_t number);
    void on_late(SentPacket& packet, std::uint64_t number);
    void take_wishes(const Ack& ack);
    void on_other_address(const Address& from, const Header& header);
    void on_path(Time now, const Address& from, const Path& path);
    // sender_losses.cpp: what it does not say
    void detect_losses(Time now);
    void declare_lost(Time now, std::uint64_t number);
    void on_timeout(Time now);
    void put_back_oldest();
    Time timeout() const;
    Time idle_end() const;
    void check_time(Time now);
    // sender.cpp: what is sent
    bool may_send_data() const;
    Header header(Kind kind) const { return {kind, options_.connection, sent_.next()}; }
    bool wants_control() const;
    bool probe_fits() const;
    Transmit sent(Time now, Kind kind, std::size_t packet_size, Range range = {});
    std::optional<Transmit> send_control(Time now, MutableBytes out);
    std::optional<Transmit> send_probe(Time now, MutableBytes out);
    Transmit send_data(Time now, MutableBytes out);
    std::optional<Range> next_range(std::size_t most);
    std::optional<std::uint64_t> next_copy(Time now);
    Time content_due() const;

    SenderOptions options_;
    Address peer_;
    Random random_;
    RoundTrip rtt_;
    Congestion congestion_;
    Pacer pacer_;
    PathMtu mtu_;

    // Content.
    std::deque<Range> wishes_;     // not sent yet; the first may be begun
    std::uint32_t next_wish_ = 1;  // index of the next one to be heard
    IntervalSet lost_;             // to be sent again
    struct Copy {
        std::uint64_t number;  // whose content is sent once more
        Time due;
    };
    std::deque<Copy> copies_;  // of the tail

    // Packets.
    SentPackets sent_;
    IntervalSet acked_;                // numbers
    std::uint64_t largest_acked_ = 0;  // with any_acked_
    bool any_acked_ = false;
    std::uint64_t oldest_in_flight_ = 0;  // none below is
    std::uint64_t reorder_ = 3;           // packets
    std::uint64_t left_out_next_;         // the number that will not be sent
    Time loss_time_ = Time::max();        // when the next one in flight counts as lost
    unsigned timeouts_ = 0;               // in a row
    unsigned forced_ = 0;                 // packets to be sent, window or not
    Time progress_;                 // when something was last acknowledged, or a timeout ran out
    std::uint64_t ack_number_ = 0;  // the peer's largest number
    std::uint64_t ack_acked_ = 0, ack_lost_ = 0;  // bytes, of the ACK being worked through
    Duration ack_rtt_{};

    // Control.
    bool accept_due_ = true;
    bool accepted_ = false;  // ACCEPT was acknowledged
    bool ping_due_ = false;
    Time heard_;
    std::optional<Challenge> challenge_;
    std::optional<Ended> ended_;
    bool close_due_ = false;
    Counts counts_;
};

}  // namespace netcopy::rudp
