#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/file_time.hpp"
#include "wire/parse.hpp"

/// netcopy/1, as docs/protocol/copy.md specifies it: lines <-> structs. Parsers take one line off
/// the front of what has come, never more; the bytes of a body follow a CopyData and are not
/// theirs. Every line but the openings ends with a check of its bytes, which is the codec's affair
/// alone. Names are paths, unescaped here; whether one is safe is for file/safe_name to say. Pure
/// functions.
namespace netcopy::wire {

inline constexpr std::size_t copy_opening_limit = 1024;    ///< bytes, LF included
inline constexpr std::size_t copy_line_limit = 20 * 1024;  ///< bytes, LF included
inline constexpr std::size_t copy_name_limit = 4096;       ///< bytes, unescaped
inline constexpr std::size_t copy_window = 4096;           ///< requests without a final answer
inline constexpr std::size_t copy_window_bytes = 1 << 20;  ///< of their lines together

/// How netcopy's conversations of any version begin, so that a server can tell them from the
/// seeds'.
inline constexpr std::string_view copy_family = "NETCOPY/";
/// And those of the version that is spoken here.
inline constexpr std::string_view copy_magic = "NETCOPY/1 ";

/// A kind of digest as the wire names it, and its value in lower-case hex.
using CopyDigest = std::pair<std::string, std::string>;

struct CopyOpening {
    std::string purpose;               ///< "put", "get" or "list"
    std::string session;               ///< 32 lower-case hex digits, or empty
    std::vector<std::string> digests;  ///< names, in the client's order
    bool operator==(const CopyOpening&) const = default;
};
struct CopyAccepted {
    std::size_t window = copy_window;
    std::size_t window_bytes = copy_window_bytes;
    std::string purpose = "put";  ///< that is served: the opening's
    bool operator==(const CopyAccepted&) const = default;
};
struct CopyDeclined {
    std::string code;
    std::string text;
    bool operator==(const CopyDeclined&) const = default;
};
using CopyOpeningAnswer = std::variant<CopyAccepted, CopyDeclined>;

struct CopyPut {
    std::uint64_t n = 0;
    std::optional<std::uint64_t> size;  ///< none: a pipe
    std::uint32_t mode = 0;             ///< permission bits
    FileTime mtime;
    std::string name;
    bool sparse = false;   ///< it has holes: do not reserve its size
    bool compare = false;  ///< size and time do not prove equality
    bool bare = false;     ///< mode and time are not to be applied
    bool ask = false;      ///< nothing will be sent: the answer is all
    bool operator==(const CopyPut&) const = default;
};
struct CopyFolder {
    std::uint64_t n = 0;
    std::uint32_t mode = 0;
    FileTime mtime;
    std::string name;
    bool bare = false;  ///< mode and time are not to be applied
    bool operator==(const CopyFolder&) const = default;
};
struct CopyLink {
    std::uint64_t n = 0;
    FileTime mtime;
    std::string name;
    std::string target;
    bool operator==(const CopyLink&) const = default;
};
struct CopyData {
    std::uint64_t n = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;  ///< bytes that follow the line
    bool operator==(const CopyData&) const = default;
};
struct CopySum {
    std::uint64_t n = 0;
    std::uint64_t size = 0;
    std::vector<CopyDigest> digests;  ///< of kinds known here, each once; at least one
    bool operator==(const CopySum&) const = default;
};
struct CopyDrop {
    std::uint64_t n = 0;
    std::string code;
    std::string text;
    bool operator==(const CopyDrop&) const = default;
};
struct CopyKeep {
    std::uint64_t n = 0;
    bool operator==(const CopyKeep&) const = default;
};
struct CopyOther {
    std::uint64_t n = 0;
    bool operator==(const CopyOther&) const = default;
};
struct CopySync {
    bool operator==(const CopySync&) const = default;
};
struct CopyEnd {
    bool operator==(const CopyEnd&) const = default;
};
struct CopyBusy {
    bool operator==(const CopyBusy&) const = default;
};
/// The answer to a GET that leads to no PUT.
struct CopyLack {
    std::string name;
    std::string code;
    std::string text;
    bool operator==(const CopyLack&) const = default;
};
/// What a sender says after the opening: with "put" the client, with "get" the server.
using CopyRequest = std::variant<CopyPut, CopyFolder, CopyLink, CopyData, CopySum, CopyDrop,
                                 CopyKeep, CopyOther, CopySync, CopyEnd, CopyBusy, CopyLack>;

struct CopyKept {
    std::uint64_t n = 0;
    std::uint64_t offset = 0;  ///< bytes; never 0
    bool operator==(const CopyKept&) const = default;
};
struct CopyWant {
    std::uint64_t n = 0;
    std::uint64_t offset = 0;
    std::uint64_t crc64 = 0;  ///< of the bytes before the offset; with offset 0 not said
    bool operator==(const CopyWant&) const = default;
};
struct CopyHave {
    std::uint64_t n = 0;
    CopyDigest digest;
    bool operator==(const CopyHave&) const = default;
};
struct CopySame {
    std::uint64_t n = 0;
    std::string name = {};  ///< as it is stored, if that is another than offered; else empty
    bool operator==(const CopySame&) const = default;
};
struct CopyDone {
    std::uint64_t n = 0;
    std::string name = {};  ///< as it is stored; may be empty if it is that which was offered
    std::vector<CopyDigest> digests = {};  ///< of what was stored; none without a name
    bool operator==(const CopyDone&) const = default;
};
struct CopyNo {
    std::uint64_t n = 0;  ///< 0: the whole connection
    std::string code;
    std::string text;
    bool operator==(const CopyNo&) const = default;
};
struct CopyStop {
    bool operator==(const CopyStop&) const = default;
};
struct CopyBye {
    bool operator==(const CopyBye&) const = default;
};
/// A client that is the receiver asks for a file.
struct CopyGet {
    std::string name;
    std::string id = {};  ///< the MD5 that it is to have, 32 lower-case hex digits; empty: any
    bool operator==(const CopyGet&) const = default;
};
/// And says that it has asked for all.
struct CopyLast {
    bool operator==(const CopyLast&) const = default;
};
/// What a receiver says after the opening: with "put" the server, with "get" the client.
using CopyAnswer = std::variant<CopyKept, CopyWant, CopyHave, CopySame, CopyDone, CopyNo, CopyStop,
                                CopyBye, CopyBusy, CopyGet, CopyLast>;

/// A file of a list.
struct CopyFile {
    std::uint64_t size = 0;
    FileTime mtime;
    std::string name;
    std::string md5;     ///< its id, 32 lower-case hex digits
    std::string sha256;  ///< 64 of them, or empty
    bool operator==(const CopyFile&) const = default;
};
/// The end of a list.
struct CopyListed {
    std::uint64_t files = 0;  ///< that it had
    bool operator==(const CopyListed&) const = default;
};
/// What a server says of a list after the opening.
using CopyListing = std::variant<CopyFile, CopyListed, CopyBusy>;

/// Errc::protocol with the beginning of the line in it, escaped, as soon as a line cannot end
/// within its limit, or has ended and is none of the grammar's, or its check is wrong. need_more
/// until then.
///
/// Errc::refused: the line opens another version of netcopy's protocol.
Result<Parsed<CopyOpening>> parse_copy_opening(std::string_view bytes);
/// An error as soon as the first bytes are no netcopy/1 answer's: the peer is of another make.
Result<Parsed<CopyOpeningAnswer>> parse_copy_opening_answer(std::string_view bytes);
Result<Parsed<CopyRequest>> parse_copy_request(std::string_view bytes);
Result<Parsed<CopyAnswer>> parse_copy_answer(std::string_view bytes);
Result<Parsed<CopyListing>> parse_copy_listing(std::string_view bytes);

/// Each appends one line, which its parser takes for the same message, as long as names are within
/// copy_name_limit and not empty, and codes, kinds and hex as the grammar has them. A text is cut
/// to fit, an empty one is replaced by the code; the time 2^63 seconds before 1970 is said a
/// nanosecond later. A line with two long names may exceed copy_line_limit: the caller looks.
void append(std::string& out, const CopyOpening& message);
void append(std::string& out, const CopyAccepted& message);
void append(std::string& out, const CopyDeclined& message);
void append(std::string& out, const CopyPut& message);
void append(std::string& out, const CopyFolder& message);
void append(std::string& out, const CopyLink& message);
void append(std::string& out, const CopyData& message);
void append(std::string& out, const CopySum& message);
void append(std::string& out, const CopyDrop& message);
void append(std::string& out, const CopyKeep& message);
void append(std::string& out, const CopyOther& message);
void append(std::string& out, const CopySync& message);
void append(std::string& out, const CopyEnd& message);
void append(std::string& out, const CopyBusy& message);
void append(std::string& out, const CopyKept& message);
void append(std::string& out, const CopyWant& message);
void append(std::string& out, const CopyHave& message);
void append(std::string& out, const CopySame& message);
void append(std::string& out, const CopyDone& message);
void append(std::string& out, const CopyNo& message);
void append(std::string& out, const CopyStop& message);
void append(std::string& out, const CopyBye& message);
void append(std::string& out, const CopyLack& message);
void append(std::string& out, const CopyGet& message);
void append(std::string& out, const CopyLast& message);
void append(std::string& out, const CopyFile& message);
void append(std::string& out, const CopyListed& message);

/// A message as a line of its own.
template <class Message>
std::string line_of(const Message& message) {
    std::string line;
    append(line, message);
    return line;
}

}  // namespace netcopy::wire
