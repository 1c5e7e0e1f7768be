#include "app/reported_run.hpp"

#include <exception>

namespace netcopy::app {
namespace {

/// "lost the connection to PEER: REASON; 17 files were not sent". With some that were, the run
/// was a partial success.
Error cut_short_error(Error error, const ReportedRun& run, const CopySummary& summary) {
    const std::uint64_t found = run.progress.files_total, done = run.progress.files;
    if (found <= done || run.peer.empty()) return error;
    const std::string known = "cannot connect to " + run.peer + ": ";
    if (const auto at = error.context.find(known); at != std::string::npos) {
        error.context.erase(at, known.size());
    }
    const std::uint64_t left = found - done;
    error.context += "; ";
    if (run.progress.counting) error.context += "at least ";
    error.context += std::to_string(left) + (left == 1 ? " file was not " : " files were not ") +
                     std::string(run.report.verb());
    if (summary.sent + summary.same > 0) error.code = make_error_code(Errc::partial);
    return error;
}

}  // namespace

Task<Result<int>> run_reported(const ReportedRun& run, std::function<Task<Result<>>()> work) {
    run.context.may_end_anywhere = true;
    auto display = run.context.output.show(run.progress);
    const auto began = Clock::now();
    Result<> done;
    std::exception_ptr thrown;
    try {
        done = co_await work();
    } catch (...) {
        thrown = std::current_exception();
    }
    display.reset();
    co_await run.report.flush();
    const bool cut_short = thrown || !done;
    const CopySummary summary = run.summary();
    const int status = run.report.end(summary, run.peer, Clock::now() - began, cut_short);
    if (thrown) std::rethrow_exception(thrown);
    if (!done) co_return cut_short_error(done.error(), run, summary);
    co_return status;
}

}  // namespace netcopy::app
