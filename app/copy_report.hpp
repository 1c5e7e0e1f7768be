#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "file/manifest.hpp"
#include "session/copy_queue.hpp"

namespace netcopy::app {

/// What a command says of its many files: each as it is done, where that is asked for, and all of
/// them at the end.
class CopyReport {
public:
    enum class Style {
        send,      ///< nothing on stdout
        dry_run,   ///< `send NAME`, `same NAME`, `refused NAME: why`
        upload,    ///< `Success NAME`, `Fail NAME`
        download,  ///< nothing on stdout; files come from the peer
    };

    /// `manifest` may be null.
    CopyReport(Context& context, Style style, ManifestWriter* manifest = nullptr);

    /// A file of that name is done. One call at a time, on any thread. The report must outlive what
    /// it posts to the main thread: wait for flush().
    void done(const std::string& name, const CopyOutcome& outcome);
    /// The same for a file that is not counted, because the run has ended before its time: the
    /// caller says why, once.
    void left_undone(const std::string& name, const CopyOutcome& outcome) { say(name, outcome); }
    Task<> flush();

    /// On the main thread, when no more is to come: names what failed, sums up, and gives the exit
    /// status. `cut_short`: the run ended before its time, and the caller will say why; the status
    /// means nothing then.
    int end(const CopySummary& summary, const std::string& peer, std::chrono::duration<double> took,
            bool cut_short);

    std::string_view verb() const;  ///< "sent" or "received"

private:
    void say(const std::string& name, const CopyOutcome& outcome);
    std::string line_of(const std::string& name, const FileReport& file, bool failed) const;
    std::string words(const CopySummary& summary, const std::string& peer) const;

    static constexpr std::size_t most_named = 100;

    Context& context_;
    const Style style_;
    ManifestWriter* const manifest_;
    std::vector<Error> failures_;  // the first ones; of done()
};

}  // namespace netcopy::app
