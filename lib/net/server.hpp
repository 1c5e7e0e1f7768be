#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/limits.hpp"
#include "net/endpoint.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace netcopy {

struct ServerLimits {
    std::size_t connections = limits::connections;
    std::size_t connections_per_address = limits::connections_per_address;
    std::size_t accepts = SIZE_MAX;  ///< stop listening after so many; 1 serves a single client
    bool short_answers = false;  ///< answers fit a segment: the cheapest congestion control will do
};

/// Serves one connection; the connection is closed when it returns. What it throws is logged with
/// the peer and disturbs nobody else. Runs on one of the workers' threads.
using SessionFn = std::function<Task<>(Stream&)>;

/// The accept loop of every TCP server: limits, hand-over to the network threads, graceful stop.
class Server {
public:
    /// Accepts on `executor`; sessions run on `workers` in turn (on `executor` when there are
    /// none).
    Server(Executor executor, std::vector<Executor> workers, ServerLimits limits,
           SessionFn session);
    ~Server();

    /// Resolves and binds, IPv4 first where a name has both; the first word about what is wrong.
    /// Returns the address that is listened on, with the real port.
    Task<Result<Endpoint>> listen(Endpoint endpoint);

    /// Serves until stop(), or `accepts` is reached, and then until the last session has ended.
    /// On the executor's thread.
    Task<> run();

    /// Takes no more connections and ends those that are idle; sessions in flight go on.
    /// Idempotent; on the executor's thread.
    void stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Raises the limit on open files to `wanted` if the system lets us; returns what it is then.
std::size_t raise_file_limit(std::size_t wanted);

}  // namespace netcopy
