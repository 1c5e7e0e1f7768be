#pragma once

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "net/task.hpp"

namespace netcopy {

/// A job under way in a DiskPool. Its starter must join() before anything that the job refers to
/// goes; a job cannot be cancelled. Used on the starter's network thread.
template <class T>
class DiskJob {
public:
    /// Waits for the result; cancelling the waiting task does not cut the wait short. Once only.
    Task<T> join() {
        const bool throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!state_->value && !state_->thrown) {
            co_await state_->finished.async_wait(asio::as_tuple(UseTask()));
        }
        co_await asio::this_coro::throw_if_cancelled(throws);
        if (state_->thrown) std::rethrow_exception(state_->thrown);
        co_return std::move(*state_->value);
    }

    /// Waits for the result, at the longest until `time`; true: join() will not have to wait.
    /// Cancelling the waiting task does not cut the wait short.
    Task<bool> wait_until(Clock::time_point time) {
        const bool throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        if (!state_->value && !state_->thrown) {
            state_->finished.expires_at(time);
            co_await state_->finished.async_wait(asio::as_tuple(UseTask()));
            state_->finished.expires_at(Clock::time_point::max());
        }
        co_await asio::this_coro::throw_if_cancelled(throws);
        co_return state_->value || state_->thrown;
    }

private:
    friend class DiskPool;

    struct State {
        explicit State(const Executor& executor) : finished(executor, Clock::time_point::max()) {}
        Timer finished;  // never rings: cancelled to say so
        std::optional<T> value;
        std::exception_ptr thrown;
    };

    explicit DiskJob(const Executor& executor) : state_(std::make_shared<State>(executor)) {}

    std::shared_ptr<State> state_;
};

/// Threads for calls that block (files) or take long (digests), so that the network threads never
/// do. A hop there and back costs about 10 us: hand over batches. Thread-safe. The destructor waits
/// for all jobs; destroy it after the io_contexts that wait for them.
class DiskPool {
public:
    explicit DiskPool(std::size_t threads) : threads_(threads) {}
    ~DiskPool() { threads_.join(); }

    /// Runs `work` on one of the threads and hands its result back to `executor`'s thread.
    template <class Work, class T = std::invoke_result_t<Work>>
    DiskJob<T> start(const Executor& executor, Work work) {
        DiskJob<T> job(executor);
        ++under_way_;
        asio::post(threads_, [executor, state = job.state_, run = std::move(work),
                              busy = asio::prefer(
                                  executor, asio::execution::outstanding_work.tracked)]() mutable {
            std::optional<T> value;
            std::exception_ptr thrown;
            try {
                value.emplace(run());
            } catch (...) {
                thrown = std::current_exception();
            }
            asio::post(executor, [state = std::move(state), result = std::move(value),
                                  error = std::move(thrown)]() mutable {
                state->value = std::move(result);
                state->thrown = std::move(error);
                state->finished.cancel();
            });
            {
                const auto last_hold = std::move(busy);  // of the io_context, which may go now
            }
            --under_way_;
            under_way_.notify_all();
        });
        return job;
    }

    /// Waits, blocking, until no job of any pool is under way. For the one case in which a job's
    /// starter goes without join(): before an io_context that was stopped is destroyed, with the
    /// tasks on it, and no other thread may start jobs any more.
    static void wait_until_idle() {
        for (std::size_t count = under_way_; count != 0; count = under_way_) {
            under_way_.wait(count);
        }
    }

    /// start() and join() in one.
    template <class Work, class T = std::invoke_result_t<Work>>
    Task<T> run(Work work) {
        co_return co_await start(co_await asio::this_coro::executor, std::move(work)).join();
    }

private:
    static inline std::atomic<std::size_t> under_way_ = 0;  // of all pools
    asio::thread_pool threads_;
};

/// A signal may have come while a disk job, which cannot be cancelled, was waited for: throws
/// operation_aborted then, for tasks that have throw_if_cancelled(false).
inline Task<> stop_if_cancelled() {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
    }
}

}  // namespace netcopy
