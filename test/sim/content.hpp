#pragma once

#include <algorithm>
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
        each_word(offset, out.size(), [&](std::size_t at, const std::byte* bytes, std::size_t n) {
            std::memcpy(out.data() + at, bytes, n);
            return true;
        });
    }
    bool same(std::uint64_t offset, Bytes bytes) const {
        return each_word(offset, bytes.size(),
                         [&](std::size_t at, const std::byte* right, std::size_t n) {
                             return std::memcmp(bytes.data() + at, right, n) == 0;
                         });
    }

private:
    template <class Use>
    bool each_word(std::uint64_t offset, std::size_t size, Use use) const {
        for (std::size_t at = 0; at < size;) {
            const std::uint64_t word = Random::mix(seed + (offset + at) / 8);
            const std::size_t skip = (offset + at) % 8;
            const std::size_t n = std::min<std::size_t>(8 - skip, size - at);
            std::byte bytes[8];
            std::memcpy(bytes, &word, 8);
            if (!use(at, bytes + skip, n)) return false;
            at += n;
        }
        return true;
    }
};

/// Which bytes have come; not lib/rudp's own set, which is under test.
class Coverage {
public:
    /// How many bytes of it were not there yet.
    std::uint64_t add(rudp::Range range) {
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
        if (range.size() > 0) ranges_[grown_begin] = grown_end;
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
