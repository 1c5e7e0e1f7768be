#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "file/flat_folder.hpp"
#include "net/rate_limit.hpp"
#include "net/udp_handler.hpp"
#include "rudp/door.hpp"
#include "rudp/ended_ids.hpp"
#include "session/deadlines.hpp"
#include "session/fetch_bare_server.hpp"
#include "session/fetch_sending.hpp"
#include "session/share_service.hpp"
#include "session/shared_folder.hpp"

namespace netcopy {

struct FetchServerRules {
    std::size_t connections = limits::connections;
    std::size_t connections_per_address = limits::connections_per_address;
    RateLimit* sending = nullptr;  ///< none: no limit
    bool bare = false;             ///< answers the seed's bare datagrams, too
    /// Called for each connection when it ends, in the handler's job; may be empty.
    std::function<void(const ServedFile&)> on_served;
    /// Called once, in the handler's job: after stop(), when the last transfer has ended.
    std::function<void()> on_stopped;
};

/// The server's side of downloads over rudp (docs/protocol/rudp.md): one UDP socket, many clients,
/// the files of a shared folder. A client that has not shown that it receives is answered without
/// keeping anything. Of idle connections nothing is looked at until their deadlines come.
class FetchServer final : public UdpHandler {
public:
    /// `folder` and `files` are the same folder, and must outlive it.
    FetchServer(const SharedFolder& folder, const FlatFolder& files, FetchServerRules rules,
                Clock::time_point now);
    ~FetchServer() override;

    void on_datagram(Clock::time_point now, const UdpPath& from, Bytes packet) override;
    void on_unsealed(Clock::time_point now, const UdpPath& from, Bytes datagram) override;
    void after_batch(Clock::time_point) override {}
    bool produce(Clock::time_point now, UdpBatch& out) override;
    Clock::time_point next_deadline() override;
    void on_too_big(const UdpPath& to, std::size_t size) override;

    /// No new connections; transfers go on to their end, then on_stopped is called. Thread-safe;
    /// tell the link (UdpLink::notify()).
    void stop() { stopping_ = true; }

    /// Of the handler's job.
    std::size_t connections() const { return by_id_.size(); }

private:
    using Slot = std::size_t;

    /// What is answered without keeping anything. Never longer than what it answers.
    struct Reply {
        UdpPath to;
        std::size_t size = 0;
        std::array<std::byte, 256> packet;
    };
    static constexpr std::size_t most_replies = 512;
    static constexpr std::size_t turn_bytes = 128 * 1024;

    void on_request(Clock::time_point now, const UdpPath& from, const rudp::Header& header,
                    Bytes packet);
    void open(Clock::time_point now, const UdpPath& from, const rudp::Header& header,
              const rudp::Request& request, rudp::Duration rtt);
    Reply* reply(const UdpPath& to);
    void refuse(const UdpPath& to, const rudp::Header& header, rudp::CloseCode code,
                std::string_view text);
    bool send_replies(UdpBatch& out);
    void wake(Slot slot);
    enum class Turn { full, limited, more, rests };
    Turn take_turn(Clock::time_point now, FetchSending& sending, UdpBatch& out);
    void rest(Clock::time_point now, Slot slot);
    void remove(Clock::time_point now, Slot slot);
    void look_whether_stopped(Clock::time_point now);

    const SharedFolder& folder_;
    const FlatFolder& files_;
    const FetchServerRules rules_;
    const rudp::Door door_;
    std::vector<std::unique_ptr<FetchSending>> slots_;
    std::vector<Slot> free_;
    std::unordered_map<std::uint64_t, Slot> by_id_;
    rudp::EndedIds ended_;
    std::map<std::array<std::byte, 16>, std::size_t> by_address_;  // connections
    std::deque<Slot> ready_;  // those that may have something to send, in turn
    Deadlines deadlines_;
    std::vector<Reply> replies_;
    std::size_t reply_count_ = 0;
    Clock::time_point limited_until_ = Clock::time_point::min();
    FetchBareServer bare_;
    std::atomic<bool> stopping_ = false;
    bool stopped_ = false;
    Clock::time_point look_ = Clock::time_point::max();  // whether all have gone
};

}  // namespace netcopy
