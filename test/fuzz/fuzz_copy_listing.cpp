// Fuzzes what a client reads of a share's list.

#include <cstdint>

#include "copy_promises.hpp"

using namespace netcopy;

namespace {

void check_ranges(const wire::CopyListing& listing) {
    constexpr std::uint64_t end = std::uint64_t{1} << 63;
    if (const auto* file = std::get_if<wire::CopyFile>(&listing)) {
        fuzz::require(file->size < end && file->mtime.nanoseconds < 1'000'000'000);
        fuzz::require(!file->name.empty() && file->name.size() <= wire::copy_name_limit);
        fuzz::require(file->md5.size() == 32);
        fuzz::require(file->sha256.empty() || file->sha256.size() == 64);
    }
    if (const auto* listed = std::get_if<wire::CopyListed>(&listing)) {
        fuzz::require(listed->files < end);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    fuzz::check_line(input, wire::copy_line_limit, wire::parse_copy_listing);  // as it is
    for (;;) {
        const std::string line = fuzz::take_sealed_line(input);
        if (line.empty()) return 0;
        const std::string with_more = line + std::string(input.substr(0, 16));
        if (fuzz::check_line(with_more, wire::copy_line_limit, wire::parse_copy_listing) == 0) {
            return 0;
        }
        check_ranges(wire::parse_copy_listing(line)->message);
    }
}
