#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session/fetch_plan.hpp"
#include "session/fetch_run.hpp"

namespace netcopy {

/// The servers that have a file: which of them are talked to, which are to be tried again and when,
/// and which have turned out to be of no use. One network thread.
class FetchPeers {
public:
    enum class State {
        idle,  ///< to be called
        talking,
        waiting,   ///< to be called when its pause is over
        gone,      ///< tried in vain
        excluded,  ///< while another is suspected, or because it lied
    };
    struct Peer {
        UdpAddress address;
        std::string shown;
        FetchPlan::Source source = 0;
        State state = State::idle;
        Clock::time_point again;
        std::uint64_t fruitless = 0;  ///< tries in a row
        bool for_good = false;
    };

    /// `first_retries`, `retries`: see FetchRun.
    FetchPeers(std::uint64_t first_retries, std::uint64_t retries)
        : first_retries_(first_retries), retries_(retries) {}

    Peer& add(const UdpAddress& address, std::string shown, FetchPlan::Source source);
    std::vector<Peer>& all() { return peers_; }
    Peer* find(FetchPlan::Source source);
    Peer* find(const UdpAddress& address);

    /// Its connection has ended. `arrived`: bytes of the file so far, from anybody.
    void ended(Peer& peer, const Error& why, bool for_good, std::uint64_t arrived,
               Clock::time_point now);
    /// Those that are to be called now.
    std::vector<Peer*> due(Clock::time_point now);
    Clock::time_point next_try() const;
    /// Somebody is talked to, or will be.
    bool hope() const;
    const std::optional<Error>& last_error() const { return last_error_; }

private:
    const std::uint64_t first_retries_;
    const std::uint64_t retries_;
    std::vector<Peer> peers_;
    std::uint64_t arrived_ = 0;
    std::optional<Error> last_error_;
};

}  // namespace netcopy
