#include "wire/copy_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.hpp"
#include "wire/copy.hpp"
#include "wire/copy_check.hpp"

namespace netcopy::wire {
namespace {

constexpr std::uint64_t number_end = std::uint64_t{1} << 63;  // the first that is too large
constexpr std::size_t number_digits = 19;
constexpr std::size_t nanosecond_digits = 9;
constexpr std::uint32_t second = 1'000'000'000;  // nanoseconds
constexpr std::size_t shown = 60;                // bytes of a bad line in an error

constexpr std::pair<std::string_view, std::size_t> digest_kinds[] = {
    {"sha256", 64}, {"md5", 32}, {"crc32", 8}, {"crc32c", 8}, {"sha1", 40}};

/// What stands for itself in names and texts.
constexpr std::array<bool, 256> plain_bytes = [] {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0; byte < plain.size(); ++byte) {
        plain[byte] = byte > ' ' && byte != '\\' && byte != 0x7f;
    }
    return plain;
}();

bool is_plain(char c) { return plain_bytes[static_cast<unsigned char>(c)]; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr std::array<bool, 256> hex_digits = [] {
    std::array<bool, 256> digits{};
    for (std::size_t byte = 0; byte < digits.size(); ++byte) {
        digits[byte] = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
    }
    return digits;
}();
bool is_word_byte(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}
bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

int hex_value(char c) { return is_digit(c) ? c - '0' : c - 'a' + 10; }

}  // namespace

bool is_copy_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_word_byte);
}

/// Without a branch for each digit: a list has a hundred of them in each line, at random.
bool is_lower_hex(std::string_view text) {
    bool all = !text.empty();
    for (const char c : text) all &= hex_digits[static_cast<unsigned char>(c)];
    return all;
}

std::optional<std::uint64_t> parse_copy_number(std::string_view text) {
    if (text.size() > number_digits) return std::nullopt;
    return parse_decimal(text, number_end - 1);
}

std::size_t copy_digest_digits(std::string_view kind) {
    for (const auto& [name, digits] : digest_kinds) {
        if (name == kind) return digits;
    }
    return 0;
}

bool is_copy_digest(std::string_view kind, std::string_view hex) {
    return is_lower_hex(hex) && hex.size() == copy_digest_digits(kind);
}

Error bad_copy_line(std::string_view problem, std::string_view line) {
    return make_error(Errc::protocol, std::string(problem) + ": '" + escape(line, shown) + "'");
}

Result<std::size_t> copy_line_length(std::string_view bytes, std::size_t limit) {
    const std::size_t end = bytes.substr(0, limit).find('\n');
    if (end != std::string_view::npos) return end + 1;
    if (bytes.size() < limit) return std::size_t{0};
    return bad_copy_line("a line is longer than " + std::to_string(limit) + " bytes", bytes);
}

Result<std::string_view> take_copy_check(std::string_view line) {
    const std::size_t size = std::tuple_size_v<CopyCheck>;
    const std::string_view proven = line.substr(0, line.size() - std::min(size, line.size()));
    if (!std::ranges::equal(line.substr(proven.size()), copy_check(proven))) {
        return bad_copy_line("the line's check is wrong", line);
    }
    return proven;
}

void CopyLine::fail(std::string_view problem) {
    if (!problem_) problem_ = problem;
}

std::string_view CopyLine::field() {
    if (!more_) {
        fail("a field is missing");
        return {};
    }
    const std::size_t end = rest_.find(' ');
    const std::string_view taken = rest_.substr(0, end);
    more_ = end != std::string_view::npos;
    rest_.remove_prefix(more_ ? end + 1 : rest_.size());
    if (taken.empty()) fail("a field is empty");
    return taken;
}

void CopyLine::end() {
    if (more_) fail("more follows than belongs there");
}

std::string_view CopyLine::word(std::string_view problem) {
    const std::string_view taken = field();
    if (!is_copy_word(taken)) fail(problem);
    return taken;
}

std::uint64_t CopyLine::number(std::string_view problem) {
    const auto value = parse_copy_number(field());
    if (!value) fail(problem);
    return value.value_or(0);
}

std::uint64_t CopyLine::request() {
    const std::uint64_t n = number("the request has no proper number");
    if (n == 0) fail("requests count from 1");
    return n;
}

std::optional<std::uint64_t> CopyLine::size_or_pipe() {
    const std::string_view taken = field();
    if (taken == "-") return std::nullopt;
    const auto value = parse_copy_number(taken);
    if (!value) fail("the size is no number below 2^63");
    return value;
}

std::uint32_t CopyLine::mode() {
    const std::string_view taken = field();
    std::uint32_t value = 0;
    const char* const end = taken.data() + taken.size();
    const auto [stop, error] = std::from_chars(taken.data(), end, value, 8);
    if (error != std::errc() || stop != end || taken.size() > 4) fail("the mode is not octal");
    return value;
}

// The field is a decimal number: -1.500000000 is a second and a half before 1970, which a FileTime,
// like a timespec, holds as -2 and 500,000,000.
FileTime CopyLine::time() {
    std::string_view taken = field();
    const bool negative = taken.starts_with('-');
    if (negative) taken.remove_prefix(1);
    const std::size_t point = std::min(taken.find('.'), taken.size());
    const auto whole = parse_copy_number(taken.substr(0, point));
    const std::string_view digits = taken.substr(std::min(point + 1, taken.size()));
    const auto part = parse_decimal(digits);
    if (!whole || !part || digits.size() != nanosecond_digits) {
        fail("the time is no SECONDS.NANOSECONDS");
        return {};
    }
    FileTime time{static_cast<std::int64_t>(*whole), static_cast<std::uint32_t>(*part)};
    if (!negative) return time;
    time.seconds = -time.seconds;
    if (time.nanoseconds != 0) time = {time.seconds - 1, second - time.nanoseconds};
    return time;
}

std::string CopyLine::unescaped(std::string_view escaped, std::string_view problem) {
    std::string out;
    out.reserve(escaped.size());
    while (!escaped.empty()) {
        const std::size_t run = static_cast<std::size_t>(
            std::find_if_not(escaped.begin(), escaped.end(), is_plain) - escaped.begin());
        out.append(escaped, 0, run);
        escaped.remove_prefix(run);
        if (escaped.empty()) break;
        if (!escaped.starts_with("\\x") || escaped.size() < 4 ||
            !is_lower_hex(escaped.substr(2, 2))) {
            fail(problem);
            return {};
        }
        out += static_cast<char>(hex_value(escaped[2]) * 16 + hex_value(escaped[3]));
        escaped.remove_prefix(4);
    }
    return out;
}

std::string CopyLine::name() {
    std::string name = unescaped(field(), "a name has a byte that should be escaped");
    if (name.size() > copy_name_limit) fail("a name is longer than 4096 bytes");
    return name;
}

std::string CopyLine::text() {
    return unescaped(field(), "a text has a byte that should be escaped");
}

std::uint64_t CopyLine::crc64() {
    constexpr std::string_view key = "crc64=";
    const std::string_view taken = field();
    const std::string_view hex = taken.substr(std::min(key.size(), taken.size()));
    std::uint64_t value = 0;
    if (!taken.starts_with(key) || hex.size() != 16 || !is_lower_hex(hex)) {
        fail("the CRC-64 is not 'crc64=' and 16 hex digits");
        return value;
    }
    std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    return value;
}

CopyLine::Digest CopyLine::digest() {
    const std::string_view taken = field();
    const std::size_t equals = std::min(taken.find('='), taken.size());
    const std::string_view kind = taken.substr(0, equals);
    const std::string_view hex = taken.substr(std::min(equals + 1, taken.size()));
    const std::size_t digits = copy_digest_digits(kind);
    if (!is_copy_word(kind) || !is_lower_hex(hex) || (digits != 0 && digits != hex.size())) {
        fail("a digest is not KIND=HEX of its length");
    }
    return {kind, hex, digits != 0};
}

CopyLine::Option CopyLine::option() {
    const std::string_view taken = field();
    const std::size_t equals = taken.find('=');
    Option option{taken.substr(0, equals), std::nullopt};
    if (equals != std::string_view::npos) option.value = taken.substr(equals + 1);
    if (!is_copy_word(option.name) || (option.value && option.value->empty()) ||
        !std::ranges::all_of(taken, is_visible)) {
        fail("an option is not WORD or WORD=VALUE");
    }
    return option;
}

}  // namespace netcopy::wire
