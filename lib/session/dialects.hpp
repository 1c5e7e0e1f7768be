#pragma once

#include <chrono>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace netcopy {

/// What a service listens to on its port.
enum class Dialects { both, netcopy, seed };

struct ReceiveTimes {
    Clock::duration idle = limits::transfer_stall;  ///< until the first byte
    Clock::duration message = limits::message;      ///< until the first line or header is whole
};

}  // namespace netcopy
