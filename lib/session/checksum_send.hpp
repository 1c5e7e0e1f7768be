#pragma once

#include <string>

#include "base/progress.hpp"
#include "crypto/digest.hpp"
#include "file/source.hpp"
#include "net/disk_pool.hpp"
#include "net/pump.hpp"
#include "net/stream.hpp"
#include "session/checksum_client.hpp"

namespace netcopy {

struct SendPlan {
    std::string id;  ///< canonical
    DigestKind checksum = DigestKind::md5;
    std::uint64_t validity = 60;  ///< seconds
    StallLimit stall;
    RateLimit* rate = nullptr;  ///< none: no limit
};

struct Sent {
    std::uint64_t bytes = 0;
    Digests digests;
};

/// The sender's side of the main job (seed 000; docs/protocol/checksum.md). Sends the source's
/// bytes, places their checksum, and only then closes, so that a receiver never asks too early;
/// returns when the receiver has closed too, so that one that died is noticed. On any failure, and
/// when the task is cancelled, the connection is reset: what was sent must not be taken for a whole
/// file. Errors: local_file (also when the file changed meanwhile), connection_lost, timed_out;
/// unverified or refused when the checksum could not be placed.
Task<Result<Sent>> send_with_checksum(Stream& stream, DiskPool& disk, FileSource& source,
                                      ChecksumClient& checksums, SendPlan plan, Progress& progress);

}  // namespace netcopy
