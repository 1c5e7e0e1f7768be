#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "wire/parse.hpp"

/// The transfer protocol (seed 002; docs/protocol/transfer.md):
///     path<SEPARATOR>size<SEPARATOR>digest, then the file's bytes -> one sentence
/// Pure functions from bytes to structs and back; views point into the caller's buffer.
namespace netcopy::wire {

inline constexpr std::string_view transfer_separator = "<SEPARATOR>";
inline constexpr std::size_t transfer_header_limit = 8192;  ///< bytes
inline constexpr std::uint64_t transfer_size_limit = INT64_MAX;

/// The digest in a header; told by how many hex digits it has.
enum class TransferDigest { none, md5, sha1, sha256 };

std::size_t hex_digits(TransferDigest kind);         ///< 0, 32, 40, 64
std::string_view display_name(TransferDigest kind);  ///< "MD5", "SHA-1", "SHA-256"; "" for none

struct TransferHeader {
    std::string_view path;    ///< as the sender typed it
    std::string_view number;  ///< the size's digits
    std::uint64_t size = 0;   ///< bytes of the file
    TransferDigest kind = TransferDigest::none;
    std::string_view digest;  ///< hex digits in either case, as many as `kind` has
};

/// Nothing on the wire marks the header's end, so it takes as much as can belong to it: all digits
/// of a size without a second separator, and the longest digest that is hex all along. While
/// more bytes could make it longer it is tentative. Errc::protocol as soon as the bytes can
/// become no header.
Result<Parsed<TransferHeader>> parse_transfer_header(std::string_view bytes);

/// The last component of a path in either system's notation. Whether it is safe is for
/// file/safe_name to say.
std::string_view last_component(std::string_view path);

/// `digest` has the hex digits of `kind`. Errc::refused for a name that this wire cannot say: one
/// with a separator or NUL in it, or of several components, or that is too long.
Result<std::string> encode_transfer_header(std::string_view name, std::uint64_t size,
                                           TransferDigest kind, std::string_view digest);

/// What the receiver says at the end.
enum class TransferVerdict {
    verified,    ///< received, and the digest is the same
    incomplete,  ///< fewer bytes came than were announced
    mismatch,    ///< the digest is another
    refused,     ///< any other failure, in the receiver's words
    unknown,     ///< words that are none of these
};

/// The sentence for verified, incomplete and mismatch. `kind` must not be none.
std::string encode_transfer_answer(TransferVerdict verdict, TransferDigest kind);
/// `File transfer failed: REASON`; the reason is escaped. Not one of the seed's sentences.
std::string encode_transfer_refusal(std::string_view reason);

inline constexpr std::size_t transfer_answer_limit = 1024;  ///< bytes

struct TransferAnswer {
    TransferVerdict verdict = TransferVerdict::unknown;
    std::string_view words;  ///< without white space around them
};
/// Tentative unless it is one of netcopy's or the seed's sentences to the letter. Never an error:
/// receivers of other makes say what they like.
Parsed<TransferAnswer> parse_transfer_answer(std::string_view bytes);

}  // namespace netcopy::wire
