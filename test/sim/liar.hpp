#pragma once

#include <vector>

#include "test/sim/network.hpp"
#include "test/sim/random.hpp"

/// Hosts that do not keep to the protocol. What they may do is said by UDP only.
namespace netcopy::sim {

/// How a LiarHost acknowledges.
enum class Lie {
    everything,  ///< all numbers up to the largest that came: also what never came
    future,      ///< numbers that nobody has sent yet
    nothing,     ///< only the first number, for ever
    wild,        ///< well-formed, at random
    garbage,     ///< random bytes behind a good header
    wishes,      ///< wishes without sense and end
    questions,   ///< asks for a PING each time, and about all clocks
    count
};

struct LiarOptions {
    Site site = 0;
    Address address;
    Address server;
    std::string name = "file";
    Lie lie{};
    Time until;  ///< then it says nothing any more
    std::uint64_t seed = 0;
};

/// A client that opens a connection as it should, and then lies.
class LiarHost : public Host {
public:
    LiarHost(Network& network, LiarOptions options);

    void on_packet(Time now, const Address& from, const Address& to, Bytes packet) override;
    void on_wake(Time now) override;
    Time deadline() const override;

    std::uint64_t connection() const { return connection_; }
    std::uint64_t largest() const { return largest_; }
    bool closed() const { return closed_.has_value(); }
    std::optional<rudp::CloseCode> closed_with() const { return closed_; }

private:
    void send_request();
    void send_ack();
    void fill(rudp::Ack& ack);
    void fill_wild(rudp::Ack& ack);
    void fill_wishes(rudp::Ack& ack);
    void send(Bytes packet);
    rudp::Header header(rudp::Kind kind) { return {kind, connection_, number_++}; }

    Network& network_;
    LiarOptions options_;
    Random random_;
    std::uint64_t connection_;
    std::uint64_t number_ = 0;
    std::uint64_t largest_ = 0;  // that came
    std::uint32_t wish_ = 1;
    std::optional<rudp::Cookie> cookie_;
    bool open_ = false;
    std::optional<rudp::CloseCode> closed_;
    Time next_;
};

struct ForgerOptions {
    Site site = 0;
    Address address;               ///< its own: where it can take a cookie
    std::vector<Address> victims;  ///< in whose name it writes
    Address server;
    std::string name = "file";
    Duration pause = std::chrono::milliseconds(5);  ///< between two datagrams
    Time until;
    std::uint64_t seed = 0;
};

/// Writes REQUESTs and more in the name of others, some with a cookie of its own.
class ForgerHost : public Host {
public:
    ForgerHost(Network& network, ForgerOptions options);

    void on_packet(Time now, const Address& from, const Address& to, Bytes packet) override;
    void on_wake(Time now) override;
    Time deadline() const override { return next_; }

private:
    Network& network_;
    ForgerOptions options_;
    Random random_;
    std::optional<rudp::Cookie> cookie_;
    std::uint64_t own_connection_;
    Time next_;
};

struct InjectorOptions {
    Site site = 0;
    std::function<std::vector<std::uint64_t>()> connections;  ///< that it has overheard
    std::vector<Address> clients, servers;
    Duration pause = std::chrono::milliseconds(20);
    bool lies = false;  ///< sends wrong content too
    Time until;
    std::uint64_t seed = 0;
};

/// Stands on the path: knows the connections and writes garbage into them, in both directions.
class InjectorHost : public Host {
public:
    InjectorHost(Network& network, InjectorOptions options);

    void on_packet(Time, const Address&, const Address&, Bytes) override {}
    void on_wake(Time now) override;
    Time deadline() const override { return next_; }

private:
    std::vector<std::byte> to_client(std::uint64_t connection);
    std::vector<std::byte> to_server(std::uint64_t connection);
    std::vector<std::byte> garbage(std::uint64_t connection, rudp::Kind kind);

    Network& network_;
    InjectorOptions options_;
    Random random_;
    Time next_;
};

}  // namespace netcopy::sim
