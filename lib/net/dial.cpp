#include "net/dial.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/system/system_error.hpp>

#include "base/log.hpp"
#include "net/resolve.hpp"
#include "net/watchdog.hpp"

namespace netcopy {
namespace {

constexpr auto nothrow = asio::as_tuple(UseTask());
constexpr Clock::duration longest_pause = std::chrono::seconds(8);
constexpr Clock::duration least_share = std::chrono::milliseconds(250);
constexpr Clock::duration for_ever = std::chrono::hours(24 * 365);

Task<error_code> connect_within(Socket& socket, const Tcp::endpoint& address,
                                Clock::duration time) {
    Watchdog watchdog(socket.get_executor(), [&] {
        error_code ignored;
        socket.close(ignored);
    });
    watchdog.set(Clock::now() + time);
    auto [error] = co_await socket.async_connect(address, nothrow);
    co_return watchdog.expired() ? error_code(asio::error::timed_out) : error;
}

Task<Result<Dialled>> dial_once(const Endpoint& endpoint, Clock::duration timeout) {
    const auto deadline = Clock::now() + timeout;
    const auto addresses = co_await resolve(endpoint, timeout);
    if (!addresses) co_return addresses.error();
    error_code last;
    for (std::size_t i = 0; i < addresses->size(); ++i) {
        // Each address gets its share of what is left, so that a dead first one does not starve the
        // rest.
        const auto left = std::max(deadline - Clock::now(), Clock::duration::zero());
        const auto share = std::max(left / static_cast<int>(addresses->size() - i), least_share);
        Socket socket(co_await asio::this_coro::executor);
        last = co_await connect_within(socket, (*addresses)[i], share);
        if (!last) co_return Dialled{std::move(socket), (*addresses)[i]};
        if (last == asio::error::operation_aborted) throw boost::system::system_error(last);
        NETCOPY_LOG(debug) << "cannot connect to " << to_string((*addresses)[i]) << ": "
                           << last.message();
    }
    co_return make_error(Errc::unreachable, "cannot connect to " + to_string(endpoint), last);
}

}  // namespace

Task<Result<Dialled>> dial(Endpoint endpoint, DialOptions options) {
    const auto timeout = options.timeout == Clock::duration::zero() ? for_ever : options.timeout;
    Clock::duration pause = options.first_pause;
    for (std::uint64_t left = options.retries;; --left) {
        auto socket = co_await dial_once(endpoint, timeout);
        if (socket || left == 0) co_return socket;
        NETCOPY_LOG(warning) << socket.error().context << "; trying again, " << left << " left";
        Timer timer(co_await asio::this_coro::executor, pause);
        const auto [error] = co_await timer.async_wait(nothrow);
        if (error) throw boost::system::system_error(error);
        pause = std::min(pause * 2, longest_pause);
    }
}

}  // namespace netcopy
