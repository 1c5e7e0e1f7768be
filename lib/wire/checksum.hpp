#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "wire/parse.hpp"

/// The checksum server's protocol (seed 000; docs/protocol/checksum.md):
///     BE|id|seconds|length|bytes -> OK        KI|id -> length|bytes, or 0|
/// Pure functions from bytes to structs and back; views point into the caller's buffer.
namespace netcopy::wire {

/// `BE` (Hungarian: in): keep these bytes for so many seconds.
struct Insert {
    std::string id;               ///< canonical, see canonical_id
    std::uint64_t validity = 0;   ///< seconds
    std::uint64_t announced = 0;  ///< the length that was said, and is said again to who asks
    std::string_view checksum;    ///< any bytes; twice `announced` where a peer sends hex digits
                                  ///< but counts the bytes they stand for
};

/// `KI` (out): what is kept under this id?
struct Lookup {
    std::string id;
};

struct Request {
    enum class Verb { insert, lookup } verb = Verb::lookup;
    Insert insert;
    Lookup lookup;
};

struct RequestLimits {
    std::size_t checksum_length = limits::checksum_length;
    std::uint64_t validity = limits::checksum_validity;
};

/// Errc::protocol, with a reason fit for `ERR|reason`, as soon as the bytes can become no request.
/// At the end of the stream a tentative message counts as complete.
Result<Parsed<Request>> parse_request(std::string_view bytes, const RequestLimits& limits = {});

/// No request is longer: what parse_request may leave waiting with need_more or tentative.
std::size_t max_request(const RequestLimits& limits);

/// An integer as text: sign allowed, up to 20 digits; without plus sign and leading zeros ("-0" is
/// "0"), so that equal numbers are equal keys.
Result<std::string> canonical_id(std::string_view text);

std::string encode_insert(const Insert& insert);
std::string encode_lookup(std::string_view id);
/// `length|bytes`: both the answer to KI and, being complete, what the store keeps.
std::string encode_entry(std::uint64_t announced, std::string_view checksum);
/// `ERR|reason` and a line end; the reason is escaped.
std::string encode_error(std::string_view reason);

inline constexpr std::string_view insert_done = "OK";
inline constexpr std::string_view no_entry = "0|";

struct InsertDone {};

/// The answer to BE. Errc::refused with the server's words for ERR|, Errc::protocol for anything
/// else.
Result<Parsed<InsertDone>> parse_insert_answer(std::string_view bytes);

/// The answer to KI: what stands behind the first `|`, trimmed of white space unless it is a raw
/// MD5; empty: no entry. Other makes say wrong lengths: too small a one makes the answer tentative
/// only, too large a one need_more, until the caller says that the stream has `ended` or that it
/// has waited long enough.
Result<Parsed<std::string_view>> parse_lookup_answer(std::string_view bytes, bool ended = false);

/// The digest that an entry holds, by its form (WIRE.md: what clients were seen to insert).
enum class EntryForm { md5_hex, md5_raw, crc32, unknown };
EntryForm classify_entry(std::string_view checksum);

/// True when `checksum` says the same as `md5`: 32 hex digits in either case, or 16 raw bytes.
bool matches_md5(std::string_view checksum, std::string_view md5_hex);
/// True when `checksum` says the same number: hex with or without 0x, or decimal.
bool matches_crc32(std::string_view checksum, std::uint32_t crc32);

}  // namespace netcopy::wire
