#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "file/tree.hpp"
#include "net/disk_pool.hpp"
#include "net/exchange.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"
#include "session/dialects.hpp"
#include "session/receive_rules.hpp"

namespace netcopy {

class SharedFolder;

/// What became of one file that a client asked for, for the log and for JSON.
struct ServedFile {
    std::string peer;
    std::string name;
    std::uint64_t bytes = 0;  ///< of the file; 0 with an error
    bool was_there = false;   ///< the client had it already
    Result<> outcome;
    const char* protocol = "netcopy/1";
};

/// What a share allows; the same for all its sessions, both protocols.
struct ShareRules {
    bool read_only = false;
    std::uint64_t max_size = UINT64_MAX;  ///< bytes of one upload
    Quota* quota = nullptr;               ///< none: no limit
    RateLimit* receiving = nullptr;       ///< none: no limit
    RateLimit* sending = nullptr;
    StallLimit stall;
    /// All may be empty, and are called on any thread, also several at a time. The bytes of an
    /// upload begin to come: peer, name, size (0: unknown).
    std::function<void(const std::string&, const std::string&, std::uint64_t)> on_begun;
    std::function<void(const ReceivedFile&)> on_received;  ///< an upload, one way or the other
    std::function<void(const ServedFile&)> on_served;      ///< a download
    std::function<void(const std::string&)> on_nothing;    ///< a peer came without a word
};

/// `netcopy share`: lists, gets and puts of netcopy/1 (docs/protocol/copy.md), as many on one
/// connection as the client likes, and the seed's commands, told apart by the first bytes. serve()
/// is for Server, on any of its threads.
class ShareService {
public:
    /// All are kept by reference but `seed`, which serves what is not netcopy's, until the client
    /// closes. `tree` is the folder that `folder` indexes; each session has its own.
    ShareService(SharedFolder& folder, const Tree& tree, const ShareRules& rules, DiskPool& disk,
                 Dialects dialects, ReceiveTimes times, SessionFn seed);

    Task<> serve(Stream& stream);

private:
    Task<> serve_copy(Stream& stream);
    Task<bool> serve_list(Stream& stream);
    Task<bool> serve_get(Stream& stream, std::vector<DigestKind> digests);
    Task<bool> converse(Stream& stream, Dialogue& dialogue);
    Task<> say_accepted(Stream& stream, std::string purpose);

    SharedFolder& folder_;
    const Tree& tree_;
    const ShareRules& rules_;
    DiskPool& disk_;
    const Dialects dialects_;
    const ReceiveTimes times_;
    const SessionFn seed_;
    ReceiveRules receive_;  // of uploads: what rules_ say, and the folder's
};

}  // namespace netcopy
