#include "net/event.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

#include "net/disk_pool.hpp"

namespace netcopy {

struct Event::State {
    explicit State(const Executor& on) : executor(on), timer(on, Clock::time_point::max()) {}
    Executor executor;
    Timer timer;  // cancelled to say so
    std::atomic<bool> raised = false;
};

Event::Event(const Executor& executor) : state_(std::make_shared<State>(executor)) {}

void Event::raise() const {
    if (state_->raised.exchange(true)) return;
    asio::post(state_->executor, [state = state_] { state->timer.cancel(); });
}

Task<> Event::wait(Clock::time_point until) const {
    const auto state = state_;
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!state->raised.exchange(false) && Clock::now() < until) {
        state->timer.expires_at(until);
        co_await state->timer.async_wait(asio::as_tuple(UseTask()));
        const auto cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != asio::cancellation_type::none) break;
    }
    co_await stop_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(throws);
}

Task<> Event::wait_uncancelled() const {
    const auto state = state_;
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!state->raised.exchange(false)) {
        state->timer.expires_at(Clock::time_point::max());
        co_await state->timer.async_wait(asio::as_tuple(UseTask()));
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
}

}  // namespace netcopy
