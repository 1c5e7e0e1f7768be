#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "file/tree.hpp"
#include "session/fetch_hasher.hpp"
#include "session/fetch_peers.hpp"
#include "session/fetch_run.hpp"
#include "session/fetch_target.hpp"
#include "session/fetch_trial.hpp"

namespace netcopy {

/// Fetches one file from all servers that have it: calls them, follows the bytes with the digest,
/// tries again what breaks, and finds out who lied when the digest does not match. One network
/// thread.
class FetchFile {
public:
    /// All must outlive it. `tree` is used in the disk pool, one file at a time.
    FetchFile(FetchRun& run, Tree& tree, const CatalogueEntry& entry);
    ~FetchFile();

    /// The file is whole and verified, or corrupted and to be kept under another name, when the
    /// result has one. Throws operation_aborted when cancelled; what arrived is kept for another
    /// attempt then, as it is when nobody can give the rest.
    Task<Fetched> fetch();

private:
    struct Work;  // of a file that is really fetched

    Task<Result<>> prepare(Existing existing);
    Task<> find_peers(std::vector<CatalogueSource> sources);
    Task<> steer();
    Task<bool> keep_calling();
    Task<bool> try_others();
    Task<bool> begin_trial_step();
    void name_liars();
    Fetched fail(Error error) const;
    Task<Fetched> finish();
    Task<Fetched> finish_corrupted();

    FetchRun& run_;
    Tree& tree_;
    const CatalogueEntry& entry_;
    std::optional<KnownDigest> expected_;
    std::shared_ptr<FileProgress> shown_;
    std::unique_ptr<Work> work_;
    std::optional<Error> error_;
    bool verified_ = false;
    bool corrupted_ = false;
};

}  // namespace netcopy
