#pragma once

#include <deque>
#include <functional>
#include <string>

#include "file/tree.hpp"
#include "session/fetch_run.hpp"

namespace netcopy {

struct FetchClientPlan {
    std::size_t jobs = 4;  ///< files at a time
    Overwrite overwrite = Overwrite::never;
    Clock::duration timeout = limits::transfer_stall;  ///< of a server's silence
    Clock::duration connect_timeout = limits::connect;
    std::uint64_t first_retries = 0;  ///< of a server that has never answered
    std::uint64_t retries = 8;        ///< fruitless ones in a row, of one that had
    RateLimit* receiving = nullptr;   ///< none: no limit
    bool bare = false;                ///< the seed's file servers are asked, too
    /// Where an entry's file is by now; may be empty.
    std::function<Task<std::vector<CatalogueSource>>(const CatalogueEntry&)> look_again;
};

/// Fetches files of a catalogue into a folder, several at a time, over one UDP socket. One network
/// thread; `disk` needs a thread for the socket, and two for each file at a time.
class FetchClient {
public:
    /// Called for each file when it is done, on the network thread.
    using OnFetched = std::function<void(const std::string& name, const CopyOutcome&)>;

    FetchClient(FetchClientPlan plan, DiskPool& disk, TreeProgress& progress, OnFetched on_fetched);

    /// Until each has arrived or failed. The error is of the run as a whole (no socket); throws
    /// operation_aborted when cancelled.
    Task<Result<>> run(std::deque<CatalogueEntry> entries, Tree& tree);
    const CopySummary& summary() const { return summary_; }

private:
    Task<> work(FetchRun& run, Tree tree);
    Task<CopyOutcome> fetch(FetchRun& run, Tree& tree, const CatalogueEntry& entry);

    FetchClientPlan plan_;
    DiskPool& disk_;
    TreeProgress& progress_;
    OnFetched on_fetched_;
    std::deque<CatalogueEntry> waiting_;
    CopySummary summary_;
};

}  // namespace netcopy
