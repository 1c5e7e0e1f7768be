#pragma once

#include <cstdint>

namespace netcopy::rudp {

/// SplitMix64 (Steele, Lea, Flood 2014): enough for choices that only must not be foreseen without
/// the seed, and the same everywhere for one seed.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
    /// From 0 up to but not including `bound` (> 0).
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

private:
    std::uint64_t state_;
};

}  // namespace netcopy::rudp
