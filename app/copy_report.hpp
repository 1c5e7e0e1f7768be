#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "file/manifest.hpp"
#include "session/copy_queue.hpp"

namespace netcopy::app {

/// What `send PATH... ENDPOINT` says of its files: each as it is done, where that is asked for, and
/// all of them at the end.
class CopyReport {
public:
    /// `manifest` may be null.
    CopyReport(Context& context, bool dry_run, ManifestWriter* manifest);

    /// For CopyQueue: one call at a time, on any thread. The report must outlive what it posts to
    /// the main thread: wait for flush().
    void copied(const CopyItem& item, const CopyOutcome& outcome);
    Task<> flush();

    /// On the main thread, when no more is to come: names what failed, sums up, and gives the exit
    /// status. `cut_short`: the run ended before its time, and the caller will say why; the status
    /// means nothing then.
    int end(const CopySummary& summary, const std::string& peer, std::chrono::duration<double> took,
            bool cut_short);

private:
    std::string words(const CopySummary& summary, const std::string& peer) const;

    static constexpr std::size_t most_named = 100;

    Context& context_;
    const bool dry_run_;
    ManifestWriter* const manifest_;
    std::vector<Error> failures_;  // the first ones; of copied()
};

}  // namespace netcopy::app
