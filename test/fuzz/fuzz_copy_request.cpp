// Fuzzes what a receiver reads in netcopy/1: lines, and bodies between them.

#include <cstdint>

#include "copy_promises.hpp"

using namespace netcopy;

namespace {

/// Limits and ranges that a session relies on.
void check_ranges(const wire::CopyRequest& request) {
    constexpr std::uint64_t end = std::uint64_t{1} << 63;
    if (const auto* put = std::get_if<wire::CopyPut>(&request)) {
        fuzz::require(put->n > 0 && put->n < end && put->size.value_or(0) < end);
        fuzz::require(put->mode <= 07777 && put->mtime.nanoseconds < 1'000'000'000);
        fuzz::require(!put->name.empty() && put->name.size() <= wire::copy_name_limit);
    }
    if (const auto* folder = std::get_if<wire::CopyFolder>(&request)) {
        fuzz::require(folder->n > 0 && folder->mode <= 07777);
        fuzz::require(!folder->name.empty() && folder->name.size() <= wire::copy_name_limit);
    }
    if (const auto* link = std::get_if<wire::CopyLink>(&request)) {
        fuzz::require(link->n > 0 && !link->name.empty() && !link->target.empty());
        fuzz::require(link->name.size() <= wire::copy_name_limit);
        fuzz::require(link->target.size() <= wire::copy_name_limit);
    }
    if (const auto* data = std::get_if<wire::CopyData>(&request)) {
        fuzz::require(data->n > 0 && data->offset < end && data->length < end - data->offset);
    }
    if (const auto* lack = std::get_if<wire::CopyLack>(&request)) {
        fuzz::require(!lack->name.empty() && lack->name.size() <= wire::copy_name_limit);
        fuzz::require(!lack->code.empty() && !lack->text.empty());
    }
    if (const auto* sum = std::get_if<wire::CopySum>(&request)) {
        fuzz::require(sum->n > 0 && sum->size < end && sum->digests.size() <= 5);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    fuzz::check_line(input, wire::copy_line_limit, wire::parse_copy_request);  // as it is
    for (;;) {
        const std::string line = fuzz::take_sealed_line(input);
        if (line.empty()) return 0;
        const std::string with_more = line + std::string(input.substr(0, 16));
        if (fuzz::check_line(with_more, wire::copy_line_limit, wire::parse_copy_request) == 0) {
            return 0;
        }
        const auto request = wire::parse_copy_request(line);
        check_ranges(request->message);
        if (const auto* body = std::get_if<wire::CopyData>(&request->message)) {
            input.remove_prefix(std::min<std::uint64_t>(body->length, input.size()));
        }
    }
}
