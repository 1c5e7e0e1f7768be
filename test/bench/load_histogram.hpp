// Latencies counted in logarithmic buckets: constant memory, whatever the number of requests.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace load {

// Nanoseconds, in buckets of at most 0.4 % width. Not thread-safe.
class Histogram {
public:
    void add(std::uint64_t nanoseconds, std::uint64_t times) {
        counts_[index(nanoseconds)] += times;
        total_ += times;
        max_ = std::max(max_, nanoseconds);
    }

    // Nanoseconds that the fraction `part` (0 to 1) of all entries did not exceed; 0 when empty.
    [[nodiscard]] std::uint64_t quantile(double part) const {
        const auto wanted =
            static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(total_)));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size() && total_ > 0; ++i) {
            seen += counts_[i];
            if (seen >= wanted) {
                return std::min(upper_bound(i), max_);
            }
        }
        return max_;
    }

    [[nodiscard]] std::uint64_t max() const { return max_; }

private:
    // 256 buckets for every power of two; values below 512 have one each.
    static constexpr unsigned exact_bits = 9;
    static constexpr std::size_t buckets = (64 - exact_bits + 2) * 256;

    static unsigned shift(std::uint64_t value) {
        const auto width = static_cast<unsigned>(std::bit_width(value));
        return width > exact_bits ? width - exact_bits : 0;
    }
    static std::size_t index(std::uint64_t value) {
        return std::size_t{shift(value)} * 256 + static_cast<std::size_t>(value >> shift(value));
    }
    static std::uint64_t upper_bound(std::size_t index) {
        if (index < 512) {
            return index;
        }
        const auto places = static_cast<unsigned>(index / 256 - 1);
        return ((static_cast<std::uint64_t>(index % 256) + 256 + 1) << places) - 1;
    }

    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(buckets);
    std::uint64_t total_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace load
