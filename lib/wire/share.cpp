#include "wire/share.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.hpp"

namespace netcopy::wire {
namespace {

constexpr std::string_view late_end = "EOF";  // behind the bytes of a file
constexpr std::string_view list_end = "DONE";
constexpr std::string_view between("\r\n\0", 3);  // what may stand between two messages
constexpr std::size_t size_digits = 19;           // of a number below 2^63

struct Word {
    std::string_view text;
    ShareCommand command;
};
/// A longer one before what it begins with.
constexpr std::array commands = {
    Word{"LIST_FILES", ShareCommand::list},       Word{"LIST FILES", ShareCommand::list},
    Word{"LIST_FILE", ShareCommand::list},        Word{"LIST FILE", ShareCommand::list},
    Word{"UPLOAD", ShareCommand::upload},         Word{"DOWNLOAD", ShareCommand::download},
    Word{"DISCONNECT", ShareCommand::disconnect},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_space(char c) { return c == ' ' || c == '\t' || between.find(c) != between.npos; }

Error bad(std::string reason) { return make_error(Errc::protocol, std::move(reason)); }

std::size_t leading_between(std::string_view bytes) {
    return std::min(bytes.find_first_not_of(between), bytes.size());
}

std::size_t leading_hex(std::string_view bytes) {
    return static_cast<std::size_t>(std::ranges::find_if_not(bytes, is_hex) - bytes.begin());
}

bool is_longer_digest(std::size_t hex) { return hex == 40 || hex == 64; }  // SHA-1, SHA-256

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// A line, or as much of it as is there.
struct Line {
    std::string_view text;  ///< without the line end
    std::size_t used = 0;   ///< bytes with the line end
    bool ended = false;
};
Line first_line(std::string_view bytes) {
    const auto end = bytes.find_first_of(std::string_view("\n\0", 2));
    Line line{bytes.substr(0, end), bytes.size(), end != bytes.npos};
    if (line.ended) line.used = end + 1;
    while (line.text.ends_with('\r')) line.text.remove_suffix(1);
    return line;
}

/// What stands before and behind the last `;` of a text, if that is a number: a name and a size.
struct Sized {
    std::string_view name;
    std::uint64_t size = 0;  ///< UINT64_MAX beyond all limits
};
std::optional<Sized> split_size(std::string_view text) {
    const auto semicolon = text.rfind(';');
    if (semicolon == text.npos) return std::nullopt;
    std::string_view digits = trim(text.substr(semicolon + 1));
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    return Sized{text.substr(0, semicolon),
                 parse_decimal(digits, share_size_limit).value_or(UINT64_MAX)};
}

bool begins_entry(std::string_view text) {
    return leading_hex(text) == share_id_digits && text.substr(share_id_digits).starts_with(';');
}

/// A line that has `DONE` glued to it counts without: `used` bytes are left of it.
std::optional<ShareLine> parse_entry(std::string_view text, std::size_t& used) {
    if (!begins_entry(text)) return std::nullopt;
    const std::string_view rest = text.substr(share_id_digits + 1);
    auto sized = split_size(rest);
    if (!sized && rest.ends_with(list_end)) {
        sized = split_size(rest.substr(0, rest.size() - list_end.size()));
        used = text.size() - list_end.size();
    }
    if (!sized) return std::nullopt;
    ShareLine line{
        ShareLine::Kind::file, text.substr(0, share_id_digits), sized->name, sized->size, {}};
    return line;
}

}  // namespace

Result<Parsed<ShareCommand>> parse_share_command(std::string_view bytes) {
    std::size_t skipped = leading_between(bytes);
    while (bytes.substr(skipped).starts_with(late_end)) {
        skipped += late_end.size();
        skipped += leading_between(bytes.substr(skipped));
    }
    const std::string_view rest = bytes.substr(skipped);
    if (rest.empty() || late_end.starts_with(rest)) {
        return Parsed<ShareCommand>{Verdict::need_more, skipped, {}, skipped};
    }
    bool may_become_one = false;
    for (const Word& word : commands) {
        if (rest.starts_with(word.text)) {
            const bool may_go_on = word.text.ends_with("FILE") && rest.size() == word.text.size();
            return Parsed<ShareCommand>{may_go_on ? Verdict::tentative : Verdict::complete,
                                        skipped + word.text.size(), word.command, skipped};
        }
        may_become_one = may_become_one || word.text.starts_with(rest);
    }
    if (may_become_one) return Parsed<ShareCommand>{Verdict::need_more, skipped, {}, skipped};
    return bad("'" + escape(rest.substr(0, 40)) + "' is no command");
}

Result<Parsed<ShareDetails>> parse_share_details(std::string_view bytes) {
    const std::size_t skipped = leading_between(bytes);
    const Parsed<ShareDetails> not_yet{Verdict::need_more, skipped, {}, skipped};
    if (skipped == bytes.size()) return not_yet;
    const Line line = first_line(bytes.substr(skipped));
    if (line.text.size() > share_line_limit / 2) return bad("name and size are too long");
    const auto sized = split_size(line.text);
    if (!sized) {
        if (!line.ended) return not_yet;
        return bad("'" + escape(line.text) + "' is no name;size");
    }
    return Parsed<ShareDetails>{line.ended ? Verdict::complete : Verdict::tentative,
                                skipped + line.used,
                                {sized->name, sized->size},
                                skipped};
}

Result<Parsed<std::string_view>> parse_share_id(std::string_view bytes) {
    const std::size_t skipped = leading_between(bytes);
    const std::string_view id = bytes.substr(skipped, share_id_digits);
    if (leading_hex(id) < id.size()) return bad("'" + escape(id) + "' is no file ID");
    if (id.size() < share_id_digits) {
        return Parsed<std::string_view>{Verdict::need_more, skipped, {}, skipped};
    }
    return Parsed<std::string_view>{Verdict::complete, skipped + id.size(), id, skipped};
}

bool share_can_say(std::string_view name) {
    return !name.empty() && name.find(';') == name.npos && name.find_first_of(between) == name.npos;
}

void append_share_line(std::string& list, std::string_view id, std::string_view name,
                       std::uint64_t size) {
    list.append(id).append(";").append(name).append(";").append(std::to_string(size));
}

std::string encode_share_refusal(std::string_view reason) {
    return "Refused: " + std::string(reason);
}

std::string_view encode_share_command(ShareCommand command) {
    for (const Word& word : commands) {
        if (word.command == command) return word.text;
    }
    return {};
}

Result<std::string> encode_share_details(std::string_view name, std::uint64_t size) {
    if (share_can_say(name)) return std::string(name) + ";" + std::to_string(size);
    return make_error(Errc::refused, "the seed's protocol cannot say the name '" + escape(name) +
                                         "': it is empty, or has a ';' or a line end in it");
}

Result<Parsed<ShareLine>> parse_share_line(std::string_view bytes, bool first) {
    const std::size_t skipped = leading_between(bytes);
    const Parsed<ShareLine> not_yet{Verdict::need_more, skipped, {}, skipped};
    if (skipped == bytes.size()) return not_yet;
    const Line line = first_line(bytes.substr(skipped));
    if (line.text.size() > share_line_limit / 2) return bad("a line of the list is too long");
    const auto found = [&](const ShareLine& message, std::size_t used) {
        return Parsed<ShareLine>{line.ended ? Verdict::complete : Verdict::tentative,
                                 skipped + used, message, skipped};
    };
    if (line.text == list_end) {
        return found({ShareLine::Kind::end, {}, {}, 0, line.text}, line.used);
    }
    std::size_t used = line.used;
    if (const auto entry = parse_entry(line.text, used)) return found(*entry, used);
    if (!line.ended && begins_entry(line.text)) return not_yet;
    const std::string_view words = trim(line.text);
    if (first && !words.empty() && words.size() <= size_digits &&
        std::ranges::all_of(words, is_digit)) {
        const std::uint64_t number = parse_decimal(words, share_size_limit).value_or(UINT64_MAX);
        return found({ShareLine::Kind::length, {}, {}, number, words}, line.used);
    }
    return found({ShareLine::Kind::words, {}, {}, 0, words}, line.used);
}

Parsed<std::string_view> parse_share_prompt(std::string_view bytes) {
    std::size_t skipped = 0;
    const auto skip_space = [&] {
        while (skipped < bytes.size() && is_space(bytes[skipped])) ++skipped;
    };
    skip_space();
    const std::string_view rest = bytes.substr(skipped);
    if (rest.starts_with(late_end)) {
        skipped += late_end.size();
        skip_space();
    }
    const std::size_t hex = leading_hex(bytes.substr(skipped));
    if (hex == share_id_digits || is_longer_digest(hex)) {
        skipped += hex;
        skip_space();
    }
    if (skipped == bytes.size()) return {Verdict::need_more, skipped, {}, skipped};
    return {Verdict::tentative, bytes.size(), bytes.substr(skipped), skipped};
}

Parsed<ShareAnswer> parse_share_answer(std::string_view bytes) {
    const std::string_view words = trim(bytes);
    if (words.empty()) return {};
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t hex = leading_hex(bytes.substr(at));
        // Behind an empty file the prompt may be joined to it, and end with a hex digit: "file".
        if (hex >= share_id_digits && !is_longer_digest(hex)) {
            const std::size_t end = at + hex;
            return {Verdict::complete,
                    end,
                    {bytes.substr(end - share_id_digits, share_id_digits), words},
                    0};
        }
        at += hex + 1;
    }
    return {Verdict::tentative, bytes.size(), {{}, words}, 0};
}

}  // namespace netcopy::wire
