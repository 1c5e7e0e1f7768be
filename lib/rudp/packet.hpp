#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"

/// The packets of docs/protocol/rudp.md. Parsers take one whole packet, its seal already checked
/// and taken off; they keep nothing, and views point into what was parsed. What a packet of that
/// kind cannot be gives no value. Writers return how many bytes they wrote, 0 when there is no
/// room.
namespace netcopy::rudp {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

inline constexpr std::size_t seal_size = 4;          ///< bytes of a datagram behind its packet
inline constexpr std::size_t least_datagram = 1200;  ///< bytes, the seal included
inline constexpr std::size_t largest_datagram = 65507;
inline constexpr std::size_t header_size = 17;
inline constexpr std::size_t data_header_size = header_size + 8;
inline constexpr std::size_t cookie_size = 24;
inline constexpr std::size_t most_name = 1024;
inline constexpr std::size_t most_ack_ranges = 96;
inline constexpr std::size_t most_ack_wishes = 16;
inline constexpr std::size_t most_text = 200;
inline constexpr Duration cookie_life = std::chrono::seconds(10);
inline constexpr std::uint64_t any_size = UINT64_MAX;

/// An IPv6 address, or an IPv4 one mapped (::ffff:0:0/96), and a port. Opaque here.
struct Address {
    std::array<std::byte, 16> ip{};
    std::uint16_t port = 0;
    auto operator<=>(const Address&) const = default;
};

using Tag = std::array<std::byte, 32>;  ///< SHA-256; zeros: any
using Cookie = std::array<std::byte, cookie_size>;

/// Bytes of a file, from `begin` up to but not including `end`.
struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t size() const { return end - begin; }
    bool operator==(const Range&) const = default;
};

enum class Kind : std::uint8_t {
    request = 0xF1,
    cookie,
    accept,
    data,
    probe,
    ping,
    ack,
    close,
    path,
};

enum class CloseCode : std::uint16_t {
    done,
    no_such_file,
    changed,
    busy,
    refused,
    unreadable,
    breach,
    idle,
    stopping,
    unknown,
};

struct Header {
    Kind kind{};
    std::uint64_t connection = 0;
    std::uint64_t number = 0;
};

struct Request {
    std::uint16_t max_datagram = least_datagram;  ///< bytes
    std::uint32_t receive_buffer = 0;             ///< bytes
    std::uint64_t size = any_size;
    Tag tag{};
    Range wish;
    std::optional<Cookie> cookie;
    std::string_view name;
};

struct Accept {
    std::uint64_t size = 0;
    std::int64_t mtime = 0;  ///< ns since 1970
    Tag tag{};
};

struct Data {
    std::uint64_t offset = 0;
    Bytes bytes;
};

/// Packet numbers from `first` to `last`, both included.
struct Numbers {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool operator==(const Numbers&) const = default;
};

struct Ack {
    bool answer = false;         ///< a PING is wanted
    std::uint64_t received = 0;  ///< receiver's clock when the largest number came, us
    std::uint32_t delay = 0;     ///< us since then
    std::array<Numbers, most_ack_ranges + 1> ranges{};  ///< descending
    std::size_t range_count = 0;
    std::uint32_t first_wish = 0;
    std::array<Range, most_ack_wishes> wishes{};
    std::size_t wish_count = 0;
};

struct Close {
    CloseCode code{};
    std::string_view text;
};

struct Path {
    std::array<std::byte, 8> token{};
};

/// Of any packet that is long enough and of a known kind.
std::optional<Header> parse_header(Bytes packet);
/// Whether these bytes can only be a REQUEST, of this or a later version.
bool looks_like_request(Bytes packet);

std::optional<Request> parse_request(Bytes packet);
std::optional<Cookie> parse_cookie(Bytes packet);
std::optional<Accept> parse_accept(Bytes packet);
std::optional<Data> parse_data(Bytes packet);
/// Into `ack`, which is large: no copy. False: malformed, and `ack` is undefined.
bool parse_ack(Bytes packet, Ack& ack);
std::optional<Close> parse_close(Bytes packet);
std::optional<Path> parse_path(Bytes packet);

/// Always least_datagram - seal_size bytes.
std::size_t write_request(const Header& header, const Request& request, MutableBytes out);
std::size_t write_cookie(const Header& header, const Cookie& cookie, MutableBytes out);
std::size_t write_accept(const Header& header, const Accept& accept, MutableBytes out);
/// Header and offset only; the content belongs right behind.
std::size_t write_data_header(const Header& header, std::uint64_t offset, MutableBytes out);
/// `size`: bytes of the whole packet.
std::size_t write_probe(const Header& header, std::size_t size, MutableBytes out);
std::size_t write_ping(const Header& header, MutableBytes out);
std::size_t write_ack(const Header& header, const Ack& ack, MutableBytes out);
std::size_t write_close(const Header& header, const Close& close, MutableBytes out);
std::size_t write_path(const Header& header, const Path& path, MutableBytes out);

}  // namespace netcopy::rudp
