#pragma once

#include <boost/system/system_error.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "net/task.hpp"
#include "net/watchdog.hpp"
#include "wire/parse.hpp"

namespace netcopy {

/// What a peer may make read_message() hold and wait for. Zero times: no limit.
struct MessageLimits {
    std::size_t size = 0;       ///< bytes of one message
    Clock::duration idle{};     ///< until a message's first byte
    Clock::duration message{};  ///< from there to its last; also until queued answers are taken
    Clock::duration pause{};    ///< what ends a tentative message
};

/// One TCP connection with the bytes that were read ahead of their use, and one absolute deadline
/// for whatever is waited for. Belongs to its socket's network thread; only stop_when_idle() may be
/// posted from elsewhere. Must stay in place while an operation is pending.
///
/// Failures throw system_error: Errc::timed_out past the deadline, Errc::connection_lost, or
/// operation_aborted when the task was cancelled.
class Stream {
public:
    /// `peer` is its address; the socket itself forgets it when the peer resets.
    Stream(Socket socket, const Tcp::endpoint& peer);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Every operation fails from `time` on, however many bytes trickle meanwhile. Cheap to call
    /// often: the timer behind it is touched only when the deadline comes nearer.
    void deadline(Clock::time_point time);
    void deadline_in(Clock::duration time) { deadline(Clock::now() + time); }
    void no_deadline();
    /// deadline_in(), but zero is none.
    void limit_to(Clock::duration time) {
        time == Clock::duration::zero() ? no_deadline() : deadline_in(time);
    }

    /// Bytes read ahead and not consumed yet.
    std::string_view buffered() const;
    void consume(std::size_t count);
    /// In front of the buffered bytes: somebody has read further than it had to.
    void put_back(Bytes bytes);
    /// Reads more behind the buffered ones, up to `limit` of them in all. False: the peer has
    /// ended.
    Task<bool> fill(std::size_t limit);

    /// Like read(2), buffered bytes first; 0 at the end of the stream.
    Task<std::size_t> read_some(MutableBytes buffer);
    /// All of them.
    Task<> write(Bytes bytes);
    /// As many as the socket takes now, at least one.
    Task<std::size_t> write_some(Bytes bytes);

    /// What goes without waiting, for the pump: it calls these from a disk job, while nothing else
    /// uses the stream. No value: the connection has failed or (read) nothing is there yet or ever;
    /// the waiting operation above tells what it is. write_now() returns 0 when the socket is full.
    std::optional<std::size_t> read_now(MutableBytes buffer);
    std::optional<std::size_t> write_now(Bytes bytes);
    /// Whether read_now() has seen the end of the stream.
    bool ended() const { return ended_; }
    /// Throws what made read_now() or write_now() fail, if one of them has.
    void check_now() const;

    /// Waits until there is something for read_now() (bytes, the end, a failure) or write_now(),
    /// whichever is asked for, until `until`, or until wake(). May return early for no reason.
    Task<> wait_ready(bool for_reading, bool for_writing, Clock::time_point until);
    /// Ends a wait_ready() now, or the next one at once.
    void wake();

    /// Puts bytes aside to be sent together with others: at the latest before the stream waits for
    /// input.
    void queue(std::string_view text) { queued_ += text; }
    Task<> flush();

    /// Takes one message off the front, reading as needed. A tentative message is taken when
    /// nothing follows within `limits.pause`, or at the end of the stream. No value: the stream
    /// ended between messages. The parser's error is returned, and Errc::connection_lost when the
    /// stream ends within a message.
    template <class Parser>
    auto read_message(Parser parse, MessageLimits limits)
        -> Task<Result<std::optional<decltype(parse({})->message)>>>;

    /// Ends the connection if it is at rest between messages, now or the next time: the peer is
    /// owed nothing. See Server::stop().
    void stop_when_idle();
    bool stopping() const { return stopping_; }

    void shutdown_send();  ///< FIN: we have said all
    void reset();          ///< RST: what we sent must not be taken for whole
    /// FIN, then reads away what still comes for a moment: closing with unread bytes would send a
    /// RST, and that may overtake our last words.
    Task<> close_after_last_words();

    const std::string& peer() const { return peer_; }  ///< ADDRESS:PORT
    Socket& socket() { return socket_; }

private:
    static constexpr std::size_t most_queued = 16 * 1024;  // bytes

    enum class Awaiting { nothing, first_byte, rest };  // of a message; what a deadline was set for

    Task<bool> more_within(const MessageLimits& limits, bool& ended);
    Task<> flush_within(const MessageLimits& limits);
    void set_read_deadline(const MessageLimits& limits, Awaiting& awaiting);
    void check_deadline() const;
    [[noreturn]] void fail(const error_code& reason) const;

    Socket socket_;
    std::string peer_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  // of the unconsumed bytes in buffer_
    std::size_t end_ = 0;
    std::string queued_;
    std::string sending_;  // what flush() is writing
    bool ended_ = false;   // the peer has said all; the reactor tells it only once
    bool idle_ = false;    // waits for the first byte of a message
    bool stopping_ = false;
    int failed_ = 0;      // errno of read_now() or write_now()
    bool woken_ = false;  // before the next wait_ready()
    struct Ready;
    std::shared_ptr<Ready> ready_;  // shared with the handlers of wait_ready(), which may run later
    Watchdog watchdog_;
};

/// A failure that a Stream threw, in words, as "WHAT: REASON". A cancelled task must unwind and not
/// report: operation_aborted is thrown on.
Error stream_error(const boost::system::system_error& error, const std::string& what);

/// As the kernel has measured it on a connected socket; none: it does not tell.
std::optional<std::chrono::microseconds> round_trip(Socket& socket);

/// The kernel asks a quiet peer whether it is there, and resets the connection when so long nothing
/// came back; also when what was sent is not acknowledged. A help where the protocol has no sign of
/// life: a stopped process has a kernel that answers.
void keep_alive(Socket& socket, std::chrono::seconds silence);

/// ADDRESS:PORT of a peer, as shown everywhere.
std::string to_string(const Tcp::endpoint& endpoint);

/// A peer less than this away is taken for a neighbour: see tune_for_neighbour().
inline constexpr std::chrono::microseconds neighbour_round_trip{2000};

/// On loopback and LAN cubic moves twice what bbr does (docs/benchmarks.md), so a connected socket
/// whose measured round trip says "near" gets it, where the kernel offers it. Bulk senders call
/// this.
void tune_for_neighbour(Socket& socket);

/// Spares a TCP socket, or those that a listening one accepts, the timers by which bbr paces every
/// segment.
void use_cubic(int socket);

template <class Parser>
auto Stream::read_message(Parser parse, MessageLimits limits)
    -> Task<Result<std::optional<decltype(parse({})->message)>>> {
    using Message = decltype(parse({})->message);
    using Taken = Result<std::optional<Message>>;
    Awaiting awaiting = Awaiting::nothing;
    bool ended = false;   // the peer has said all
    bool paused = false;  // nothing followed a tentative message
    for (;;) {
        if (!buffered().empty()) {
            auto parsed = parse(buffered());
            if (!parsed) co_return Taken(std::move(parsed).error());
            const bool tentative = parsed->verdict == wire::Verdict::tentative;
            if (parsed->verdict == wire::Verdict::complete || (tentative && (ended || paused))) {
                // The message may point into the buffer: consume() leaves the bytes where they are.
                consume(parsed->used);
                if (queued_.size() > most_queued) co_await flush_within(limits);
                co_return Taken(std::optional<Message>(std::move(parsed->message)));
            }
            consume(parsed->skipped);
            if (tentative) {
                if (!queued_.empty()) co_await flush_within(limits);
                set_read_deadline(limits, awaiting);
                paused = !co_await more_within(limits, ended);
                continue;
            }
        }
        if (ended && !buffered().empty()) {
            co_return Taken(
                make_error(Errc::connection_lost, "the connection ended within a message"));
        }
        if (!queued_.empty()) co_await flush_within(limits);
        if (ended) co_return Taken(std::optional<Message>());
        set_read_deadline(limits, awaiting);
        idle_ = buffered().empty();
        ended = !co_await fill(limits.size);
        idle_ = false;
    }
}

}  // namespace netcopy
