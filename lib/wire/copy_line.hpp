#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/file_time.hpp"
#include "wire/parse.hpp"

/// Inside the netcopy/1 codec: a line and its fields (docs/protocol/copy.md, "Grammar").
namespace netcopy::wire {

/// The bytes of the line in front, LF included; 0: it has not ended yet. Errc::protocol as soon as
/// it cannot end within `limit` bytes.
Result<std::size_t> copy_line_length(std::string_view bytes, std::size_t limit);

/// "PROBLEM: 'BEGINNING OF THE LINE'", escaped and cut.
Error bad_copy_line(std::string_view problem, std::string_view line);

/// Takes the fields of one line in their order. The first problem is remembered, and what is taken
/// from then on means nothing: callers ask once, at the end. Points into the line.
class CopyLine {
public:
    /// `line` is without its check and LF.
    explicit CopyLine(std::string_view line) : line_(line), rest_(line) {}

    struct Option {
        std::string_view name;
        std::optional<std::string_view> value;  ///< never empty
    };
    struct Digest {
        std::string_view kind;
        std::string_view hex;
        bool known = false;  ///< one of ours, and as long as it has to be
    };

    bool more() const { return more_; }  ///< another field follows
    void fail(std::string_view problem);
    const std::optional<std::string_view>& problem() const { return problem_; }
    Error error() const { return bad_copy_line(*problem_, line_); }

    std::string_view field();  ///< whatever it is, but not empty
    std::string_view word(std::string_view problem);
    std::uint64_t request();  ///< n, from 1
    std::uint64_t number(std::string_view problem);
    std::optional<std::uint64_t> size_or_pipe();
    std::uint32_t mode();
    FileTime time();
    std::string name();
    std::string text();
    std::uint64_t crc64();
    Digest digest();
    Option option();
    void end();  ///< nothing may follow

private:
    std::string unescaped(std::string_view escaped, std::string_view problem);

    std::string_view line_;
    std::string_view rest_;
    bool more_ = true;
    std::optional<std::string_view> problem_;
};

bool is_copy_word(std::string_view text);
/// A number as the grammar has it: at most 19 digits, below 2^63.
std::optional<std::uint64_t> parse_copy_number(std::string_view text);
bool is_lower_hex(std::string_view text);
/// Digits that a digest of this kind has; 0: no such kind is known.
std::size_t copy_digest_digits(std::string_view kind);
/// Whether `hex` is a digest of a kind that is known.
bool is_copy_digest(std::string_view kind, std::string_view hex);

/// What stands before the line's check, which must be right; `line` is without LF.
Result<std::string_view> take_copy_check(std::string_view line);

enum class CopyCheckRule { none, last_field };

/// Takes the line in front for what `parse` makes of its fields.
template <class Message>
Result<Parsed<Message>> parse_copy_line(std::string_view bytes, std::size_t limit,
                                        CopyCheckRule rule, Message (*parse)(CopyLine&)) {
    const auto length = copy_line_length(bytes, limit);
    if (!length) return length.error();
    if (*length == 0) return Parsed<Message>{};
    std::string_view fields = bytes.substr(0, *length - 1);
    if (rule == CopyCheckRule::last_field) {
        const auto proven = take_copy_check(fields);
        if (!proven) return proven.error();
        fields = *proven;
    }
    CopyLine line(fields);
    Parsed<Message> parsed{Verdict::complete, *length, parse(line)};
    line.end();
    if (line.problem()) return line.error();
    return parsed;
}

}  // namespace netcopy::wire
