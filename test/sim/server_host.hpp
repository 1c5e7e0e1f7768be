#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "rudp/door.hpp"
#include "rudp/ended_ids.hpp"
#include "rudp/sender.hpp"
#include "test/sim/content.hpp"
#include "test/sim/watch.hpp"

namespace netcopy::sim {

struct ServerOptions {
    Site site = 0;
    Address address;
    std::string name = "file";
    Content content;
    std::size_t most_connections = 8;
    std::size_t interface_mtu = 65535;  ///< packets beyond it are refused (EMSGSIZE)
    std::uint64_t seed = 0;
    /// Does something to a packet before it is sent, any number of times: to see the invariants
    /// break. Gets what sends it.
    std::function<void(Bytes, const Address&, const std::function<void(Bytes, const Address&)>&)>
        tamper;
};

/// A file server: a Door and the Senders behind it, as session/fetch_server uses them.
class ServerHost : public Host {
public:
    ServerHost(Network& network, ServerOptions options);

    void on_packet(Time now, const Address& from, const Address& to, Bytes packet) override;
    void on_wake(Time now) override;
    Time deadline() const override;

    /// Killed and started again: no Sender, another key.
    void restart();
    /// The file's content is another from now on; what is read of it fails.
    void spoil() { spoiled_ = true; }
    /// The file is what it was.
    void mend() { spoiled_ = false; }
    const Address& address() const { return options_.address; }
    std::size_t connections() const { return connections_.size(); }
    /// None: no such connection.
    const rudp::Sender* sender(std::uint64_t connection) const;
    /// The largest number that was ever sent on it.
    std::uint64_t last_number(std::uint64_t connection) const;

    struct Counts {
        std::uint64_t accepted = 0, cookies = 0, refused = 0, unknown = 0;
        std::map<rudp::CloseCode, std::uint64_t> ended;
        std::uint64_t data_bytes = 0, repeated_bytes = 0, packets = 0, lost = 0, timeouts = 0,
                      spurious = 0;
    };
    Counts counts() const;

private:
    struct Connection {
        std::unique_ptr<rudp::Sender> sender;
        NumberWatch numbers;
        FlightWatch flight;
    };

    void on_request(Time now, const Address& from, const rudp::Header& header, Bytes packet);
    void accept(Time now, const Address& from, const rudp::Header& header,
                const rudp::Request& request, Duration age);
    void refuse(const Address& to, const rudp::Header& header, rudp::CloseCode code,
                std::string_view text);
    void check_ack(const Connection& connection, const rudp::Header& header, Bytes packet) const;
    void flush(Time now, Connection& connection);
    void transmit(Connection& connection, Bytes packet, const Address& to);
    void send(Bytes packet, const Address& to);
    bool erase_finished();
    void add_counts(const rudp::Sender& sender);
    std::unique_ptr<rudp::Door> make_door();

    Network& network_;
    ServerOptions options_;
    Random random_;
    std::unique_ptr<rudp::Door> door_;
    std::map<std::uint64_t, Connection> connections_;
    rudp::EndedIds ended_;
    AmplificationWatch amplification_;
    bool spoiled_ = false;
    Counts counts_;
};

}  // namespace netcopy::sim
