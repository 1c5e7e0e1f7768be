#include "wire/copy_check.hpp"

#include <isa-l/crc.h>

#include <cstdint>

namespace netcopy::wire {

CopyCheck copy_check(std::string_view line) {
    constexpr char hex_digits[] = "0123456789abcdef";
    // ISA-L leaves the inversion before and after to its caller, counts in int, and has forgotten a
    // const.
    auto* const data = reinterpret_cast<unsigned char*>(const_cast<char*>(line.data()));
    std::uint32_t crc = ~crc32_iscsi(data, static_cast<int>(line.size()), UINT32_MAX);
    CopyCheck check{' '};
    for (std::size_t i = check.size(); i-- > 1; crc >>= 4) check[i] = hex_digits[crc & 15];
    return check;
}

}  // namespace netcopy::wire
