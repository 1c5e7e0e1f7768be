#include "net/together.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <list>

namespace netcopy {

Task<> run_together(std::size_t count, std::function<Task<>(std::size_t)> task) {
    const Executor executor = co_await asio::this_coro::executor;
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    std::list<asio::cancellation_signal> cancels;
    std::exception_ptr thrown;
    std::size_t running = count;
    Timer ended(executor, Clock::time_point::max());  // never rings: cancelled to say so
    for (std::size_t i = 0; i < count; ++i) {
        asio::co_spawn(executor, task(i),
                       asio::bind_cancellation_slot(cancels.emplace_back().slot(),
                                                    [&](const std::exception_ptr& error) {
                                                        if (error && !thrown) thrown = error;
                                                        --running;
                                                        ended.cancel();
                                                    }));
    }
    bool told = false;
    while (running > 0) {
        const auto state = co_await asio::this_coro::cancellation_state;
        if (!told && (thrown || state.cancelled() != asio::cancellation_type::none)) {
            told = true;
            for (auto& cancel : cancels) cancel.emit(asio::cancellation_type::terminal);
            continue;
        }
        if (told) {
            // The caller's own cancellation must not end this wait.
            co_await ended.async_wait(
                asio::bind_cancellation_slot(asio::cancellation_slot(), asio::as_tuple(UseTask())));
        } else {
            co_await ended.async_wait(asio::as_tuple(UseTask()));
        }
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace netcopy
