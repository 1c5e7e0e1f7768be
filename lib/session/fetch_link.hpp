#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/rate_limit.hpp"
#include "net/udp_link.hpp"
#include "rudp/receiver.hpp"
#include "session/deadlines.hpp"
#include "session/fetch_bare_talk.hpp"
#include "session/fetch_transfer.hpp"

namespace netcopy {

/// Where a connection of a fetch leads, and for what.
struct FetchCall {
    std::shared_ptr<FetchTransfer> transfer;
    FetchPlan::Source source = 0;  ///< of the transfer's plan
    UdpAddress server;
    std::string shown;  ///< the server, for people
    Clock::duration connect_timeout{};
    Clock::duration silence{};
    std::size_t shares_buffer = 1;  ///< connections that share the socket's buffer, about
};

/// All connections of a client's run, on one UDP socket: state machines, the plans of the files,
/// and what is written. Everything happens in the link's job; the network thread hands over what it
/// wants by perform().
class FetchLink final : public UdpHandler {
public:
    /// `receiving` may be null: no limit. The link must outlive it.
    FetchLink(const Executor& executor, UdpLink& link, RateLimit* receiving);
    ~FetchLink() override;

    /// Runs the link until stop(). When the socket fails, all that is under way is told. Does not
    /// throw.
    Task<> run();
    void stop() { link_.stop(); }

    /// Does `work` in the link's job (here, when the link has ended) and waits for it; cancelling
    /// the waiting task does not cut the wait short.
    Task<> perform(std::function<void()> work);

    // Within perform():
    /// Opens a connection. Its end is told to the transfer.
    void call(FetchCall call);
    /// Closes this source's connection, or all of the transfer's; nothing of them comes any more.
    void hang_up(const FetchTransfer& transfer, std::optional<FetchPlan::Source> source = {});
    /// Asks for a file by bare datagrams. One at a time for each server.
    void call_bare(std::shared_ptr<FetchBareTalk> talk);
    void hang_up_bare(const FetchBareTalk& talk);

    void on_datagram(Clock::time_point now, const UdpPath& from, Bytes packet) override;
    void on_unsealed(Clock::time_point now, const UdpPath& from, Bytes datagram) override;
    void after_batch(Clock::time_point now) override;
    bool produce(Clock::time_point now, UdpBatch& out) override;
    Clock::time_point next_deadline() override;
    void on_too_big(const UdpPath&, std::size_t) override {}  // ours are the smallest

private:
    using Slot = std::size_t;
    struct Talk {
        Talk(FetchCall by, rudp::ReceiverOptions options, Clock::time_point now)
            : call(std::move(by)), receiver(std::move(options), now), begun(now) {}
        FetchCall call;
        rudp::Receiver receiver;
        Clock::time_point begun;
        bool ready = false;
        bool was_open = false;
        bool told = false;  // its end, to the transfer; or nobody wants to know
    };

    void perform_all();
    void wake(Slot slot);
    void wish(Clock::time_point now, Talk& talk);
    std::optional<rudp::Range> next_wish(Clock::time_point now, FetchPlan& plan,
                                         FetchPlan::Source source);
    void settle(Clock::time_point now, Slot slot);
    void tell_end(Talk& talk);
    void look_at_all(Clock::time_point now);

    const Executor executor_;
    UdpLink& link_;
    RateLimit* const receiving_;
    std::vector<std::unique_ptr<Talk>> slots_;
    std::vector<Slot> free_;
    std::unordered_map<std::uint64_t, Slot> by_id_;
    std::deque<Slot> ready_;
    Deadlines deadlines_;
    std::vector<FetchTransfer*> written_;  // that something was taken for
    std::vector<std::shared_ptr<FetchBareTalk>> bare_;
    Clock::time_point look_ = Clock::time_point::max();

    std::mutex mutex_;  // guards what follows
    std::vector<std::function<void()>> wanted_;
    bool ended_ = false;  // the link runs no more
};

}  // namespace netcopy
