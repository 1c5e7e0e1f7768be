#pragma once

#include <cstdint>
#include <vector>

#include "test/sim/network.hpp"

/// How fast it is: the links of the benchmarks, in virtual time.
namespace netcopy::sim {

/// A link with a queue of one bandwidth-delay product and loss in both directions, and one file
/// over it from one server.
struct GoodputRow {
    double rate = 200e6;  ///< bits per second
    Duration round_trip{};
    double loss = 0;
    std::uint64_t bytes = 100'000'000;
    double least = 0;  ///< of the link's rate, start-up included
};

/// The table of what is promised (docs/benchmarks.md).
std::vector<GoodputRow> goodput_rows();
/// Content per time, as a fraction of the link's rate.
double goodput(const GoodputRow& row, std::uint64_t seed);

/// Two flows on a link of 100 Mbit/s, the second begins later. The rates of both when they have
/// been together for a while, as fractions of half the link's rate.
struct Shares {
    double first = 0, second = 0;
};
Shares two_flows(Duration round_trip, double queue_in_bdp, std::uint64_t seed);
/// One of ours (first) beside one of TCP cubic (second).
Shares beside_cubic(Duration round_trip, double queue_in_bdp, std::uint64_t seed);
/// Two of TCP cubic: that the model itself shares, and fills a link.
Shares two_cubics(Duration round_trip, double queue_in_bdp, std::uint64_t seed);

}  // namespace netcopy::sim
