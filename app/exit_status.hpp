#pragma once

#include "base/error.hpp"

namespace netcopy::app {

/// The one place where a failure becomes a number for scripts; docs/cli.md has the table for
/// people.
int exit_status(const Error& error) noexcept;

/// As a shell says it of a process that a signal ended.
inline int exit_status_of_signal(int signal) noexcept { return 128 + signal; }

}  // namespace netcopy::app
