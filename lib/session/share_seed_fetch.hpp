#pragma once

#include "session/share_seed_client.hpp"
#include "session/share_seed_connection.hpp"

namespace netcopy {

/// ShareSeedClient::download().
Task<Result<ShareSeedDownloaded>> fetch_share_file(ShareSeedConnection& connection, DiskPool& disk,
                                                   ShareSeedFile file, ShareSeedTarget target,
                                                   Progress& progress);

}  // namespace netcopy
