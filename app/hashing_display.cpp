#include "app/hashing_display.hpp"

#include <boost/asio/as_tuple.hpp>

namespace netcopy::app {
namespace {

constexpr std::chrono::milliseconds look_period{200};

}  // namespace

Task<> HashingDisplay::run(const TreeProgress& progress) {
    std::shared_ptr<Renderer::Display> display;
    while (!stopped_) {
        if (!progress.counting) display.reset();
        if (progress.counting && !display) display = context_.output.show(progress);
        looked_.expires_after(look_period);
        co_await looked_.async_wait(asio::as_tuple(UseTask()));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return;
    }
}

}  // namespace netcopy::app
