#pragma once

#include <memory>

#include "net/task.hpp"
#include "store/memory_store.hpp"

namespace netcopy {

/// Frees the expired entries of a MemoryStore once a second for as long as the collector lives. It
/// works on the executor's network thread, a small part of the store at a time, so that nobody
/// waits for long: a thread of its own would make every allocation of a single-threaded server a
/// locked one. Created and destroyed on that thread, or before and after it runs.
class Collector {
public:
    Collector(const Executor& executor, std::shared_ptr<MemoryStore> store);
    ~Collector();
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the coroutine, which ends a turn later
};

}  // namespace netcopy
