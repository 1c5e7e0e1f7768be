// Fuzzes what file servers, masters and clients of netcopy say of a catalogue.

#include <cstdint>

#include "copy_promises.hpp"
#include "wire/registry.hpp"
#include "wire/registry_seed.hpp"

using namespace netcopy;

namespace {

bool is_name(const std::string& name) {
    return !name.empty() && name.size() <= wire::registry_name_limit;
}
bool is_digest(const std::string& hex, std::size_t digits) {
    return hex.size() == digits && hex.find_first_not_of("0123456789abcdef") == hex.npos;
}

struct Ranges {
    void operator()(const wire::CopyFile& file) const {
        fuzz::require(file.size < std::uint64_t{1} << 63 && file.mtime.nanoseconds < 1'000'000'000);
        fuzz::require(is_name(file.name) && is_digest(file.md5, 32) && is_digest(file.sha256, 64));
    }
    void operator()(const wire::RegistryServer& server) const {
        fuzz::require(server.port != 0);
        fuzz::require(server.host.empty() || wire::is_registry_host(server.host));
    }
    void operator()(const wire::CatalogueFrom& from) const {
        fuzz::require(from.port != 0 && wire::is_registry_host(from.host));
    }
    void operator()(const wire::RegistryGone& gone) const { fuzz::require(is_name(gone.name)); }
    void operator()(const wire::CatalogueName& name) const { fuzz::require(is_name(name.name)); }
    void operator()(const wire::CatalogueFind& find) const { fuzz::require(is_name(find.name)); }
    void operator()(const wire::CatalogueBegin& begin) const {
        fuzz::require(is_name(begin.prefix));
    }
    void operator()(const wire::RegistryNo& no) const {
        fuzz::require(!no.code.empty() && !no.text.empty());
    }
    void operator()(const wire::CopyListed& listed) const {
        fuzz::require(listed.files < std::uint64_t{1} << 63);
    }
    void operator()(const wire::RegistryBeat&) const {}
    void operator()(const wire::RegistryWhole&) const {}
    void operator()(const wire::RegistryAnew&) const {}
    void operator()(const wire::CatalogueAll&) const {}
    void operator()(const wire::CatalogueLast&) const {}
};

/// As it is, and line by line with checks, which no fuzzer finds.
template <class Parse>
void check(Parse parse, std::string_view input) {
    fuzz::check_line(input, wire::copy_line_limit, parse);
    for (;;) {
        const std::string line = fuzz::take_sealed_line(input);
        if (line.empty()) return;
        const std::string with_more = line + std::string(input.substr(0, 16));
        if (fuzz::check_line(with_more, wire::copy_line_limit, parse) == 0) continue;
        std::visit(Ranges{}, parse(line)->message);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check(wire::parse_registry_news, input);
    check(wire::parse_registry_answer, input);
    check(wire::parse_catalogue_asked, input);
    check(wire::parse_catalogue_line, input);
    return 0;
}
