#pragma once

#include <functional>

#include "file/tree.hpp"
#include "net/disk_pool.hpp"
#include "net/stream.hpp"
#include "session/dialects.hpp"
#include "session/receive_rules.hpp"

namespace netcopy {

/// `netcopy receive`: takes files by netcopy/1 and by the seed's protocol, told apart by their
/// first bytes, and stores them below one folder. serve() is for Server, on any of its threads.
class ReceiveService {
public:
    /// All are kept by reference but the tree, of which each session has its own.
    ReceiveService(const Tree& tree, const ReceiveRules& rules, DiskPool& disk, Dialects dialects,
                   ReceiveTimes times);

    Task<> serve(Stream& stream);

    /// Called, on any network thread, when a client has said that it is done: a netcopy with all
    /// its connections, or a seed sender with its file.
    void on_client_done(std::function<void()> call) { client_done_ = std::move(call); }

private:
    Task<> serve_copy(Stream& stream);
    Task<> serve_transfer(Stream& stream);

    const Tree& tree_;
    const ReceiveRules& rules_;
    DiskPool& disk_;
    const Dialects dialects_;
    const ReceiveTimes times_;
    std::function<void()> client_done_;
};

}  // namespace netcopy
