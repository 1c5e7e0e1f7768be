#include "net/endpoint.hpp"

#include "base/bytes.hpp"

namespace netcopy {
namespace {

constexpr std::size_t max_host = 255;  // RFC 1035; a scoped IPv6 address is shorter

Error bad_endpoint(std::string_view text, std::string_view reason) {
    return make_error(Errc::usage, quote(text) + " is no endpoint: " + std::string(reason) +
                                       "; write HOST:PORT or [IPV6]:PORT");
}

Result<Endpoint> make_endpoint(std::string_view text, std::string_view host,
                               std::string_view port) {
    if (host.empty()) return bad_endpoint(text, "the host is missing");
    if (host.size() > max_host) return bad_endpoint(text, "the host is too long");
    const auto number = parse_decimal(port, 65535);
    if (!number) return bad_endpoint(text, "the port is no number from 0 to 65535");
    return Endpoint{std::string(host), static_cast<std::uint16_t>(*number)};
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text, std::optional<std::uint16_t> default_port) {
    std::string_view host = text;
    std::optional<std::string_view> port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return bad_endpoint(text, "']' is missing");
        host = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        if (rest.starts_with(':')) port = rest.substr(1);
        if (!rest.empty() && !port) return bad_endpoint(text, "':' is missing behind ']'");
    } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
        if (text.find(':') == colon) {
            host = text.substr(0, colon);
            port = text.substr(colon + 1);
        } else if (!default_port) {
            return bad_endpoint(text, "an IPv6 address with a port needs brackets");
        }
    }
    if (port) return make_endpoint(text, host, *port);
    if (!default_port) return bad_endpoint(text, "the port is missing");
    return make_endpoint(text, host, std::to_string(*default_port));
}

Result<Endpoint> parse_endpoint(std::string_view host, std::string_view port) {
    const std::string text = std::string(host) + " " + std::string(port);
    if (host.size() > 2 && host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return make_endpoint(text, host, port);
}

std::string to_string(const Endpoint& endpoint) {
    const bool brackets = endpoint.host.find(':') != std::string::npos;
    return (brackets ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
           std::to_string(endpoint.port);
}

}  // namespace netcopy
