#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace netcopy {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// So many zero bytes, 64 KiB at the most: for hashing what a hole leaves out.
Bytes zeros(std::uint64_t count);

/// Lower-case hex, two digits a byte.
std::string to_hex(Bytes bytes);

/// For people's eyes: control bytes, DEL, backslashes and bytes beyond ASCII as \xNN, so that
/// nothing from a peer can move a cursor or forge a log line. Cut at `limit` bytes of input, with
/// "...".
std::string escape(std::string_view text, std::size_t limit = 200);

/// escape() for paths of our own user: UTF-8 stays readable, the rest is as there; in quotes.
std::string quote(std::string_view path);

/// What stands behind the last slash of a path; all of it without one.
inline std::string_view last_component(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

/// A decimal number of digits only, at most `max`; nothing else.
std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max = UINT64_MAX);

}  // namespace netcopy
