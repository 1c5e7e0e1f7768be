#pragma once

#include <cstdint>
#include <memory>

#include "base/progress.hpp"
#include "net/task.hpp"

namespace netcopy {

/// Lets the progress of a whole run follow that of one file that is under way, for as long as it
/// lives. On one network thread. For protocols that move one file at a time; netcopy/1 counts by
/// itself.
class ProgressMirror {
public:
    /// `counted` is what the whole has of this file; all three must outlive the mirror.
    ProgressMirror(const Executor& executor, TreeProgress& whole, const Progress& file,
                   std::uint64_t& counted);
    ~ProgressMirror();
    ProgressMirror(const ProgressMirror&) = delete;
    ProgressMirror& operator=(const ProgressMirror&) = delete;

    void look();  ///< now, instead of at the next tenth of a second

private:
    void wait();

    const std::shared_ptr<int> alive_ = std::make_shared<int>();
    Timer timer_;
    TreeProgress& whole_;
    const Progress& file_;
    std::uint64_t& counted_;
};

}  // namespace netcopy
