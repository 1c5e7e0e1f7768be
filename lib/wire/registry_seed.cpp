#include "wire/registry_seed.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace netcopy::wire {
namespace {

constexpr std::string_view server_front = "FS, Listen client at ";
constexpr std::string_view terminators{"\r\n\0", 3};
constexpr std::size_t host_limit = 255;  // bytes, RFC 1035
constexpr std::size_t port_digits = 5;
constexpr std::size_t shown = 60;  // bytes of a bad message in an error

bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Of a host: a name, an IPv4 address, or an IPv6 address in brackets.
bool is_host_byte(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
}

bool is_address_byte(char c) { return is_host_byte(c) || c == ':' || c == '%'; }

Error bad(std::string_view problem, std::string_view bytes) {
    return make_error(Errc::protocol, std::string(problem) + ": '" + escape(bytes, shown) + "'");
}

/// Line ends and NULs in front belong to no message.
std::size_t skipped_in_front(std::string_view bytes) {
    return std::min(bytes.find_first_not_of(terminators), bytes.size());
}

std::string_view without_brackets(std::string_view host) {
    if (host.size() > 2 && host.starts_with('[') && host.ends_with(']')) {
        return host.substr(1, host.size() - 2);
    }
    return host;
}

/// Bytes of a host at the front; 0: none that is whole.
std::size_t host_length(std::string_view bytes) {
    if (bytes.starts_with('[')) {
        const std::size_t close = bytes.find(']');
        return close == std::string_view::npos ? 0 : close + 1;
    }
    return static_cast<std::size_t>(std::ranges::find_if_not(bytes, is_host_byte) - bytes.begin());
}

/// `HOST:PORT` behind the front of a file server's first message.
Result<Parsed<RegistryHello>> parse_address(std::string_view bytes, std::size_t before,
                                            std::size_t skipped) {
    Parsed<RegistryHello> parsed;
    parsed.used = parsed.skipped = skipped;
    const std::size_t length = host_length(bytes);
    if (length > host_limit + 2 || (length == 0 && bytes.size() > host_limit + 2)) {
        return bad("the host is too long", bytes);
    }
    if (length == bytes.size() || (length == 0 && bytes.starts_with('['))) return parsed;
    if (length == 0 || bytes[length] != ':') return bad("this is no HOST:PORT", bytes);
    const std::string_view rest = bytes.substr(length + 1);
    const auto digits = static_cast<std::size_t>(
        std::ranges::find_if_not(rest.substr(0, port_digits), is_digit) - rest.begin());
    if (digits == 0) {
        if (rest.empty()) return parsed;
        return bad("the port is no number", bytes);
    }
    const auto port = parse_decimal(rest.substr(0, digits), UINT16_MAX);
    if (!port || *port == 0) return bad("the port is not from 1 to 65535", bytes);
    // Another digit may follow: a number has no end of its own.
    const bool may_go_on = digits == rest.size() && digits < port_digits;
    parsed.verdict = may_go_on ? Verdict::tentative : Verdict::complete;
    parsed.used = before + length + 1 + digits;
    parsed.message = {true, without_brackets(bytes.substr(0, length)),
                      static_cast<std::uint16_t>(*port)};
    return parsed;
}

bool may_begin(std::string_view bytes, std::string_view front) {
    return bytes.substr(0, front.size()) == front.substr(0, bytes.size());
}

RegistryItem read_item(std::string_view text) {
    RegistryItem item;
    item.words = text;
    const std::size_t behind_host = text.rfind(':');
    if (behind_host == std::string_view::npos) return item;
    const auto port = parse_decimal(text.substr(behind_host + 1), UINT16_MAX);
    const std::string_view front = text.substr(0, behind_host);
    // A host with colons has brackets.
    const bool brackets = front.ends_with(']');
    const std::size_t open = brackets ? front.rfind('[') : front.size();
    if (!port || *port == 0 || open == 0 || open == std::string_view::npos) return item;
    const std::size_t before_host = front.rfind(':', open - 1);
    if (before_host == std::string_view::npos || before_host == 0) return item;
    const std::string_view host = without_brackets(front.substr(before_host + 1));
    if (!is_registry_host(host)) return item;
    return {RegistryItem::Kind::file,
            front.substr(0, before_host),
            host,
            static_cast<std::uint16_t>(*port),
            {}};
}

}  // namespace

Result<Parsed<RegistryHello>> parse_registry_hello(std::string_view bytes) {
    const std::size_t skipped = skipped_in_front(bytes);
    const std::string_view rest = bytes.substr(skipped);
    Parsed<RegistryHello> parsed;
    parsed.used = parsed.skipped = skipped;
    if (rest.starts_with(registry_client)) {
        parsed.verdict = Verdict::complete;
        parsed.used += registry_client.size();
        return parsed;
    }
    if (rest.starts_with(server_front)) {
        const std::size_t before = skipped + server_front.size();
        return parse_address(bytes.substr(before), before, skipped);
    }
    if (may_begin(rest, registry_client) || may_begin(rest, server_front)) return parsed;
    return bad("this is neither a file server nor a client", rest);
}

Result<Parsed<std::string_view>> parse_registry_name(std::string_view bytes) {
    Parsed<std::string_view> parsed;
    parsed.used = parsed.skipped = skipped_in_front(bytes);
    const std::string_view rest = bytes.substr(parsed.skipped);
    if (rest.empty()) return parsed;
    const std::size_t end = std::min(rest.find_first_of(terminators), rest.size());
    if (end > registry_message_limit) return bad("a name does not end", rest);
    parsed.verdict = end < rest.size() ? Verdict::complete : Verdict::tentative;
    parsed.message = rest.substr(0, end);
    parsed.used += end;
    return parsed;
}

Result<Parsed<RegistryItem>> parse_registry_item(std::string_view bytes) {
    Parsed<RegistryItem> parsed;
    parsed.used = parsed.skipped = skipped_in_front(bytes);
    const std::string_view rest = bytes.substr(parsed.skipped);
    if (rest.empty()) return parsed;
    const std::size_t end = rest.substr(0, registry_message_limit).find(';');
    if (end == std::string_view::npos) {
        if (rest.size() >= registry_message_limit) return bad("an entry does not end", rest);
        // Only a pause tells that no `;` follows any more.
        parsed.verdict = Verdict::tentative;
        parsed.used += rest.size();
        const std::size_t last = rest.find_last_not_of(terminators);
        const bool empty = rest.substr(0, last + 1) == registry_empty;
        parsed.message.kind = empty ? RegistryItem::Kind::empty : RegistryItem::Kind::words;
        parsed.message.words = rest;
        return parsed;
    }
    parsed.verdict = Verdict::complete;
    parsed.used += end + 1;
    parsed.message = read_item(rest.substr(0, end));
    return parsed;
}

bool is_registry_host(std::string_view host) {
    return !host.empty() && host.size() <= host_limit && std::ranges::all_of(host, is_address_byte);
}

bool registry_can_say(std::string_view name, std::string_view host) {
    constexpr std::string_view separators{":;\r\n\0", 5};
    return !name.empty() && name.find_first_of(separators) == name.npos && !host.empty() &&
           std::ranges::all_of(host, is_host_byte);
}

void append_registry_item(std::string& out, std::string_view name, std::string_view host,
                          std::uint16_t port) {
    out += name;
    out += ':';
    out += host;
    out += ':';
    out += std::to_string(port);
    out += ';';
}

std::string encode_registry_server(std::string_view host, std::uint16_t port) {
    const bool brackets = host.find(':') != host.npos;
    std::string text(server_front);
    text += brackets ? "[" + std::string(host) + "]" : std::string(host);
    return text + ":" + std::to_string(port);
}

}  // namespace netcopy::wire
