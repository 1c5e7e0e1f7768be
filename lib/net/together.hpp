#pragma once

#include <cstddef>
#include <functional>

#include "net/task.hpp"

namespace netcopy {

/// Runs `count` tasks at the same time on the caller's network thread, and waits for the end of
/// all. Each is told its number, from 0. When the caller is cancelled, all of them are, and are
/// waited for; then, or when one has thrown, the first exception comes out here.
Task<> run_together(std::size_t count, std::function<Task<>(std::size_t)> task);

}  // namespace netcopy
