#pragma once

#include "file/tree.hpp"
#include "session/fetch_run.hpp"

namespace netcopy {

/// Fetches an entry of a file server of the seed's kind by its bare datagrams. What comes cannot be
/// verified: the outcome of a file that arrived is Errc::unverified, and the file is stored.
Task<Fetched> fetch_bare_file(FetchRun& run, Tree& tree, const CatalogueEntry& entry);

}  // namespace netcopy
