#pragma once

#include <string>

#include "base/progress.hpp"
#include "crypto/digest.hpp"
#include "file/source.hpp"
#include "net/disk_pool.hpp"
#include "net/task.hpp"
#include "store/digest_cache.hpp"

namespace netcopy {

/// The hex of a whole file's digest, for wires that want it ahead of the bytes: from the cache, or
/// by reading the file, in the disk pool, and remembering what it has. `cache` may be null.
/// `progress` counts the bytes that are hashed. Errc::local_file when the file cannot be read, has
/// no size (a pipe), or changed meanwhile. Throws operation_aborted when cancelled.
Task<Result<std::string>> source_digest(DiskPool& disk, FileSource& source, DigestKind kind,
                                        DigestCache* cache, Progress& progress);

}  // namespace netcopy
