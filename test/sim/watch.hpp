#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "test/sim/network.hpp"

/// What must hold at every step, seen from outside: by the datagrams that a host gets and sends.
/// Everything here throws Violation.
namespace netcopy::sim {

/// Of a server: no more to an address than came from there, until that has said something back
/// which was only told to it.
class AmplificationWatch {
public:
    void received(const Address& from, Bytes packet);
    void sent(const Address& to, Bytes packet);
    /// The server has forgotten everything.
    void restart() { peers_.clear(); }

private:
    struct Peer {
        std::uint64_t received = 0, sent = 0;  // bytes
        bool proven = false;
        std::set<std::vector<std::byte>> secrets;  // cookies and tokens that were sent there
    };
    std::map<Address, Peer> peers_;
};

/// Of one side of a connection: numbers only grow.
class NumberWatch {
public:
    void sent(std::uint64_t number) {
        require(!last_ || number > *last_, "a packet number was used again or went back");
        last_ = number;
    }
    bool any() const { return last_.has_value(); }
    std::uint64_t last() const { return last_.value_or(0); }

private:
    std::optional<std::uint64_t> last_;
};

/// Of a Sender: what is in flight grows only where the window has room, but for two packets of
/// each probe time-out, and ACCEPT and PING, the short answers to what the client asks.
class FlightWatch {
public:
    struct Look {
        std::uint64_t in_flight = 0, window = 0, timeouts = 0;
    };
    /// Before and after a packet was made.
    void transmitted(const Look& before, const Look& after, rudp::Kind kind);

private:
    std::uint64_t probes_ = 0;  // that may still be sent without room
};

/// Of anything with poll_transmit() and next_deadline(), after it was polled until it had nothing.
void check_drained(Time now, Time deadline, const char* who);

/// More polls in one go than a window has packets.
inline constexpr unsigned most_polls = 70'000;

}  // namespace netcopy::sim
