#include "wire/checksum.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/bytes.hpp"

namespace netcopy::wire {
namespace {

constexpr std::size_t max_id_digits = 20;
constexpr std::size_t max_id_text = 64;  // leading zeros included
constexpr std::size_t max_number_text =
    20;  // digits of a length or validity, leading zeros included
constexpr std::string_view verbs[] = {"BE|", "KI|"};
constexpr std::size_t verb_size = 3;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_line_end(char c) { return c == '\r' || c == '\n'; }
bool is_terminator(char c) { return is_line_end(c) || c == '\0'; }
bool is_space(char c) { return c == ' ' || c == '\t' || is_terminator(c); }
bool all_hex(std::string_view text) { return std::ranges::all_of(text, is_hex); }

/// True when `bytes` begins with a verb, or could with more.
bool may_start_verb(std::string_view bytes) {
    return std::ranges::any_of(verbs, [&](std::string_view verb) {
        return bytes.substr(0, verb_size) == verb.substr(0, bytes.size());
    });
}

Error bad(std::string reason) { return make_error(Errc::protocol, std::move(reason)); }

struct Field {
    std::string_view name;
    std::size_t limit;  // characters
    bool sign = false;  // may stand in front
};
constexpr Field id_field{"id", max_id_text, true};
constexpr Field validity_field{"validity", max_number_text};
constexpr Field length_field{"length", max_number_text};

/// Cuts a field and the '|' behind it off `rest`. No value: it has not ended yet.
Result<std::optional<std::string_view>> take_field(std::string_view& rest, const Field& field) {
    const bool sign = field.sign && !rest.empty() && (rest[0] == '-' || rest[0] == '+');
    std::size_t end = sign ? 1 : 0;
    while (end < rest.size() && end <= field.limit && is_digit(rest[end])) ++end;
    if (end > field.limit) return bad("the " + std::string(field.name) + " is too long");
    if (end == rest.size()) return std::optional<std::string_view>();
    if (rest[end] != '|')
        return std::optional(rest.substr(0, end + 1));  // the caller will refuse it
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return std::optional(text);
}

Result<std::uint64_t> number(std::string_view text, std::uint64_t limit, std::string_view name) {
    const auto value = parse_decimal(text, limit);
    if (!value) {
        return bad("the " + std::string(name) + " is no number from 0 to " + std::to_string(limit));
    }
    return *value;
}

/// Some clients count the bytes of a digest but send its hex digits: MD5 as 16|<32 digits>. How
/// many of the bytes that wait are the checksum, and is that certain?
std::pair<std::size_t, Verdict> checksum_extent(std::string_view waiting, std::size_t announced) {
    // Digest sizes in bytes of CRC32, MD5, SHA-1. Only for these is it worth a pause to see whether
    // the second half is on its way; 32 is left out: it is what most say of an MD5 in hex.
    static constexpr std::array<std::size_t, 3> doubtful_sizes = {4, 16, 20};
    const std::string_view first = waiting.substr(0, announced);
    const std::string_view second = waiting.substr(announced, announced);
    const bool doubtful = std::ranges::find(doubtful_sizes, announced) != doubtful_sizes.end();
    const bool may_be_twice = announced >= doubtful_sizes.front() &&
                              (doubtful || second.size() == announced) && all_hex(second) &&
                              all_hex(first);
    if (!may_be_twice) return {announced, Verdict::complete};
    if (second.size() < announced) return {announced, Verdict::tentative};
    const std::string_view behind = waiting.substr(2 * announced);
    const bool ends = behind.empty() || is_terminator(behind.front()) || may_start_verb(behind);
    return {ends ? 2 * announced : announced, Verdict::complete};
}

Result<Parsed<Request>> parse_insert(std::string_view bytes, std::size_t start,
                                     const RequestLimits& limits) {
    Parsed<Request> parsed;
    parsed.used = parsed.skipped = start;
    std::string_view rest = bytes.substr(start + verb_size);

    const auto id = take_field(rest, id_field);
    if (!id) return id.error();
    if (!*id) return parsed;
    auto canonical = canonical_id(**id);
    if (!canonical) return canonical.error();

    const auto validity = take_field(rest, validity_field);
    if (!validity) return validity.error();
    if (!*validity) return parsed;
    const auto seconds = number(**validity, limits.validity, "validity");
    if (!seconds) return seconds.error();

    const auto length = take_field(rest, length_field);
    if (!length) return length.error();
    if (!*length) return parsed;
    const auto announced = number(**length, limits.checksum_length, "length");
    if (!announced) return announced.error();
    if (rest.size() < *announced) return parsed;

    const auto [extent, verdict] = checksum_extent(rest, *announced);
    parsed.verdict = verdict;
    parsed.used = bytes.size() - rest.size() + extent;
    parsed.message.verb = Request::Verb::insert;
    parsed.message.insert = {std::move(*canonical), *seconds, *announced, rest.substr(0, extent)};
    return parsed;
}

Result<Parsed<Request>> parse_lookup(std::string_view bytes, std::size_t start) {
    Parsed<Request> parsed;
    parsed.used = parsed.skipped = start;
    const std::size_t begin = start + verb_size;
    std::size_t end = begin;
    if (end < bytes.size() && (bytes[end] == '-' || bytes[end] == '+')) ++end;
    while (end < bytes.size() && is_digit(bytes[end])) ++end;
    const std::string_view text = bytes.substr(begin, end - begin);
    if (text.size() > max_id_text) return bad("the id is too long");

    if (end == bytes.size()) {
        if (text.empty() || !is_digit(text.back())) return parsed;
        parsed.verdict = Verdict::tentative;
        parsed.used = end;
    } else if (is_terminator(bytes[end])) {
        parsed.verdict = Verdict::complete;
        while (end < bytes.size() && is_terminator(bytes[end])) ++end;
        parsed.used = end;
    } else if (may_start_verb(bytes.substr(end))) {
        parsed.verdict = bytes.size() - end >= verb_size ? Verdict::complete : Verdict::tentative;
        parsed.used = end;
    } else {
        return bad("the id is no integer");
    }
    auto canonical = canonical_id(text);
    if (!canonical) return canonical.error();
    parsed.message.verb = Request::Verb::lookup;
    parsed.message.lookup.id = std::move(*canonical);
    return parsed;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

Result<std::string> canonical_id(std::string_view text) {
    std::string_view digits = text;
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) {
        return bad("the id is no integer");
    }
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    if (digits.size() > max_id_digits) return bad("the id has more than 20 digits");
    return (negative && digits != "0" ? "-" : "") + std::string(digits);
}

Result<Parsed<Request>> parse_request(std::string_view bytes, const RequestLimits& limits) {
    // Line ends and NULs behind an earlier message are nobody's.
    std::size_t start = 0;
    while (start < bytes.size() && is_terminator(bytes[start])) ++start;
    const std::string_view rest = bytes.substr(start);
    if (!may_start_verb(rest)) return bad("no such verb; BE| and KI| are known");
    if (rest.size() < verb_size) return Parsed<Request>{Verdict::need_more, start, {}, start};
    return rest.front() == 'B' ? parse_insert(bytes, start, limits) : parse_lookup(bytes, start);
}

std::size_t max_request(const RequestLimits& limits) {
    return verb_size + max_id_text + 2 * max_number_text + 3 + 2 * limits.checksum_length;
}

std::string encode_insert(const Insert& insert) {
    return "BE|" + insert.id + "|" + std::to_string(insert.validity) + "|" +
           encode_entry(insert.announced, insert.checksum);
}

std::string encode_lookup(std::string_view id) { return "KI|" + std::string(id); }

std::string encode_entry(std::uint64_t announced, std::string_view checksum) {
    char digits[max_number_text];
    const char* const end = std::to_chars(digits, digits + sizeof digits, announced).ptr;
    std::string entry;
    entry.reserve(static_cast<std::size_t>(end - digits) + 1 + checksum.size());
    return entry.append(std::string_view(digits, end)).append(1, '|').append(checksum);
}

std::string encode_error(std::string_view reason) { return "ERR|" + escape(reason) + "\n"; }

Result<Parsed<InsertDone>> parse_insert_answer(std::string_view bytes) {
    if (bytes.starts_with("ERR|")) {
        if (bytes.find('\n') == std::string_view::npos) return Parsed<InsertDone>{};
        return make_error(Errc::refused, escape(trim(bytes.substr(4))));
    }
    const std::string_view answer = trim(bytes);
    if (answer == insert_done) return Parsed<InsertDone>{Verdict::complete, bytes.size(), {}};
    if (insert_done.starts_with(answer) || std::string_view("ERR|").starts_with(answer)) {
        return Parsed<InsertDone>{};
    }
    return make_error(Errc::protocol, "it answered '" + escape(answer, 60) + "' instead of 'OK'");
}

Result<Parsed<std::string_view>> parse_lookup_answer(std::string_view bytes, bool ended) {
    if (bytes.starts_with("ERR|")) {
        const auto end = bytes.find('\n');
        if (end != std::string_view::npos) {
            return make_error(Errc::refused, escape(trim(bytes.substr(4, end - 4))));
        }
        return Parsed<std::string_view>{};
    }
    const auto bar = bytes.find('|');
    if (bar == std::string_view::npos) {
        if (bytes.size() > max_number_text) {
            return make_error(Errc::protocol, "it answered '" + escape(bytes, 60) +
                                                  "' instead of 'length|checksum'");
        }
        return Parsed<std::string_view>{};
    }
    const std::string_view checksum = bytes.substr(bar + 1);
    const auto announced = parse_decimal(trim(bytes.substr(0, bar)));
    const bool short_of_it = announced && checksum.size() < *announced;
    if (short_of_it && !ended) return Parsed<std::string_view>{};
    const bool raw_md5 = checksum.size() == 16 && announced == 16;
    return Parsed<std::string_view>{Verdict::tentative, bytes.size(),
                                    raw_md5 ? checksum : trim(checksum)};
}

EntryForm classify_entry(std::string_view checksum) {
    if (checksum.size() == 32 && all_hex(checksum)) return EntryForm::md5_hex;
    if (checksum.size() == 16) return EntryForm::md5_raw;
    const bool prefixed = checksum.starts_with("0x") || checksum.starts_with("0X");
    const std::string_view digits = checksum.substr(prefixed ? 2 : 0);
    const bool hex = !digits.empty() && digits.size() <= 8 && all_hex(digits);
    if (hex || (!prefixed && parse_decimal(checksum, UINT32_MAX))) return EntryForm::crc32;
    return EntryForm::unknown;
}

bool matches_md5(std::string_view checksum, std::string_view md5_hex) {
    if (checksum.size() == 16) return to_hex(as_bytes(checksum)) == md5_hex;
    return std::ranges::equal(checksum, md5_hex, [](char theirs, char ours) {
        return (theirs >= 'A' && theirs <= 'F' ? static_cast<char>(theirs - 'A' + 'a') : theirs) ==
               ours;
    });
}

bool matches_crc32(std::string_view checksum, std::uint32_t crc32) {
    if (classify_entry(checksum) != EntryForm::crc32) return false;
    const bool prefixed = checksum.starts_with("0x") || checksum.starts_with("0X");
    const std::string_view digits = checksum.substr(prefixed ? 2 : 0);
    std::uint32_t hex = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, hex, 16);
    const bool as_hex = error == std::errc() && stop == end && hex == crc32;
    // Eight digits without a letter can be either: both readings are tried.
    return as_hex || (!prefixed && parse_decimal(checksum, UINT32_MAX) == crc32);
}

}  // namespace netcopy::wire
