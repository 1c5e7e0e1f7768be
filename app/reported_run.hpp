#pragma once

#include <functional>
#include <string>

#include "app/copy_report.hpp"
#include "base/progress.hpp"

namespace netcopy::app {

/// A command that moves many files, from when it begins to when it has summed up.
struct ReportedRun {
    Context& context;
    TreeProgress& progress;
    CopyReport& report;
    const std::string& peer;               ///< ADDRESS:PORT, once there is one
    std::function<CopySummary()> summary;  ///< when the work is over
};

/// Does the work with the progress on the screen, then names what failed and sums up; gives the
/// exit status. When the work ends before its time its error comes back, with how many files were
/// not done behind it. `run` outlives the task.
Task<Result<int>> run_reported(const ReportedRun& run, std::function<Task<Result<>>()> work);

}  // namespace netcopy::app
