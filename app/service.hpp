#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "app/command.hpp"
#include "net/server.hpp"
#include "session/dialects.hpp"
#include "session/receive_rules.hpp"
#include "session/share_service.hpp"

/// What the commands that serve files have in common.
namespace netcopy::app {

/// Of --protocol and --overwrite, whose choices are checked already.
Dialects dialects_of(const std::string& protocol);
Overwrite overwrite_of(const std::string& when);

/// Listens, says so, and serves until a signal, or until somebody stops the server that `ready` was
/// given after these words, and the last session has ended. `options` and what the session refers
/// to outlive the task.
Task<Result<>> run_server(Context& context, const ServerOptions& options, Endpoint endpoint,
                          SessionFn session, std::function<void(Server&)> ready = {},
                          bool short_answers = false);

/// What becomes of a service's files: a line in the log, an object with --json, and counts.
/// Thread-safe but for construction and fill(); must outlive what it posts to the main thread, so
/// let that run dry before it goes.
class ServiceLog {
public:
    explicit ServiceLog(Context& context) : context_(context) {}

    void received(const ReceivedFile& file);
    void served(const ServedFile& file);

    /// On the main thread. `sends`: the service sends files, too.
    void fill(Report& report, bool sends);
    std::uint64_t files() const { return files_; }
    std::uint64_t failed() const { return failed_; }
    Error first_failure();  ///< with failed() > 0

private:
    void fail(const Error& error);
    void tell(FileReport report);

    Context& context_;
    std::mutex mutex_;
    std::optional<Error> first_failure_;
    std::atomic<std::uint64_t> files_{0}, bytes_{0}, received_{0}, sent_{0}, same_{0}, failed_{0};
};

}  // namespace netcopy::app
