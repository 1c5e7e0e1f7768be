#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "app/command.hpp"
#include "app/share_options.hpp"
#include "base/file_time.hpp"
#include "net/disk_pool.hpp"
#include "net/rate_limit.hpp"
#include "session/copy_send.hpp"
#include "session/share_client.hpp"
#include "session/share_seed_client.hpp"

namespace netcopy::app {

/// A file in a server's list.
struct ListedFile {
    std::string name;               ///< any bytes
    std::string id;                 ///< MD5, 32 lower-case hex digits
    std::string sha256;             ///< 64 of them; empty: not told
    std::uint64_t size = 0;         ///< bytes
    std::optional<FileTime> mtime;  ///< none: not told
};

/// A server of shared files, spoken to by netcopy/1 or the seed's protocol: as the user wants it,
/// or as the server knows it. Used on the main thread; `disk` needs a thread for each connection.
class ShareRemote {
public:
    /// All are kept by reference. `what`: "'notes.txt'", for errors; empty: none.
    ShareRemote(Context& context, const ShareAccess& access, const Endpoint& endpoint,
                DiskPool& disk, std::string what = {});

    /// Finds out the protocol and takes the list. `on_file` is called in the server's order, one
    /// call at a time, on any thread.
    Task<Result<>> list(std::function<void(ListedFile)> on_file);

    /// After list(): null when the server speaks the seed's protocol.
    bool wants_netcopy() const { return access_.protocol != "seed"; }
    ShareClient* netcopy() { return by_netcopy_ ? &client_ : nullptr; }
    ShareSeedPlan seed_plan();
    CopySendPlan send_plan();
    /// Errc::protocol, when only netcopy/1 was wanted from a peer that does not speak it.
    Result<> may_use_seed() const;

    /// ADDRESS:PORT, for people: empty before a connection was there.
    const std::string& peer() const { return peer_; }
    void connected_to(const std::string& peer);
    /// "cannot connect to PEER for WHAT: REASON; is a server running there?"
    Error explained(Error error) const;
    /// Connections at a time; with `automatic` when the user has not said.
    std::size_t connections(std::size_t automatic) const;

private:
    template <class Plan>
    Plan plan();
    Task<Result<>> list_by_seed(std::function<void(ListedFile)> on_file);

    Context& context_;
    const ShareAccess& access_;
    const Endpoint& endpoint_;
    DiskPool& disk_;
    const std::string what_;
    RateLimit rate_;
    bool by_netcopy_ = false;
    ShareClient client_;
    std::string peer_;
};

}  // namespace netcopy::app
