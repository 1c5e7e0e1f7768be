#pragma once

#include <cstdint>

namespace netcopy::sim {

/// SplitMix64 (Steele, Lea, Flood 2014): small, good enough, and the same everywhere, which the
/// distributions of the standard library are not.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15U); }
    /// Less than `limit`, which is not 0.
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }
    /// Both ends included.
    std::uint64_t between(std::uint64_t least, std::uint64_t most) {
        return least + below(most - least + 1);
    }
    double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    bool chance(double probability) { return probability > 0 && unit() < probability; }
    /// A generator of its own, so that one more draw here changes nothing there.
    Random fork() { return Random(next()); }

    static std::uint64_t mix(std::uint64_t value) {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
        return value ^ (value >> 31);
    }

private:
    std::uint64_t state_;
};

}  // namespace netcopy::sim
