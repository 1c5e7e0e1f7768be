#pragma once

#include <functional>
#include <set>
#include <vector>

#include "base/progress.hpp"
#include "net/disk_pool.hpp"
#include "session/copy_queue.hpp"
#include "session/fetch_link.hpp"
#include "session/receive_rules.hpp"
#include "session/registry_client.hpp"

namespace netcopy {

/// What all files of a run of `fetch` share. One network thread.
struct FetchRun {
    Executor executor;
    DiskPool& disk;
    FetchLink& link;
    TreeProgress& progress;
    Overwrite overwrite = Overwrite::never;
    Clock::duration timeout{};  ///< of silence
    Clock::duration connect_timeout{};
    std::uint64_t first_retries = 0;  ///< of a server that has never answered
    std::uint64_t retries = 8;        ///< fruitless ones in a row, of one that had
    std::size_t files_at_a_time = 1;
    bool bare = false;  ///< the seed's file servers are asked, too
    /// Where an entry's file is by now, by asking the master again; may be empty.
    std::function<Task<std::vector<CatalogueSource>>(const CatalogueEntry&)> look_again;
    std::set<UdpAddress> liars;  ///< servers that are not asked any more
};

/// What came of one file: an outcome, and with a file the outcome once that is committed.
struct Fetched {
    CopyOutcome outcome;
    std::optional<IncomingFile> file;
    std::string name;  ///< as wanted
};

}  // namespace netcopy
