#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace netcopy {

/// Bytes read at a time: they stay in the core's cache until they are hashed or written.
inline constexpr std::size_t read_piece = 256 * 1024;

/// Calls `take(Bytes)` with what something that has read_at() has from `begin` to `end`, piece by
/// piece, and says where it ended: at `end`, or before it where the file does. `buffer` is room for
/// a piece, which the caller keeps for the next time. Blocks.
template <class Source, class Take>
Result<std::uint64_t> read_through(Source& source, std::uint64_t begin, std::uint64_t end,
                                   std::vector<std::byte>& buffer, Take take) {
    buffer.resize(read_piece);
    while (begin < end) {
        const auto want = std::min<std::uint64_t>(read_piece, end - begin);
        const auto room = MutableBytes(buffer).first(static_cast<std::size_t>(want));
        const Result<std::size_t> got = source.read_at(begin, room);
        if (!got) return got.error();
        if (*got == 0) break;
        take(Bytes(room).first(*got));
        begin += *got;
    }
    return begin;
}

}  // namespace netcopy
