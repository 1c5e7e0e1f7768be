#include "wire/transfer.hpp"

#include <algorithm>
#include <array>

#include "base/bytes.hpp"

namespace netcopy::wire {
namespace {

constexpr std::size_t max_digits = 19;  // of a size below 2^63
constexpr std::size_t max_run = 64;     // digits looked at; beyond them no separator is awaited
constexpr std::array digest_kinds = {TransferDigest::md5, TransferDigest::sha1,
                                     TransferDigest::sha256};
constexpr std::string_view md5_of_nothing = "d41d8cd98f00b204e9800998ecf8427e";
constexpr std::string_view received = "File received successfully - ";
constexpr std::string_view failed = "File transfer failed: ";
constexpr std::string_view incomplete = "Incomplete transfer";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}
bool contains_ignoring_case(std::string_view text, std::string_view words) {
    return !std::ranges::search(text, words, {}, lower, lower).empty();
}

Error bad(std::string_view reason) { return make_error(Errc::protocol, std::string(reason)); }

/// Whether `bytes` is the separator's beginning, but not all of it.
bool may_become_separator(std::string_view bytes) {
    return bytes.size() < transfer_separator.size() && transfer_separator.starts_with(bytes);
}

std::string_view leading(std::string_view bytes, bool (*is)(char), std::size_t most) {
    const auto end = std::find_if_not(
        bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), most)),
        is);
    return {bytes.begin(), end};
}

/// The longest number that `digits` begins with and that is a size.
std::string_view longest_size(std::string_view digits) {
    std::string_view number = digits.substr(0, max_digits);
    while (!number.empty() && !parse_decimal(number, transfer_size_limit)) number.remove_suffix(1);
    return number;
}

/// `rest` is what stands behind the second separator, `before` what stands before it.
Result<Parsed<TransferHeader>> with_digest(TransferHeader header, std::size_t before,
                                           std::string_view rest) {
    constexpr std::size_t most = 64;  // SHA-256
    const std::string_view hex = leading(rest, is_hex, most);
    const bool more_may_follow = hex.size() == rest.size();
    for (const TransferDigest kind : digest_kinds) {
        if (hex.size() < hex_digits(kind)) break;
        header.kind = kind;
        header.digest = hex.substr(0, hex_digits(kind));
    }
    if (header.kind == TransferDigest::none) {
        if (more_may_follow) return Parsed<TransferHeader>{};
        return bad("the digest has neither 32, 40 nor 64 hex digits");
    }
    Verdict verdict = Verdict::complete;
    if (header.size == 0 && equal_ignoring_case(hex.substr(0, 32), md5_of_nothing)) {
        // Nothing follows the MD5 of an empty file: no need to wait for that.
        header.kind = TransferDigest::md5;
        header.digest = hex.substr(0, 32);
    } else if (more_may_follow && hex.size() < most) {
        verdict = Verdict::tentative;
    }
    return Parsed<TransferHeader>{verdict, before + header.digest.size(), header};
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

std::size_t hex_digits(TransferDigest kind) {
    constexpr std::size_t digits[] = {0, 32, 40, 64};
    return digits[static_cast<std::size_t>(kind)];
}

std::string_view display_name(TransferDigest kind) {
    constexpr std::string_view names[] = {"", "MD5", "SHA-1", "SHA-256"};
    return names[static_cast<std::size_t>(kind)];
}

Result<Parsed<TransferHeader>> parse_transfer_header(std::string_view bytes) {
    const auto separator = bytes.find(transfer_separator);
    TransferHeader header;
    header.path = bytes.substr(0, separator);
    if (header.path.find('\0') != std::string_view::npos) return bad("the path has a NUL in it");
    if (separator == std::string_view::npos) {
        if (bytes.size() >= transfer_header_limit) return bad("the header is too long");
        return Parsed<TransferHeader>{};
    }
    std::size_t before = separator + transfer_separator.size();
    const std::string_view behind = bytes.substr(before);
    const std::string_view digits = leading(behind, is_digit, max_run);
    const std::string_view rest = behind.substr(digits.size());
    header.number = longest_size(digits);
    before += header.number.size();
    if (before + transfer_separator.size() + hex_digits(TransferDigest::sha256) >
        transfer_header_limit) {
        return bad("the header is too long");
    }
    if (digits.empty()) {
        if (rest.empty()) return Parsed<TransferHeader>{};
        return bad("the size is no number");
    }
    header.size = parse_decimal(header.number).value_or(0);
    const bool all_digits_seen = digits.size() < max_run;
    if (all_digits_seen && rest.starts_with(transfer_separator)) {
        if (header.number != digits) return bad("the size is beyond all limits");
        return with_digest(header, before + transfer_separator.size(),
                           rest.substr(transfer_separator.size()));
    }
    const bool undecided = all_digits_seen && (rest.empty() || may_become_separator(rest));
    return Parsed<TransferHeader>{undecided ? Verdict::tentative : Verdict::complete, before,
                                  header};
}

std::string_view last_component(std::string_view path) {
    return path.substr(path.find_last_of("/\\") + 1);  // npos + 1 is 0: all of it
}

Result<std::string> encode_transfer_header(std::string_view name, std::uint64_t size,
                                           TransferDigest kind, std::string_view digest) {
    const auto unsayable = [&](std::string_view why) {
        return make_error(Errc::refused, "the seed's protocol cannot say the name '" +
                                             escape(name) + "': " + std::string(why));
    };
    if (name.empty()) return unsayable("it is empty");
    if (name.find_first_of(std::string_view("/\\\0", 3)) != std::string_view::npos) {
        return unsayable("it has a slash, backslash or NUL in it");
    }
    if (name.find(transfer_separator) != std::string_view::npos) {
        return unsayable("it has " + std::string(transfer_separator) + " in it");
    }
    std::string header(name);
    header += transfer_separator;
    header += std::to_string(size);
    if (kind != TransferDigest::none) header.append(transfer_separator).append(digest);
    if (header.size() > transfer_header_limit) return unsayable("it is too long");
    return header;
}

std::string encode_transfer_answer(TransferVerdict verdict, TransferDigest kind) {
    const std::string name(display_name(kind));
    if (verdict == TransferVerdict::verified) return std::string(received) + name + " verified";
    if (verdict == TransferVerdict::mismatch) return std::string(failed) + name + " mismatch";
    return std::string(failed) + std::string(incomplete);
}

std::string encode_transfer_refusal(std::string_view reason) {
    return std::string(failed) + escape(reason, transfer_answer_limit / 8);
}

Parsed<TransferAnswer> parse_transfer_answer(std::string_view bytes) {
    TransferAnswer answer;
    answer.words = trim(bytes);
    if (answer.words.empty()) return {};
    const auto says = [&](std::string_view words) {
        return contains_ignoring_case(answer.words, words);
    };
    // What failed is looked for first: "not successfully" is no success.
    if (says("mismatch")) {
        answer.verdict = TransferVerdict::mismatch;
    } else if (says("incomplete")) {
        answer.verdict = TransferVerdict::incomplete;
    } else if (says("fail") || says("error") || says("refuse") || says("not success") ||
               says("unsuccess")) {
        answer.verdict = TransferVerdict::refused;
    } else if (says("successfully")) {
        answer.verdict = TransferVerdict::verified;
    }
    Verdict whole = Verdict::tentative;
    for (const TransferDigest kind : digest_kinds) {
        for (const auto verdict :
             {TransferVerdict::verified, TransferVerdict::mismatch, TransferVerdict::incomplete}) {
            if (answer.words == encode_transfer_answer(verdict, kind)) whole = Verdict::complete;
        }
    }
    return {whole, bytes.size(), answer};
}

}  // namespace netcopy::wire
