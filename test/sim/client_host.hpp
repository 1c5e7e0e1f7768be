#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rudp/interval_set.hpp"
#include "rudp/receiver.hpp"
#include "test/sim/content.hpp"
#include "test/sim/watch.hpp"

namespace netcopy::sim {

struct ClientOptions {
    Site site = 0;
    Address address;
    std::vector<Address> servers;
    std::string name = "file";
    const Content* truth = nullptr;
    bool knows = true;  ///< says the size and tag that it expects
    rudp::Range wanted{0, UINT64_MAX};
    std::uint64_t piece = 1 << 20;  ///< bytes of a wish
    std::uint64_t ahead = 8 << 20;  ///< bytes wished for and not received, for each server
    std::size_t max_datagram = rudp::largest_datagram;
    std::uint32_t receive_buffer = 1 << 20;  ///< bytes
    Duration latency{};                      ///< until the program wakes up for what has come
    Duration connect_timeout = std::chrono::seconds(10);
    Duration silence = std::chrono::seconds(10);
    Duration retry_pause = std::chrono::milliseconds(100);
    bool may_be_lied_to = false;  ///< wrong content is noticed by the digest, at the end
    std::uint64_t seed = 0;
};

/// A client that fetches one file, or a range of one, from one server or several: Receivers, as
/// session/fetch_client uses them.
class ClientHost : public Host {
public:
    ClientHost(Network& network, ClientOptions options);

    void on_packet(Time now, const Address& from, const Address& to, Bytes packet) override;
    void on_wake(Time now) override;
    Time deadline() const override;

    /// A NAT gives it another address, or the old port is lost.
    void move(const Address& address);

    enum class Outcome { running, done, corrupt, failed };
    /// Done: all bytes are there, right, and their number is that of the file.
    Outcome outcome() const { return outcome_; }
    std::optional<rudp::CloseCode> failure() const { return failure_; }
    /// It has nothing to say any more.
    bool silent() const;

    std::uint64_t fresh_bytes() const { return fresh_; }
    /// Of the connection with that server, if there is one now.
    const rudp::Receiver* receiver(std::size_t server) const;
    struct Counts {
        std::uint64_t connections = 0, overlaps = 0, wishes = 0, overflowed = 0, moves = 0;
    };
    const Counts& counts() const { return counts_; }

private:
    struct Lane {
        Address server;
        std::unique_ptr<rudp::Receiver> receiver;
        NumberWatch numbers;
        Coverage wished;
        Time retry_at{};
        std::optional<rudp::CloseCode> dead;
    };
    struct Incoming {
        Address from;
        std::vector<std::byte> packet;
    };

    void take(Time now, Bytes packet);
    void take_content(Lane& lane, std::uint64_t before, const rudp::Data& data);
    void connect(Time now, Lane& lane);
    void learn_size(std::uint64_t size);
    std::optional<rudp::Range> next_piece();
    void ask(Time now, Lane& lane);
    void flush(Time now, Lane& lane);
    void release(Time now, Lane& lane);
    void work(Time now);
    void conclude();
    bool all_here() const;

    Network& network_;
    ClientOptions options_;
    Random random_;
    std::vector<Lane> lanes_;
    std::deque<Incoming> inbox_;
    std::size_t inbox_bytes_ = 0;
    Time inbox_due_ = Time::max();
    rudp::IntervalSet todo_;  // not asked for yet
    std::optional<std::uint64_t> size_;
    Coverage got_;
    std::uint64_t fresh_ = 0;
    bool wrong_bytes_ = false;
    bool met_ = false;  // a server has accepted: the file exists
    Outcome outcome_ = Outcome::running;
    std::optional<rudp::CloseCode> failure_;
    Counts counts_;
};

}  // namespace netcopy::sim
