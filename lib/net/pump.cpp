#include "net/pump.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <vector>

namespace netcopy {
namespace {

/// The fastest of 256 KiB to 1 MiB (docs/benchmarks.md): system calls and hops are lost in it, and
/// it stays in the second-level cache between reading, hashing and sending.
constexpr std::size_t buffer_size = 512 * 1024;
/// A job gives its thread back after so long: for other transfers, and to see whether to stop.
constexpr std::chrono::milliseconds slice_time{100};

/// A stretch of work in the disk pool, and why it ended.
struct Slice {
    enum class End {
        used_up,
        socket_waits,
        limit_waits,
        source_waits,
        body_ended,
        file_failed,
        connection_failed
    };
    End end = End::used_up;
    std::uint64_t moved = 0;  // bytes, between the socket and us
    Error error = {};         // with file_failed

    Slice& because(End why) {
        end = why;
        return *this;
    }
    Slice& because(const Error& why) {
        error = why;
        return because(End::file_failed);
    }
};

/// From the source to the socket.
class Outflow {
public:
    Outflow(Stream& stream, const Produce& produce, Progress& progress, RateLimit& rate)
        : stream_(stream),
          produce_(produce),
          progress_(progress),
          rate_(rate),
          buffer_(buffer_size) {}

    /// In the disk pool, for as long as the socket takes what is produced: what was just read and
    /// hashed is sent while it is in this core's cache, and no thread waits for another.
    Slice run() {
        Slice slice;
        for (const auto end = Clock::now() + slice_time; Clock::now() < end;) {
            if (rest_.empty()) {
                const auto got = produce_(buffer_);
                if (!got) return slice.because(got.error());
                if (!*got) return slice.because(Slice::End::source_waits);
                if (**got == 0) return slice.because(Slice::End::body_ended);
                rest_ = Bytes(buffer_).first(**got);
            }
            const std::size_t most = rate_.take(rest_.size(), Clock::now());
            if (most == 0) return slice.because(Slice::End::limit_waits);
            const auto put = stream_.write_now(rest_.first(most));
            rate_.give_back(most - put.value_or(0));
            if (!put) return slice.because(Slice::End::connection_failed);
            if (*put == 0) return slice.because(Slice::End::socket_waits);
            sent(*put);
            slice.moved += *put;
        }
        return slice;
    }

    std::uint64_t total() const { return total_; }

private:
    void sent(std::size_t count) {
        rest_ = rest_.subspan(count);
        total_ += count;
        progress_.bytes += count;
    }

    Stream& stream_;
    const Produce& produce_;
    Progress& progress_;
    RateLimit& rate_;
    std::vector<std::byte> buffer_;
    Bytes rest_;  // of buffer_: what the socket did not take
    std::uint64_t total_ = 0;
};

/// From the socket to the target.
class Inflow {
public:
    Inflow(Stream& stream, const Consume& consume, std::optional<std::uint64_t> length,
           Progress& progress, RateLimit& rate)
        : stream_(stream),
          consume_(consume),
          length_(length.value_or(UINT64_MAX)),
          progress_(progress),
          rate_(rate),
          buffer_(static_cast<std::size_t>(std::min<std::uint64_t>(length_, buffer_size))) {}

    /// Where the next bytes go; empty when the buffer is full or the body complete.
    MutableBytes space() {
        const auto room = std::min<std::uint64_t>(length_ - total_, buffer_.size() - filled_);
        return MutableBytes(buffer_).subspan(filled_, static_cast<std::size_t>(room));
    }
    void arrived(std::size_t count) {
        filled_ += count;
        total_ += count;
        progress_.bytes += count;
    }
    bool complete() const { return total_ == length_; }
    std::uint64_t total() const { return total_; }

    /// In the disk pool: consumes the full buffer and goes on as long as the socket has more at
    /// once. With `last` it consumes what there is, and that is all.
    Slice run(bool last) {
        Slice slice;
        for (const auto end = Clock::now() + slice_time; Clock::now() < end;) {
            last = last || complete();
            if (last || filled_ == buffer_.size()) {
                const auto consumed = consume_(Bytes(buffer_).first(std::exchange(filled_, 0)));
                if (!consumed) return slice.because(consumed.error());
            }
            if (last) return slice.because(Slice::End::body_ended);
            const std::size_t most = rate_.take(space().size(), Clock::now());
            if (most == 0) return slice.because(Slice::End::limit_waits);
            const auto got = stream_.read_now(space().first(most));
            rate_.give_back(most - got.value_or(0));
            if (!got)
                return slice.because(
                    Slice::End::socket_waits);  // or has failed, or ended: it will say so
            arrived(*got);
            slice.moved += *got;
        }
        return slice;
    }

private:
    Stream& stream_;
    const Consume& consume_;
    const std::uint64_t length_;  // UINT64_MAX: until the peer ends
    Progress& progress_;
    RateLimit& rate_;
    std::vector<std::byte> buffer_;
    std::size_t filled_ = 0;
    std::uint64_t total_ = 0;
};

/// Until the limit lets something pass.
Task<> wait_for(RateLimit& rate) {
    Timer timer(co_await asio::this_coro::executor, rate.next());
    co_await timer.async_wait(UseTask());
}

/// On the network thread, until the buffer is full, so that a slow link costs no hops. True: the
/// body has ended.
Task<bool> fill_buffer(Inflow& flow, Stream& stream, StallGuard& stall, RateLimit& rate) {
    while (!flow.complete() && !flow.space().empty()) {
        const std::size_t most = rate.take(flow.space().size(), Clock::now());
        if (most == 0) {
            co_await wait_for(rate);
            continue;
        }
        stall.before_wait();
        const std::size_t got = co_await stream.read_some(flow.space().first(most));
        stall.after_wait();
        rate.give_back(most - got);
        if (got == 0) co_return true;
        flow.arrived(got);
        stall.moved(got);
    }
    co_return flow.complete();
}

}  // namespace

Task<Result<std::uint64_t>> pump_out(Stream& stream, DiskPool& disk, Produce produce,
                                     WaitForSource wait, Progress& progress, StallLimit limit,
                                     RateLimit* rate) {
    co_await asio::this_coro::throw_if_cancelled(false);  // cleaning up may have to wait
    StallGuard stall(stream, limit);
    RateLimit unlimited(0);
    if (!rate) rate = &unlimited;
    Outflow flow(stream, produce, progress, *rate);
    for (;;) {
        const Slice slice = co_await disk.run([&flow] { return flow.run(); });
        co_await stop_if_cancelled();
        stall.moved(slice.moved);
        if (slice.end == Slice::End::file_failed) co_return slice.error;
        if (slice.end == Slice::End::body_ended) co_return flow.total();
        if (slice.end == Slice::End::used_up) continue;
        if (slice.end == Slice::End::source_waits) {
            co_await wait();
            continue;
        }
        if (slice.end == Slice::End::limit_waits) {
            co_await wait_for(*rate);
            continue;
        }
        stream.check_now();
        stall.before_wait();
        co_await stream.wait_ready(false, true, Clock::time_point::max());
        stall.after_wait();
        co_await stop_if_cancelled();
    }
}

Task<Result<std::uint64_t>> pump_in(Stream& stream, DiskPool& disk, Consume consume,
                                    std::optional<std::uint64_t> length, Progress& progress,
                                    StallLimit limit, RateLimit* rate) {
    co_await asio::this_coro::throw_if_cancelled(false);  // cleaning up may have to wait
    StallGuard stall(stream, limit);
    RateLimit unlimited(0);
    if (!rate) rate = &unlimited;
    Inflow flow(stream, consume, length, progress, *rate);
    for (;;) {
        bool last = false;
        std::exception_ptr lost;
        try {
            last = co_await fill_buffer(flow, stream, stall, *rate);
        } catch (...) {
            lost = std::current_exception();  // what has arrived is consumed all the same
        }
        const bool end = last || lost;
        const Slice slice = co_await disk.run([&flow, end] { return flow.run(end); });
        if (slice.end == Slice::End::file_failed) co_return slice.error;
        if (lost) std::rethrow_exception(lost);
        co_await stop_if_cancelled();
        stall.moved(slice.moved);
        if (slice.end != Slice::End::body_ended) continue;
        if (length && !flow.complete()) {
            throw boost::system::system_error(make_error_code(Errc::connection_lost));
        }
        co_return flow.total();
    }
}

}  // namespace netcopy
