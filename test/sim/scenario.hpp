#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "test/sim/client_host.hpp"
#include "test/sim/plan.hpp"
#include "test/sim/server_host.hpp"

namespace netcopy::sim {

/// What some scenarios came to, for the table at the end.
struct Tally {
    std::uint64_t scenarios = 0, transfers = 0, done = 0, corrupt = 0, failed = 0;
    std::uint64_t connections = 0, bytes = 0, moves = 0, restarts = 0, liars = 0, forgers = 0,
                  injectors = 0, overlaps = 0, unsealed = 0, sent = 0, events = 0;
    double virtual_seconds = 0;
    Link::Counts links;
    std::map<rudp::CloseCode, std::uint64_t> ended;  ///< connections, as the server saw it
    std::uint64_t data_bytes = 0, repeated_bytes = 0, timeouts = 0, spurious = 0;
    Tally& operator+=(const Tally& other);
};

/// Everything that follows from the seed, from the first packet until silence. Throws Violation.
Tally run_scenario(const Plan& plan, Trace trace = {});

void print(const Tally& tally);

}  // namespace netcopy::sim
