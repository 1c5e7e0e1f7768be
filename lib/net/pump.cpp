#include "net/pump.hpp"

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <vector>

namespace netcopy {
namespace {

/// Large enough that a hop to the disk pool (10 us) is lost in hashing it (330 us), small enough
/// for the cache.
constexpr std::size_t buffer_size = 256 * 1024;

using Buffers = std::array<std::vector<std::byte>, 2>;

Buffers make_buffers() {
    return {std::vector<std::byte>(buffer_size), std::vector<std::byte>(buffer_size)};
}

/// Moves the stream's deadline on whenever enough has moved.
class StallGuard {
public:
    StallGuard(Stream& stream, StallLimit limit) : stream_(stream), window_(limit.window) {
        restart();
    }
    ~StallGuard() { stream_.no_deadline(); }

    void moved(std::size_t bytes) {
        bytes_ += bytes;
        if (bytes_ >= limits::stall_bytes) restart();
    }

    /// Time spent waiting for our own disk is not the peer's.
    void restart() {
        bytes_ = 0;
        stream_.limit_to(window_);
    }

private:
    Stream& stream_;
    const Clock::duration window_;
    std::size_t bytes_ = 0;
};

/// A signal may have come while a disk job, which cannot be cancelled, was waited for.
Task<> stop_if_cancelled() {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
    }
}

Task<> write_all(Stream& stream, Bytes bytes, Progress& progress, StallGuard& stall) {
    co_await stop_if_cancelled();
    while (!bytes.empty()) {
        const std::size_t put = co_await stream.write_some(bytes);
        bytes = bytes.subspan(put);
        progress.bytes += put;
        stall.moved(put);
    }
}

/// Fills the buffer as far as the body goes; `filled` short of it is the end. It also counts what
/// came before an exception.
Task<> read_full(Stream& stream, MutableBytes buffer, std::size_t& filled, Progress& progress,
                 StallGuard& stall) {
    co_await stop_if_cancelled();
    while (filled < buffer.size()) {
        const std::size_t got = co_await stream.read_some(buffer.subspan(filled));
        if (got == 0) co_return;
        filled += got;
        progress.bytes += got;
        stall.moved(got);
    }
}

}  // namespace

Task<Result<std::uint64_t>> pump_out(Stream& stream, DiskPool& disk, Produce produce,
                                     Progress& progress, StallLimit limit) {
    const Executor executor = co_await asio::this_coro::executor;
    co_await asio::this_coro::throw_if_cancelled(false);
    Buffers buffers = make_buffers();
    StallGuard stall(stream, limit);
    const auto fill = [&](std::size_t turn) {
        return disk.start(executor, [&, turn] { return produce(buffers[turn % 2]); });
    };
    std::uint64_t total = 0;
    auto job = fill(0);
    for (std::size_t turn = 0;; ++turn) {
        const Result<std::size_t> got = co_await job.join();
        if (!got) co_return got.error();
        if (*got == 0) co_return total;
        job = fill(turn + 1);
        std::exception_ptr lost;
        try {
            stall.restart();
            co_await write_all(stream, Bytes(buffers[turn % 2]).first(*got), progress, stall);
        } catch (...) {
            lost = std::current_exception();
        }
        if (lost) {
            co_await job.join();
            std::rethrow_exception(lost);
        }
        total += *got;
    }
}

Task<Result<std::uint64_t>> pump_in(Stream& stream, DiskPool& disk, Consume consume,
                                    std::optional<std::uint64_t> length, Progress& progress,
                                    StallLimit limit) {
    const Executor executor = co_await asio::this_coro::executor;
    co_await asio::this_coro::throw_if_cancelled(false);
    Buffers buffers = make_buffers();
    StallGuard stall(stream, limit);
    std::optional<DiskJob<Result<>>> job;
    const auto finish_job = [&job]() -> Task<Result<>> {
        if (!job) co_return Result<>();
        auto ended = std::exchange(job, std::nullopt);
        co_return co_await ended->join();
    };
    std::uint64_t total = 0;
    for (std::size_t turn = 0;; ++turn) {
        const std::uint64_t left = length.value_or(UINT64_MAX) - total;
        const MutableBytes buffer =
            MutableBytes(buffers[turn % 2])
                .first(static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_size)));
        std::size_t got = 0;
        std::exception_ptr lost;
        try {
            stall.restart();
            co_await read_full(stream, buffer, got, progress, stall);
        } catch (...) {
            lost = std::current_exception();
        }
        if (const auto consumed = co_await finish_job(); !consumed) co_return consumed.error();
        if (got > 0) {
            job = disk.start(
                executor, [&consume, bytes = Bytes(buffer).first(got)] { return consume(bytes); });
        }
        total += got;
        if (!lost && got == buffer.size() && total != length) continue;

        if (const auto consumed = co_await finish_job(); !consumed) co_return consumed.error();
        if (lost) std::rethrow_exception(lost);
        if (length && total < *length) {
            throw boost::system::system_error(make_error_code(Errc::connection_lost));
        }
        co_return total;
    }
}

}  // namespace netcopy
