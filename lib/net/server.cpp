#include "net/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/system/system_error.hpp>
#include <mutex>
#include <unordered_map>

#include "base/log.hpp"
#include "net/resolve.hpp"

namespace netcopy {
namespace {

constexpr auto nothrow = asio::as_tuple(UseTask());
/// When descriptors or memory run out accept() fails at once; wait for a session to end.
constexpr std::chrono::milliseconds accept_pause{100};

using boost::system::system_error;

}  // namespace

/// Shared by the accept loop and all sessions, on all threads.
struct Server::State : std::enable_shared_from_this<Server::State> {
    State(Executor executor_, std::vector<Executor> workers_, ServerLimits limits_,
          SessionFn session_)
        : executor(executor_),
          workers(workers_.empty() ? std::vector{executor_} : std::move(workers_)),
          limits(limits_),
          session(std::move(session_)),
          acceptor(executor_),
          drained(executor_, Clock::time_point::max()) {}

    struct Connection {
        Connection(Socket socket, const Tcp::endpoint& peer)
            : stream(std::move(socket), peer), address(peer.address()) {}
        Stream stream;
        asio::ip::address address;
    };
    using ConnectionPtr = std::shared_ptr<Connection>;

    /// Counts the connection in, or says which limit forbids it.
    std::string_view admit(const ConnectionPtr& connection);
    void leave(const ConnectionPtr& connection);
    Task<> serve(ConnectionPtr connection);
    void accepted(Socket socket, const Tcp::endpoint& peer, Executor worker);

    const Executor executor;
    const std::vector<Executor> workers;
    const ServerLimits limits;
    const SessionFn session;
    Acceptor acceptor;
    Timer drained;  // cancelled when the last session ends
    bool stopping = false;

    std::mutex mutex;  // guards what follows
    std::unordered_map<Connection*, ConnectionPtr> open;
    std::unordered_map<std::string, std::size_t> per_address;
};

std::string_view Server::State::admit(const ConnectionPtr& connection) {
    const std::lock_guard guard(mutex);
    if (open.size() >= limits.connections) return "--max-connections is reached";
    std::size_t& count = per_address[connection->address.to_string()];
    if (count >= limits.connections_per_address) return "--max-connections-per-address is reached";
    ++count;
    open.emplace(connection.get(), connection);
    return {};
}

void Server::State::leave(const ConnectionPtr& connection) {
    const std::lock_guard guard(mutex);
    open.erase(connection.get());
    const auto count = per_address.find(connection->address.to_string());
    if (--count->second == 0) per_address.erase(count);
    if (open.empty()) {
        asio::post(executor, [self = shared_from_this()] { self->drained.cancel(); });
    }
}

Task<> Server::State::serve(ConnectionPtr connection) {
    co_await asio::this_coro::throw_if_cancelled(false);  // cleaning up may have to wait
    Stream& stream = connection->stream;
    NETCOPY_LOG(debug) << stream.peer() << ": connected";
    try {
        co_await session(stream);
    } catch (const system_error& error) {
        NETCOPY_LOG(info) << stream.peer() << ": " << error.code().message();
    } catch (const std::exception& error) {
        NETCOPY_LOG(error) << stream.peer() << ": " << error.what();
    }
    NETCOPY_LOG(debug) << stream.peer() << ": closed";
    leave(connection);
}

void Server::State::accepted(Socket socket, const Tcp::endpoint& peer, Executor worker) {
    const auto connection = std::make_shared<Connection>(std::move(socket), peer);
    if (const auto reason = admit(connection); !reason.empty()) {
        NETCOPY_LOG(warning) << connection->stream.peer() << ": not served: " << reason;
        return connection->stream.reset();
    }
    // The closure gets a name because GCC 12 destroys a temporary one too early (bug 107288).
    auto task = [self = shared_from_this(), connection]() -> Task<> {
        co_await self->serve(connection);
    };
    asio::co_spawn(worker, std::move(task), asio::detached);
}

Server::Server(Executor executor, std::vector<Executor> workers, ServerLimits limits,
               SessionFn session)
    : state_(std::make_shared<State>(executor, std::move(workers), limits, std::move(session))) {}

Server::~Server() { stop(); }

Task<Result<Endpoint>> Server::listen(Endpoint endpoint) {
    auto addresses = co_await resolve(endpoint, limits::connect);
    if (!addresses) co_return addresses.error();
    std::ranges::stable_partition(*addresses,
                                  [](const Tcp::endpoint& a) { return a.address().is_v4(); });
    const Tcp::endpoint& address = addresses->front();
    Acceptor& acceptor = state_->acceptor;
    try {
        acceptor.open(address.protocol());
        acceptor.set_option(asio::socket_base::reuse_address(true));
        acceptor.bind(address);
        if (state_->limits.short_answers) use_cubic(acceptor.native_handle());  // inherited
        acceptor.listen(asio::socket_base::max_listen_connections);
    } catch (const system_error& error) {
        co_return make_error(Errc::failed, "cannot listen on " + to_string(endpoint), error.code());
    }
    const auto local = acceptor.local_endpoint();
    co_return Endpoint{local.address().to_string(), local.port()};
}

Task<> Server::run() {
    const auto state = state_;
    for (std::size_t turn = 0; !state->stopping && turn < state->limits.accepts;) {
        const Executor worker = state->workers[turn % state->workers.size()];
        Tcp::endpoint peer;
        auto [error, socket] = co_await state->acceptor.async_accept(worker, peer, nothrow);
        if (state->stopping || error == asio::error::operation_aborted) break;
        if (error) {
            // The peer gave up while it queued, or a resource is short for a while: neither ends
            // the server.
            NETCOPY_LOG(warning) << "cannot accept a connection: " << error.message();
            Timer pause(state->executor, accept_pause);
            co_await pause.async_wait(nothrow);
            continue;
        }
        ++turn;
        state->accepted(std::move(socket), peer, worker);
    }
    error_code ignored;
    state->acceptor.close(ignored);
    for (;;) {
        {
            const std::lock_guard guard(state->mutex);
            if (state->open.empty()) co_return;
        }
        co_await state->drained.async_wait(nothrow);
    }
}

void Server::stop() {
    if (state_->stopping) return;
    state_->stopping = true;
    error_code ignored;
    state_->acceptor.close(ignored);
    const std::lock_guard guard(state_->mutex);
    for (const auto& [key, connection] : state_->open) {
        asio::post(connection->stream.socket().get_executor(),
                   [connection] { connection->stream.stop_when_idle(); });
    }
}

std::size_t raise_file_limit(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}

}  // namespace netcopy
