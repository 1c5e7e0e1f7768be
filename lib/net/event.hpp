#pragma once

#include <memory>

#include "net/task.hpp"

namespace netcopy {

/// "Something has changed, look again": raised on any thread, awaited by one task on its network
/// thread. What was raised while nobody waited is not lost. Must not outlive the io_context.
class Event {
public:
    explicit Event(const Executor& executor);

    /// Thread-safe; cheap when it was raised already.
    void raise() const;
    /// Until it is raised, or `until` has come. Throws operation_aborted when cancelled.
    Task<> wait(Clock::time_point until = Clock::time_point::max()) const;
    /// Until it is raised; cancelling the waiting task does not cut the wait short.
    Task<> wait_uncancelled() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace netcopy
