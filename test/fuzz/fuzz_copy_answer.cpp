// Fuzzes what a sender reads in netcopy/1.

#include <cstdint>

#include "copy_promises.hpp"

using namespace netcopy;

namespace {

void check_ranges(const wire::CopyAnswer& answer) {
    constexpr std::uint64_t end = std::uint64_t{1} << 63;
    if (const auto* kept = std::get_if<wire::CopyKept>(&answer)) {
        fuzz::require(kept->n > 0 && kept->n < end && kept->offset > 0 && kept->offset < end);
    }
    if (const auto* want = std::get_if<wire::CopyWant>(&answer)) {
        fuzz::require(want->n > 0 && want->n < end && want->offset < end);
        fuzz::require(want->offset > 0 || want->crc64 == 0);
    }
    if (const auto* have = std::get_if<wire::CopyHave>(&answer)) {
        fuzz::require(have->n > 0 && have->digest.second.size() >= 8);
    }
    if (const auto* done = std::get_if<wire::CopyDone>(&answer)) fuzz::require(done->n > 0);
    if (const auto* done = std::get_if<wire::CopyDone>(&answer)) {
        fuzz::require(done->digests.size() <= 5 && (done->digests.empty() || !done->name.empty()));
    }
    if (const auto* get = std::get_if<wire::CopyGet>(&answer)) {
        fuzz::require(!get->name.empty() && get->name.size() <= wire::copy_name_limit);
        fuzz::require(get->id.empty() || get->id.size() == 32);
    }
    if (const auto* same = std::get_if<wire::CopySame>(&answer)) fuzz::require(same->n > 0);
    if (const auto* no = std::get_if<wire::CopyNo>(&answer)) {
        fuzz::require(no->n < end && !no->code.empty() && !no->text.empty());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    fuzz::check_line(input, wire::copy_line_limit, wire::parse_copy_answer);  // as it is
    for (;;) {
        const std::string line = fuzz::take_sealed_line(input);
        if (line.empty()) return 0;
        const std::string with_more = line + std::string(input.substr(0, 16));
        if (fuzz::check_line(with_more, wire::copy_line_limit, wire::parse_copy_answer) == 0) {
            return 0;
        }
        check_ranges(wire::parse_copy_answer(line)->message);
    }
}
