#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "wire/parse.hpp"

/// The share protocol (seed 001; docs/protocol/share.md): LIST_FILES, UPLOAD and DOWNLOAD, bare
/// words without line ends, and prompts between them. Pure functions from bytes to structs and
/// back; views point into the caller's buffer.
namespace netcopy::wire {

inline constexpr std::size_t share_line_limit = 8192;  ///< bytes of a command, answer or line
inline constexpr std::size_t share_id_digits = 32;     ///< of an id: the file's MD5 in hex
inline constexpr std::uint64_t share_size_limit = INT64_MAX;

/// What netcopy's server says. A client awaits each and parses none.
inline constexpr std::string_view share_no_files = "No files available at the moment";
inline constexpr std::string_view share_asks_details = "Please send the file name and file size";
inline constexpr std::string_view share_ready = "Ready to receive a file";
inline constexpr std::string_view share_asks_id = "Please send a file ID";

// What the server hears. The parsers pass over line ends and NULs in front, which a client may have
// put behind what it said before.

enum class ShareCommand { list, upload, download, disconnect };

/// Passes over `EOF` too: a late one behind an uploaded file. `LIST_FILE` is tentative: an `S` may
/// follow. Errc::protocol as soon as the bytes can become no command.
Result<Parsed<ShareCommand>> parse_share_command(std::string_view bytes);

struct ShareDetails {
    std::string_view name;   ///< as sent: for file/safe_name to judge
    std::uint64_t size = 0;  ///< bytes; UINT64_MAX for a number from 2^63 on
};
/// `name;size`; the last `;` separates. Complete at a line end or NUL, else tentative: more digits
/// may follow. Errc::protocol.
Result<Parsed<ShareDetails>> parse_share_details(std::string_view bytes);

/// Complete with its 32 hex digits, in either case. Errc::protocol.
Result<Parsed<std::string_view>> parse_share_id(std::string_view bytes);

/// Whether a list of this protocol can hold the name, and an upload: no `;`, no line end, no NUL.
bool share_can_say(std::string_view name);
/// `id;name;size`, without a line end: in a list these stand between two lines, and not behind the
/// last. Clients split there, and would find an empty line.
void append_share_line(std::string& list, std::string_view id, std::string_view name,
                       std::uint64_t size);
/// Words in place of a prompt or an MD5, for people: no hex digits in a row, no line end.
std::string encode_share_refusal(std::string_view reason);

// What the client says and hears.

std::string_view encode_share_command(ShareCommand command);
/// Errc::refused for a name that cannot be said.
Result<std::string> encode_share_details(std::string_view name, std::uint64_t size);

/// A line of the answer to LIST_FILES.
struct ShareLine {
    enum class Kind {
        file,
        length,  ///< only digits: the list comes next, and has so many bytes
        end,     ///< DONE
        words,   ///< anything else: there are no files, in the server's words
    };
    Kind kind = Kind::words;
    std::string_view id;       ///< of a file: 32 hex digits, in either case
    std::string_view name;     ///< of a file, as sent
    std::uint64_t number = 0;  ///< size or length, bytes
    std::string_view words;
};
/// `first`: nothing of this answer came before; only then digits alone are a length. Complete at a
/// line end or NUL, else tentative, or need_more within an entry. Where `DONE` is glued to an
/// entry, that is left over. Errc::protocol for a line that is too long.
Result<Parsed<ShareLine>> parse_share_line(std::string_view bytes, bool first);

/// Any prompt, or whatever stands for one: tentative, all bytes. What servers send behind a
/// file that they sent before, `EOF` and a digest, is passed over.
Parsed<std::string_view> parse_share_prompt(std::string_view bytes);

struct ShareAnswer {
    std::string_view md5;  ///< 32 hex digits in either case; empty: there is none
    std::string_view words;
};
/// The server's last word about an upload: complete with the last 32 of the first hex digits that
/// are so many in a row, unless these are a SHA-1 or SHA-256; tentative for other words.
Parsed<ShareAnswer> parse_share_answer(std::string_view bytes);

}  // namespace netcopy::wire
