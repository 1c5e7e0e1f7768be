#pragma once

#include <functional>
#include <string>

#include "file/tree.hpp"
#include "net/disk_pool.hpp"
#include "session/copy_queue.hpp"
#include "session/receive_rules.hpp"
#include "session/share_seed_client.hpp"
#include "session/share_wishes.hpp"

namespace netcopy {

/// Uploads what the queue holds by the share protocol (seed 001), over so many connections at a
/// time, under base names; folders come to nothing there, and links and pipes fail. `connected` is
/// called with the peer's address once a connection has done something. What failed is told to the
/// queue; the error is Errc::unreachable when nobody was there at all.
Task<Result<>> upload_by_seed(CopyQueue& queue, DiskPool& disk, ShareSeedPlan plan,
                              std::size_t connections,
                              std::function<void(const std::string&)> connected);

/// Downloads what is wished into the root of the tree, likewise. Overwrite::newer is as good as
/// `never`, since this protocol says no times.
Task<> download_by_seed(ShareWishes& wishes, const Tree& tree, Overwrite overwrite, DiskPool& disk,
                        ShareSeedPlan plan, std::size_t connections);

}  // namespace netcopy
