#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "net/task.hpp"

namespace netcopy {

/// Network threads beside the main one, each with an io_context of its own, so that nothing that a
/// connection does is locked against the others. The destructor stops and joins them.
class IoThreads {
public:
    explicit IoThreads(std::size_t count);
    ~IoThreads();

    std::vector<Executor> executors() const;

private:
    struct Thread;
    std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace netcopy
