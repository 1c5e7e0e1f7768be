#pragma once

#include <chrono>
#include <vector>

#include "net/endpoint.hpp"
#include "net/task.hpp"

namespace netcopy {

/// The addresses of an endpoint, at least one, in the system's order of preference. A number is
/// taken as it stands, without a resolver's thread. Errc::unreachable.
Task<Result<std::vector<Tcp::endpoint>>> resolve(Endpoint endpoint, Clock::duration timeout);

}  // namespace netcopy
