#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/sim/liar.hpp"
#include "test/sim/link.hpp"

namespace netcopy::sim {

/// What will happen, all of it drawn from one seed.
struct Plan {
    std::uint64_t seed = 0;
    Time start;

    // The file and its servers. Each has a link of its own, in both directions.
    std::uint64_t size = 0;  ///< bytes
    unsigned servers = 1;
    std::vector<LinkOptions> down, up;  ///< from and to each server
    std::size_t interface_mtu = 65535;

    // The clients; several of them share the servers' links.
    struct Client {
        rudp::Range wanted{0, UINT64_MAX};
        std::uint64_t piece = 0, ahead = 0;
        bool knows = true;
        bool wrong_name = false;
        std::size_t max_datagram = 0;
        std::uint32_t receive_buffer = 0;
        Duration latency{}, silence{}, retry_pause{}, begin{};
    };
    std::vector<Client> clients;

    // Accidents. Until `calm` after the start; then the links are without faults.
    Duration calm{};
    struct Change {  ///< of the faults of all links, and of their largest packet
        Duration at{};
        Faults down, up;
    };
    std::vector<Change> changes;
    std::size_t first_mtu = 0, last_mtu = 0;  ///< the path's; the last stays when all is calm
    std::vector<Duration> moves;              ///< of the first client to another address
    std::vector<Duration> restarts;
    std::vector<Duration> spoils;  ///< each other one mends

    // Enemies; they stop at `calm`.
    std::vector<Lie> liars;
    bool forger = false;
    bool injector = false, injector_lies = false;

    /// From the beginning of calm, when everything must have ended.
    Duration bound() const;
};

Plan draw_plan(std::uint64_t seed);
std::string describe(const Plan& plan);

}  // namespace netcopy::sim
