#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_time.hpp"
#include "base/limits.hpp"
#include "net/dial.hpp"
#include "net/endpoint.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "session/dialects.hpp"

namespace netcopy {

/// A file server that has a file.
struct CatalogueSource {
    Endpoint udp;       ///< where downloads are asked for
    bool seed = false;  ///< it speaks the seed's bare datagrams, and nothing else is known of it
    bool operator==(const CatalogueSource&) const = default;
};

/// A file of a master's catalogue. Those of netcopy's file servers have a size, a time and digests,
/// and the same SHA-256 under the same name is one entry, however many servers have it. Of those of
/// the seed's file servers only the name is known: each is an entry of its own, with one source.
struct CatalogueEntry {
    std::string name;                      ///< one path component, safe (file/safe_name)
    std::optional<std::uint64_t> size;     ///< bytes
    std::optional<FileTime> mtime;         ///< the latest of all sources
    std::string sha256;                    ///< 64 lower-case hex digits, or empty
    std::string md5;                       ///< 32 of them, or empty
    std::vector<CatalogueSource> sources;  ///< at least one, none twice
};

/// What is asked for: files by their whole names, by how their names begin, or all.
struct CatalogueQuestion {
    std::vector<std::string> names;
    std::vector<std::string> prefixes;
    bool all = false;
};

/// What stands before the first `*`, `?`, `[` or `\` of a shell pattern: every name that it matches
/// begins so. The whole of a word without them.
std::string_view literal_prefix(std::string_view pattern);

struct RegistryClientPlan {
    Endpoint master;
    DialOptions dialing;
    Clock::duration timeout = limits::transfer_stall;  ///< in which something must come; 0: none
    Dialects dialects = Dialects::both;
    /// Awaited now and then between two entries; may take its time. May be empty.
    std::function<Task<>()> between = {};
};

/// Asks a master for its catalogue (docs/protocol/registry.md): by netcopy/1 in one round trip
/// behind the connection's, and of a master of another make by the seed's CL. One network thread.
class RegistryClient {
public:
    explicit RegistryClient(RegistryClientPlan plan);

    /// Calls `on_entry` for each file that is asked for, on this thread, in the order of the names,
    /// bytewise (a seed master's in its own), as they come: nothing is collected. It must not
    /// block. Names that are not safe are left out, with a warning in the log.
    /// Errc::unreachable, refused, connection_lost, timed_out, protocol. Connects each time.
    Task<Result<>> find(CatalogueQuestion question,
                        std::function<void(const CatalogueEntry&)> on_entry);

    /// ADDRESS:PORT of the master, for people; empty before a connection was there.
    const std::string& peer() const { return peer_; }
    /// The master knows nothing but the seed's protocol.
    bool by_seed() const { return by_seed_; }

private:
    Task<Result<bool>> find_by_netcopy(const CatalogueQuestion& question,
                                       const std::function<void(const CatalogueEntry&)>& on_entry);
    Task<Result<>> find_by_seed(const CatalogueQuestion& question,
                                const std::function<void(const CatalogueEntry&)>& on_entry);

    Clock::duration patience_with(Stream& stream) const;
    Error from_peer(Error error) const;

    const RegistryClientPlan plan_;
    std::string peer_;
    bool by_seed_ = false;
};

}  // namespace netcopy
