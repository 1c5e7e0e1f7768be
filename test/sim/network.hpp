#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "test/sim/link.hpp"

/// A network of hosts and links in virtual time, on one thread. Everything that happens follows
/// from the seeds, so it happens again.
namespace netcopy::sim {

using rudp::Address;

/// An invariant does not hold.
class Violation : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& what) {
    if (!holds) throw Violation(what);
}

inline void require(bool holds, const char* what) {
    if (!holds) throw Violation(what);
}

/// Where a host is attached; hosts of one site share its links.
using Site = unsigned;

/// Something with a socket and a clock. It outlives its network's last event.
class Host {
public:
    virtual ~Host() = default;
    /// A packet came, its seal good and taken off.
    virtual void on_packet(Time now, const Address& from, const Address& to, Bytes packet) = 0;
    /// deadline() is reached.
    virtual void on_wake(Time now) = 0;
    virtual Time deadline() const = 0;
};

/// Told of all that happens, for -v.
using Trace = std::function<void(Time, const std::string&)>;

class Network {
public:
    Network(Time start, std::uint64_t seed) : now_(start), random_(seed) {}

    /// Datagrams to this address go to the host from now on.
    void attach(Host& host, const Address& address, Site site);
    void detach(const Address& address) { places_.erase(address); }
    /// The way of datagrams from one site to another, link after link; no links: at once.
    void connect(Site from, Site to, std::vector<Link*> links);

    /// From any address: this is UDP. `size` is that of the datagram on the wire, the seal
    /// included, if it is larger than the packet.
    void send(Site site, const Address& from, const Address& to, Bytes packet,
              std::size_t size = 0);
    /// The host's deadline may have changed though nothing came for it.
    void wake(Host& host) { schedule(host); }
    /// Does something at that time.
    void at(Time time, std::function<void()> action);

    /// Until nothing is left to happen before `end`, or `done` says so. False: `end` was reached.
    bool run(Time end, const std::function<bool()>& done);
    /// Whether nothing will ever happen again.
    bool idle() const { return events_.empty(); }

    Time now() const { return now_; }
    void trace(Trace trace) { trace_ = std::move(trace); }
    bool traced() const { return static_cast<bool>(trace_); }
    void note(const std::string& text) const {
        if (trace_) trace_(now_, text);
    }

    struct Counts {
        std::uint64_t sent = 0, delivered = 0, unsealed = 0, nobody = 0, events = 0;
    };
    const Counts& counts() const { return counts_; }

private:
    struct Datagram {
        Address from, to;
        std::vector<std::byte> packet;
        std::size_t size = 0;  // on the wire, without headers
        const std::vector<Link*>* way = nullptr;
        std::size_t hop = 0;
        bool corrupt = false;
    };
    struct Event {
        Time at;
        std::uint64_t order = 0;
        Datagram* datagram = nullptr;
        Host* host = nullptr;
        std::function<void()>* action = nullptr;
        bool operator>(const Event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    struct Place {
        Host* host = nullptr;
        Site site = 0;
    };

    struct Timer {
        Time at = Time::max();  // the earliest event that is there for the host
        Time window{};          // a millisecond, and how often it woke in it
        unsigned wakes = 0;
    };

    void push(Event event);
    void schedule(Host& host);
    void travel(Datagram* datagram);
    void deliver(Datagram* datagram);
    bool damage(Datagram& datagram);
    void wake_now(Host& host);
    void note_packet(const char* what, const Datagram& datagram) const;
    Datagram* take();
    void give_back(Datagram* datagram) { spare_.push_back(datagram); }

    Time now_;
    Random random_;
    std::uint64_t order_ = 0;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::map<Address, Place> places_;
    std::map<std::pair<Site, Site>, std::vector<Link*>> ways_;
    std::map<Host*, Timer> timers_;
    std::vector<std::unique_ptr<Datagram>> pool_;
    std::vector<Datagram*> spare_;
    std::vector<std::unique_ptr<std::function<void()>>> actions_;
    Trace trace_;
    Counts counts_;
};

/// For traces: "DATA 12", "ACK 3", "17 bytes".
std::string describe(Bytes packet);
std::string describe(const Address& address);

}  // namespace netcopy::sim
