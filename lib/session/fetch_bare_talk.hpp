#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/progress.hpp"
#include "file/incoming.hpp"
#include "net/event.hpp"
#include "net/udp_batch.hpp"

namespace netcopy {

/// A download by the seed's bare datagrams (--legacy-udp): the name goes out, the bytes come in
/// whatever order and number they come, and an empty datagram ends them. What was lost on the way
/// nobody can tell. In the link's job; the result is for the task that waits for `event`.
class FetchBareTalk {
public:
    FetchBareTalk(std::string name, UdpAddress server, IncomingFile file, Clock::duration silence,
                  Event event, TreeProgress& progress);

    const UdpAddress& server() const { return server_; }
    void on_datagram(Clock::time_point now, Bytes datagram);
    /// The name, once.
    void produce(Clock::time_point now, UdpBatch& out);
    Clock::time_point next_deadline() const;

    /// Set when it has come to an end: the bytes that came, or why they did not. Thread-safe.
    std::optional<Result<std::uint64_t>> result();
    IncomingFile& file() { return file_; }  ///< when the link has let go of it

private:
    void end(Result<std::uint64_t> result);

    const std::string name_;
    const UdpAddress server_;
    IncomingFile file_;
    const Clock::duration silence_;
    Event event_;
    TreeProgress& progress_;
    bool asked_ = false;
    bool ended_ = false;
    std::uint64_t arrived_ = 0;
    Clock::time_point give_up_ = Clock::time_point::max();
    std::mutex mutex_;  // guards result_
    std::optional<Result<std::uint64_t>> result_;
};

}  // namespace netcopy
