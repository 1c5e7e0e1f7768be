#include "net/resolve.hpp"

#include <boost/asio/as_tuple.hpp>

#include "base/bytes.hpp"
#include "net/watchdog.hpp"

namespace netcopy {

Task<Result<std::vector<Tcp::endpoint>>> resolve(Endpoint endpoint, Clock::duration timeout) {
    constexpr auto nothrow = asio::as_tuple(UseTask());
    error_code error;
    const auto address = asio::ip::make_address(endpoint.host, error);
    if (!error) co_return std::vector{Tcp::endpoint(address, endpoint.port)};

    const Executor executor = co_await asio::this_coro::executor;
    asio::ip::basic_resolver<Tcp, Executor> resolver(executor);
    // The system's resolver cannot be interrupted; cancelling only stops us from waiting for it.
    Watchdog watchdog(executor, [&] { resolver.cancel(); });
    watchdog.set(Clock::now() + timeout);
    auto [failure, results] =
        co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), nothrow);
    if (watchdog.expired()) failure = asio::error::timed_out;
    if (failure) {
        co_return make_error(Errc::unreachable, "cannot resolve " + quote(endpoint.host), failure);
    }
    std::vector<Tcp::endpoint> addresses;
    for (const auto& result : results) addresses.push_back(result.endpoint());
    co_return addresses;
}

}  // namespace netcopy
