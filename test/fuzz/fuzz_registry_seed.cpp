// Fuzzes the seed's messages of the registry protocol: what a master hears of file servers and
// clients, and what a client hears of a master. Besides not reading beyond their input the parsers
// must keep what wire/registry_seed.hpp promises; a broken promise aborts.

#include "copy_promises.hpp"
#include "wire/registry_seed.hpp"

using namespace netcopy;
using fuzz::require;
using wire::Verdict;

namespace {

bool inside(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

void look(const wire::RegistryHello& hello, std::string_view bytes) {
    require(inside(hello.host, bytes) && hello.server == (hello.port != 0));
    require(hello.server == !hello.host.empty() && hello.host.size() <= 255);
}
void look(std::string_view name, std::string_view bytes) {
    require(inside(name, bytes) && !name.empty() && name.size() <= wire::registry_message_limit);
    require(name.find_first_of(std::string_view("\r\n\0", 3)) == name.npos);
}
void look(const wire::RegistryItem& item, std::string_view bytes) {
    using Kind = wire::RegistryItem::Kind;
    require(inside(item.name, bytes) && inside(item.host, bytes) && inside(item.words, bytes));
    const bool file = item.kind == Kind::file;
    require(file == !item.name.empty() && file == !item.host.empty() && file == (item.port != 0));
    require(item.name.find(';') == item.name.npos && item.host.size() <= 255);
    // What a list can say comes back as it was.
    if (!file || !wire::registry_can_say(item.name, item.host)) return;
    std::string text;
    wire::append_registry_item(text, item.name, item.host, item.port);
    const auto again = wire::parse_registry_item(text);
    require(again && again->verdict == Verdict::complete && again->used == text.size());
    require(again->message.name == item.name && again->message.host == item.host);
    require(again->message.port == item.port);
}

/// One message in front of the input; bytes used, 0 when there is none or a bad one.
template <class Parse>
std::size_t check(Parse parse, std::string_view input) {
    const fuzz::Exact exact(input);
    const auto parsed = parse(exact.view());
    if (!parsed) {
        fuzz::check_error(parsed.error());
        return 0;
    }
    require(parsed->skipped <= parsed->used && parsed->used <= input.size());
    if (parsed->verdict == Verdict::need_more) {
        require(parsed->used == parsed->skipped);
        return 0;
    }
    require(parsed->used > parsed->skipped);
    look(parsed->message, exact.view());
    if (parsed->verdict == Verdict::tentative) require(parsed->used == input.size());
    // Of what is complete nothing behind it has a say, and what is skipped changes nothing.
    const fuzz::Exact alone(input.substr(parsed->skipped, parsed->used - parsed->skipped));
    const auto same = parse(alone.view());
    require(same && same->verdict != Verdict::need_more && same->skipped == 0);
    require(same->used == alone.view().size());
    return parsed->used;
}

template <class Parse>
void converse(Parse parse, std::string_view input) {
    while (const std::size_t used = check(parse, input)) input.remove_prefix(used);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    converse(wire::parse_registry_name, input);
    converse(wire::parse_registry_item, input);
    if (const std::size_t used = check(wire::parse_registry_hello, input)) {
        converse(wire::parse_registry_name, input.substr(used));
    }
    return 0;
}
