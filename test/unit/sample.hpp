#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace netcopy::test {

/// Bytes without a short period, so that a lost, doubled or exchanged stretch shows.
inline std::string sample(std::size_t size) {
    std::string text(size, '\0');
    std::uint32_t state = 12345;
    for (char& byte : text) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<char>(state >> 24);
    }
    return text;
}

}  // namespace netcopy::test
