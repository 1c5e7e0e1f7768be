#include "file/crc64.hpp"

#include <isa-l/crc64.h>

#include <algorithm>
#include <array>

namespace netcopy {

std::uint64_t crc64(std::uint64_t before, Bytes bytes) {
    return crc64_ecma_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()),
                           bytes.size());
}

std::uint64_t crc64_zeros(std::uint64_t before, std::uint64_t count) {
    static std::array<std::byte, 64 * 1024> zeros;  // never written; takes no room in the program
    while (count > 0) {
        const std::size_t part = std::min<std::uint64_t>(count, zeros.size());
        before = crc64(before, Bytes(zeros).first(part));
        count -= part;
    }
    return before;
}

}  // namespace netcopy
