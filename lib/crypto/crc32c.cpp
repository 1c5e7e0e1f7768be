#include "crypto/crc32c.hpp"

#include <isa-l/crc.h>

#include <algorithm>

namespace netcopy {

// Unlike its sisters, ISA-L's function leaves the inversion before and after to the caller, counts
// in int, and has forgotten a const.
std::uint32_t crc32c(Bytes bytes, std::uint32_t before) {
    constexpr std::size_t most = std::size_t{1} << 30;
    std::uint32_t state = ~before;
    while (!bytes.empty()) {
        const Bytes part = bytes.first(std::min(most, bytes.size()));
        auto* const data = const_cast<std::byte*>(part.data());
        state = crc32_iscsi(reinterpret_cast<unsigned char*>(data), static_cast<int>(part.size()),
                            state);
        bytes = bytes.subspan(part.size());
    }
    return ~state;
}

}  // namespace netcopy
