#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/limits.hpp"
#include "file/tree.hpp"
#include "net/disk_pool.hpp"
#include "net/stream.hpp"
#include "session/receive_rules.hpp"

namespace netcopy {

class SharedFolder;

/// What became of one download, for the log and for JSON.
struct SentFile {
    std::string peer;
    std::string name;
    std::uint64_t size = 0;   ///< bytes, as listed
    std::uint64_t bytes = 0;  ///< that were sent
    Clock::duration took{};
    Result<> outcome;  ///< success: all bytes went out; whether they arrived only the client knows
};

struct ShareSeedRules {
    explicit ShareSeedRules(const ReceiveRules& rules) : receive(rules) {}

    /// For uploads: max_size, quota, rate, stall, on_begun, on_file; rate and stall also for
    /// downloads. Names that are taken become `name (2).ext` whatever it says.
    const ReceiveRules& receive;
    bool read_only = false;
    Clock::duration idle = limits::server_idle;  ///< until a command's first byte
    Clock::duration message = limits::message;   ///< from there to its last
    std::function<void(const SentFile&)> on_sent;  ///< on the network thread; may be empty
};

/// The server's side of the share protocol (seed 001; docs/protocol/share.md): any number of
/// commands on one connection, until the client disconnects, breaks the protocol, or is refused
/// something. What is uploaded is stored in `tree`'s root and known to `folder` before the MD5 goes
/// out. The first command may have been read already, but not consumed. The caller closes the
/// connection. Throws what the stream throws outside of a file.
Task<> serve_share_seed(Stream& stream, DiskPool& disk, SharedFolder& folder, Tree& tree,
                        const ShareSeedRules& rules);

}  // namespace netcopy
