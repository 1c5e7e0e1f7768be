#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace netcopy {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void append_escaped(std::string& out, unsigned char byte) {
    out += "\\x";
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 15];
}

}  // namespace

Bytes zeros(std::uint64_t count) {
    static std::array<std::byte, 64 * 1024> all;  // never written; takes no room in the program
    return Bytes(all).first(static_cast<std::size_t>(std::min<std::uint64_t>(count, all.size())));
}

std::string to_hex(Bytes bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        out += hex_digits[std::to_integer<unsigned>(byte) >> 4];
        out += hex_digits[std::to_integer<unsigned>(byte) & 15];
    }
    return out;
}

std::string escape(std::string_view text, std::size_t limit) {
    std::string out;
    for (const char c : text.substr(0, limit)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f || byte == '\\') {
            append_escaped(out, byte);
        } else {
            out += c;
        }
    }
    if (text.size() > limit) out += "...";
    return out;
}

std::string quote(std::string_view path) {
    std::string out = "'";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            append_escaped(out, byte);
        } else {
            out += c;
        }
    }
    return out + "'";
}

std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    // from_chars takes neither sign nor space for an unsigned type, and reports overflow.
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || value > max) return std::nullopt;
    return value;
}

}  // namespace netcopy
