// Fuzzes the first line of netcopy/1 on either side, which comes from whoever connects or answers.

#include "copy_promises.hpp"

using namespace netcopy;

namespace {

void check_opening(std::string_view input) {
    if (fuzz::check_line(input, wire::copy_opening_limit, wire::parse_copy_opening) == 0) return;
    const wire::CopyOpening opening = wire::parse_copy_opening(input)->message;
    fuzz::require(input.starts_with(wire::copy_magic));
    fuzz::require(!opening.purpose.empty());
    fuzz::require(opening.session.empty() || opening.session.size() == 32);
    for (const std::string& digest : opening.digests) fuzz::require(!digest.empty());
}

void check_answer(std::string_view input) {
    const auto parsed = wire::parse_copy_opening_answer(input);
    if (parsed) {
        // Whoever says something else first is known by it, however little has come.
        const std::string_view front = "NETCOPY/1 ";
        fuzz::require(input.substr(0, front.size()) == front.substr(0, input.size()));
    }
    fuzz::check_line(input, wire::copy_opening_limit, wire::parse_copy_opening_answer);
    if (!parsed || parsed->verdict != wire::Verdict::complete) return;
    if (const auto* accepted = std::get_if<wire::CopyAccepted>(&parsed->message)) {
        fuzz::require(accepted->window > 0 && accepted->window_bytes > 0);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_opening(input);
    check_answer(input);
    return 0;
}
