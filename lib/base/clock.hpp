#pragma once

#include <chrono>
#include <ctime>

namespace netcopy {

/// Monotonic time that also counts while the machine is suspended (CLOCK_BOOTTIME), so that what
/// expires after a minute does so though the lid was closed. steady_clock stands still meanwhile.
struct BootClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept {
        timespec time{};
        clock_gettime(CLOCK_BOOTTIME, &time);
        return time_point(std::chrono::seconds(time.tv_sec) +
                          std::chrono::nanoseconds(time.tv_nsec));
    }
};

}  // namespace netcopy
