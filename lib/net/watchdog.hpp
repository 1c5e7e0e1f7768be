#pragma once

#include <functional>
#include <memory>

#include "net/task.hpp"

namespace netcopy {

/// Calls `bark` once when an absolute deadline passes. Made for deadlines that move all the time:
/// the timer stays armed for an earlier one and looks, when it rings, whether the deadline has
/// moved on, so that moving it away costs a store. One network thread. After the destructor nothing
/// is called any more.
class Watchdog {
public:
    Watchdog(const Executor& executor, std::function<void()> bark);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// time_point::max() is never. Forgets that an earlier deadline has passed.
    void set(Clock::time_point deadline);
    Clock::time_point deadline() const;
    bool expired() const;

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the timer's handler, which may run later
};

}  // namespace netcopy
