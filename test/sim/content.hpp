#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "rudp/packet.hpp"
#include "test/sim/random.hpp"

namespace netcopy::sim {

/// A file whose bytes follow from a seed and their offset.
struct Content {
    std::uint64_t seed = 0;
    rudp::Accept file;

    void read(std::uint64_t offset, MutableBytes out) const {
        std::uint64_t index = offset / 8;
        std::size_t at = copy_word(index, offset % 8, out);
        for (; out.size() - at >= 8; at += 8) {
            const std::uint64_t word = Random::mix(seed + ++index);
            std::memcpy(out.data() + at, &word, 8);
        }
        copy_word(index + 1, 0, out.subspan(at));
    }
    bool same(std::uint64_t offset, Bytes bytes) const {
        std::array<std::byte, 2048> right;
        for (std::size_t at = 0; at < bytes.size(); at += right.size()) {
            const std::size_t n = std::min(right.size(), bytes.size() - at);
            read(offset + at, MutableBytes(right).first(n));
            if (std::memcmp(right.data(), bytes.data() + at, n) != 0) return false;
        }
        return true;
    }

private:
    std::size_t copy_word(std::uint64_t index, std::size_t skip, MutableBytes out) const {
        const std::uint64_t word = Random::mix(seed + index);
        std::array<std::byte, 8> bytes;
        std::memcpy(bytes.data(), &word, 8);
        const std::size_t n = std::min(8 - skip, out.size());
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(skip), n, out.begin());
        return n;
    }
};

/// Which bytes have come; not lib/rudp's own set, which is under test.
class Coverage {
public:
    /// How many bytes of it were not there yet.
    std::uint64_t add(rudp::Range range) {
        if (range.begin >= range.end) return 0;
        std::uint64_t fresh = range.size();
        std::uint64_t grown_begin = range.begin, grown_end = range.end;
        auto at = ranges_.upper_bound(range.begin);
        if (at != ranges_.begin() && std::prev(at)->second >= range.begin) --at;
        while (at != ranges_.end() && at->first <= range.end) {
            const std::uint64_t both_begin = std::max(at->first, range.begin);
            const std::uint64_t both_end = std::min(at->second, range.end);
            if (both_end > both_begin) fresh -= both_end - both_begin;
            grown_begin = std::min(grown_begin, at->first);
            grown_end = std::max(grown_end, at->second);
            at = ranges_.erase(at);
        }
        ranges_[grown_begin] = grown_end;
        return fresh;
    }
    bool contains(const rudp::Range& range) const {
        const auto next = ranges_.upper_bound(range.begin);
        return next != ranges_.begin() && std::prev(next)->second >= range.end;
    }
    const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }

private:
    std::map<std::uint64_t, std::uint64_t> ranges_;  // begin, end; none touches another
};

}  // namespace netcopy::sim
