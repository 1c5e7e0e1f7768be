#include "net/exchange.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <memory>

namespace netcopy {
namespace {

constexpr std::size_t buffer_size = 512 * 1024;  // as in the pump
/// A job gives its thread back after so long: for other transfers, and to see whether to stop.
constexpr std::chrono::milliseconds slice_time{100};

/// A stretch of work in the disk pool, and why it ended.
struct Slice {
    enum class End {
        used_up,
        waits,
        works,
        finished,
        peer_ended,
        dialogue_failed,
        connection_failed
    };
    End end = End::used_up;
    std::uint64_t moved = 0;  // bytes, either way
    Error error = {};         // with dialogue_failed
};

/// Both directions, their buffers, and what is left in them between two jobs.
class Duplex {
public:
    Duplex(Stream& stream, Dialogue& dialogue, const ExchangeLimits& limits)
        : stream_(stream),
          dialogue_(dialogue),
          limits_(limits),
          memory_(std::make_unique_for_overwrite<std::byte[]>(2 * buffer_size)),
          out_(memory_.get(), buffer_size),
          in_(memory_.get() + buffer_size, buffer_size) {
        take_over_buffered();
    }

    /// In the disk pool.
    Slice run() {
        Slice slice;
        slice.end = run_until(Clock::now() + slice_time, slice);
        return slice;
    }

    Clock::time_point retry_at() const { return retry_at_; }  ///< when a rate limit lets more pass
    bool wants_to_write() const { return !rest_.empty() && write_at_ <= Clock::now(); }
    bool wants_to_read() const { return reads_ && read_at_ <= Clock::now(); }
    bool between_messages() const { return rest_.empty(); }

    /// The peer may have said what belongs to another conversation.
    void hand_back_rest() { stream_.put_back(in_.subspan(begin_, end_ - begin_)); }

    /// On the network thread, with no job under way.
    Task<> say(std::string_view text) { co_await stream_.write(as_bytes(text)); }

private:
    /// The opening was read through the stream's own buffer, and perhaps more.
    void take_over_buffered() {
        const auto ready = stream_.buffered();
        end_ = std::min(ready.size(), in_.size());
        std::copy_n(as_bytes(ready).begin(), end_, in_.begin());
        stream_.consume(end_);
    }

    Slice::End run_until(Clock::time_point end, Slice& slice) {
        retry_at_ = read_at_ = write_at_ = Clock::time_point::min();
        while (Clock::now() < end) {
            bool moved = false;
            if (const auto failed = send(slice, moved)) return *failed;
            if (const auto failed = receive(slice, moved)) return *failed;
            if (dialogue_.busy()) return Slice::End::works;
            if (moved) continue;
            if (dialogue_.finished() && rest_.empty()) return Slice::End::finished;
            if (stream_.ended()) return Slice::End::peer_ended;
            return dialogue_.due() <= Clock::now() ? Slice::End::works : Slice::End::waits;
        }
        return Slice::End::used_up;
    }

    std::optional<Slice::End> send(Slice& slice, bool& moved) {
        if (rest_.empty()) {
            const auto made = dialogue_.produce(out_);
            if (!made) return fail(slice, made.error());
            rest_ = out_.first(*made);
        }
        if (rest_.empty()) return std::nullopt;
        const std::size_t most = allowed(limits_.sending, rest_.size(), write_at_);
        if (most == 0) return std::nullopt;
        const auto put = stream_.write_now(rest_.first(most));
        give_back(limits_.sending, most - put.value_or(0));
        if (!put) return Slice::End::connection_failed;
        rest_ = rest_.subspan(*put);
        slice.moved += *put;
        moved = moved || *put > 0;
        return std::nullopt;
    }

    std::optional<Slice::End> receive(Slice& slice, bool& moved) {
        if (dialogue_.busy()) return std::nullopt;
        if (begin_ < end_) {  // left over, before work or for want of a line's rest
            if (const auto failed = consume(slice, moved)) return failed;
            if (dialogue_.busy()) return std::nullopt;
        }
        reads_ = !dialogue_.finished();
        if (!reads_ || stream_.ended()) return std::nullopt;
        std::copy(in_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  in_.begin() + static_cast<std::ptrdiff_t>(end_), in_.begin());
        end_ -= std::exchange(begin_, 0);
        reads_ = end_ < in_.size();
        if (!reads_) return std::nullopt;
        const std::size_t most = allowed(limits_.receiving, in_.size() - end_, read_at_);
        if (most == 0) return std::nullopt;
        const auto got = stream_.read_now(in_.subspan(end_, most));
        give_back(limits_.receiving, most - got.value_or(0));
        if (!got) return std::nullopt;  // nothing, the end, or a failure: check_now() tells
        end_ += *got;
        slice.moved += *got;
        moved = true;
        return consume(slice, moved);
    }

    std::optional<Slice::End> consume(Slice& slice, bool& moved) {
        const auto taken = dialogue_.consume(in_.subspan(begin_, end_ - begin_));
        if (!taken) return fail(slice, taken.error());
        begin_ += *taken;
        moved = moved || *taken > 0;
        return std::nullopt;
    }

    std::size_t allowed(RateLimit* limit, std::size_t wanted, Clock::time_point& next) {
        if (!limit || !limit->limits()) return wanted;
        const std::size_t taken = limit->take(wanted, Clock::now());
        if (taken == 0) {
            next = limit->next();
            retry_at_ = retry_at_ == Clock::time_point::min() ? next : std::min(retry_at_, next);
        }
        return taken;
    }
    static void give_back(RateLimit* limit, std::size_t unused) {
        if (limit && unused > 0) limit->give_back(unused);
    }

    static Slice::End fail(Slice& slice, const Error& why) {
        slice.error = why;
        return Slice::End::dialogue_failed;
    }

    Stream& stream_;
    Dialogue& dialogue_;
    const ExchangeLimits& limits_;
    const std::unique_ptr<std::byte[]> memory_;  // the system gives it as it is used
    const MutableBytes out_;
    const MutableBytes in_;
    Bytes rest_;             // of out_: not sent yet
    std::size_t begin_ = 0;  // of the unconsumed bytes in in_
    std::size_t end_ = 0;
    bool reads_ = true;
    Clock::time_point read_at_ = Clock::time_point::min();  // what a rate limit says
    Clock::time_point write_at_ = Clock::time_point::min();
    Clock::time_point retry_at_ = Clock::time_point::min();
};

/// dialogue.work() in the disk pool, with signs of life meanwhile.
Task<Result<>> work(DiskPool& disk, Dialogue& dialogue, Duplex& flow, StallGuard& stall,
                    std::chrono::milliseconds pause, Clock::time_point& spoke) {
    const auto executor = co_await asio::this_coro::executor;
    auto job = disk.start(executor, [&dialogue] { return dialogue.work(); });
    std::exception_ptr lost;
    while (!co_await job.wait_until(spoke + pause)) {
        spoke = Clock::now();
        if (!flow.between_messages() || lost) continue;
        try {
            stall.before_wait();
            co_await flow.say(dialogue.sign_of_life());
            stall.after_wait();
        } catch (...) {
            lost = std::current_exception();  // the job refers to what we hold
        }
    }
    auto done = co_await job.join();
    if (lost) std::rethrow_exception(lost);
    co_return done;
}

}  // namespace

Task<Result<>> exchange(Stream& stream, DiskPool& disk, Dialogue& dialogue, ExchangeLimits limits) {
    co_await asio::this_coro::throw_if_cancelled(false);  // cleaning up may have to wait
    StallGuard stall(stream, limits.stall);
    Duplex flow(stream, dialogue, limits);
    auto spoke = Clock::now();
    std::uint64_t heard = dialogue.messages();
    for (;;) {
        if (stream.stopping()) dialogue.stop();
        Slice slice = co_await disk.run([&flow] { return flow.run(); });
        co_await stop_if_cancelled();
        stall.moved(slice.moved);
        if (std::exchange(heard, dialogue.messages()) != heard) {
            stall.moved(limits::stall_bytes);
        }
        switch (slice.end) {
            case Slice::End::used_up:
                break;
            case Slice::End::finished:
                flow.hand_back_rest();
                co_return Result<>();
            case Slice::End::dialogue_failed:
                co_return std::move(slice.error);
            case Slice::End::peer_ended:
                throw boost::system::system_error(make_error_code(Errc::connection_lost));
            case Slice::End::connection_failed:
                stream.check_now();
                break;
            case Slice::End::works: {
                auto done = co_await work(disk, dialogue, flow, stall, limits.sign_of_life, spoke);
                if (!done) co_return std::move(done).error();
                break;
            }
            case Slice::End::waits: {
                stream.check_now();
                const auto alive = spoke + limits.sign_of_life;
                auto until = std::min(dialogue.due(), alive);
                if (flow.retry_at() != Clock::time_point::min()) {
                    until = std::min(until, flow.retry_at());
                }
                const bool suspicious = dialogue.awaits_peer() || flow.wants_to_write();
                if (suspicious) stall.before_wait();
                co_await stream.wait_ready(flow.wants_to_read(), flow.wants_to_write(), until);
                if (suspicious) stall.after_wait();
                if (Clock::now() < alive) break;
                spoke = Clock::now();
                if (!flow.between_messages()) break;
                stall.before_wait();
                co_await flow.say(dialogue.sign_of_life());
                stall.after_wait();
                break;
            }
        }
    }
}

}  // namespace netcopy
