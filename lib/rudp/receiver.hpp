#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "rudp/ended.hpp"
#include "rudp/interval_set.hpp"
#include "rudp/packet.hpp"
#include "rudp/received_numbers.hpp"

namespace netcopy::rudp {

struct ReceiverOptions {
    std::uint64_t connection = 0;  ///< random, never used before
    std::string name;              ///< 1 to most_name bytes
    std::uint64_t size = any_size;
    Tag tag{};
    Range wish;  ///< the first; its end may lie behind the file's
    std::size_t max_datagram = largest_datagram;
    std::uint32_t receive_buffer = 0;                     ///< bytes
    Duration connect_timeout = std::chrono::seconds(10);  ///< of the opening
    Duration silence = std::chrono::seconds(60);          ///< without content, with wishes open
};

/// The client's side of a connection (docs/protocol/rudp.md). No socket, no clock, no allocation
/// per packet in the steady state. Not thread-safe.
class Receiver {
public:
    Receiver(ReceiverOptions options, Time now);

    /// A packet of this connection, parsed as far as its header. What of its content nobody had
    /// yet, if there is any: write it there. The bytes point into the packet. It may overlap what
    /// is there already, at a piece that was cut anew; never does it go beyond what was wished for.
    std::optional<Data> on_packet(Time now, const Header& header, Bytes packet);
    /// Writes one packet of at most least_datagram bytes, if one is due; returns its size, else 0.
    /// To be called until it writes none: after each batch of packets, and at next_deadline().
    std::size_t poll_transmit(Time now, MutableBytes out);
    Time next_deadline() const;

    /// Asks for more, on an open connection and nothing that was asked for before. False:
    /// most_ack_wishes wait already to be seen by the server; later.
    bool want(Time now, Range range);
    bool may_want() const { return wish_count_ < wishes_.size(); }
    std::uint64_t outstanding() const { return missing_.bytes(); }  ///< bytes wished for, not here
    const IntervalSet& missing() const { return missing_; }

    /// The connection is of no use any more: several packets say so.
    void close(CloseCode code, std::string text = {});

    bool open() const { return state_ == State::open; }
    /// What the server said, once it has.
    const std::optional<Accept>& file() const { return file_; }
    /// By the peer, by a time-out (code idle, not by_peer), a breach, or close().
    const std::optional<Ended>& ended() const { return ended_; }
    bool finished() const { return ended_ && closes_due_ == 0; }

    std::uint64_t connection() const { return options_.connection; }
    Duration rtt() const { return rtt_; }  ///< the least seen in the opening; 0: not yet
    /// Content bytes per second, over the last quarter of a second or so.
    std::uint64_t rate() const { return rate_; }
    Time last_heard() const { return last_heard_; }
    struct Counts {
        std::uint64_t packets = 0, duplicates = 0, unwanted = 0;
    };
    const Counts& counts() const { return counts_; }

private:
    enum class State { requesting, open, ended };

    void on_cookie(Time now, Bytes packet);
    void on_accept(Time now, Bytes packet);
    std::optional<Data> on_data(Time now, Bytes packet);
    void begin(Time now);
    void note_number(Time now, std::uint64_t number);
    void forget_seen_wishes(Range arrived);
    void measure(Time now, std::size_t bytes);
    void end(CloseCode code, std::string text, bool by_peer);
    void give_up_if_silent(Time now);
    Duration ack_delay() const;
    std::size_t write_request(Time now, MutableBytes out);
    std::size_t write_ack(Time now, MutableBytes out);

    ReceiverOptions options_;
    State state_ = State::requesting;
    Time started_;
    std::uint64_t next_number_ = 0;

    // The opening.
    std::optional<Cookie> cookie_;
    Time request_due_;
    Time request_sent_;
    Duration request_pause_;
    Duration rtt_{};
    std::optional<Accept> file_;

    // What has arrived, and what is missing.
    ReceivedNumbers numbers_;
    IntervalSet missing_;
    IntervalSet wished_;                           // ever
    std::array<Range, most_ack_wishes> wishes_{};  // of which nothing has arrived yet
    std::size_t wish_count_ = 0;
    std::uint32_t first_unseen_ = 1;  // the index of the first of them

    // Acknowledging.
    Time largest_time_;           // when the largest number came
    Time ack_due_ = Time::max();  // for what has arrived
    unsigned unacknowledged_ = 0;
    std::uint64_t acknowledgeable_ = 0;  // packets ever
    Time last_heard_;
    Time progress_;  // when content came, or was wished for with none missing
    Time next_question_ = Time::max();
    bool question_due_ = false;
    std::optional<Path> path_due_;
    std::optional<Ended> ended_;
    unsigned closes_due_ = 0;

    // The rate.
    Time window_begin_;
    std::uint64_t window_bytes_ = 0;
    std::uint64_t rate_ = 0;
    Counts counts_;
};

}  // namespace netcopy::rudp
