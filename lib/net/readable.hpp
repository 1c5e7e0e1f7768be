#pragma once

#include "net/task.hpp"

namespace netcopy {

/// Waits until `descriptor` (a pipe, a terminal: what poll(2) may call not ready) has bytes or has
/// ended. The descriptor stays the caller's, and blocking as it was. Throws operation_aborted when
/// cancelled.
Task<> wait_readable(int descriptor);

}  // namespace netcopy
