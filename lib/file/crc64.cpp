#include "file/crc64.hpp"

#include <isa-l/crc64.h>

namespace netcopy {

std::uint64_t crc64(std::uint64_t before, Bytes bytes) {
    return crc64_ecma_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()),
                           bytes.size());
}

std::uint64_t crc64_zeros(std::uint64_t before, std::uint64_t count) {
    while (count > 0) {
        const Bytes part = zeros(count);
        before = crc64(before, part);
        count -= part.size();
    }
    return before;
}

}  // namespace netcopy
