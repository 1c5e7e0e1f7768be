#pragma once

#include "file/tree.hpp"
#include "net/disk_pool.hpp"
#include "net/stream.hpp"
#include "session/share_service.hpp"

namespace netcopy {

class SharedFolder;

/// The server's side of the share protocol (seed 001; docs/protocol/share.md): any number of
/// commands on one connection, until the client disconnects, breaks the protocol, or is refused
/// something. Rate limits, stall window, quota and hooks are those of `rules`. What is uploaded is
/// stored in `tree`'s root and known to `folder` before the MD5 goes out. The first command may
/// have been read already, but not consumed. The caller closes the connection. Throws what the
/// stream throws outside of a file.
Task<> serve_share_seed(Stream& stream, DiskPool& disk, SharedFolder& folder, Tree& tree,
                        const ShareRules& rules, ReceiveTimes times);

}  // namespace netcopy
