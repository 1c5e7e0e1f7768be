// Fuzzes what a client makes of a checksum server's answers, and of the entries in them. Besides
// not reading beyond its input the code must keep what wire/checksum.hpp promises; a broken promise
// aborts.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "wire/checksum.hpp"

namespace {

using namespace netcopy;

void require(bool promise) {
    if (!promise) std::abort();
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

/// Nothing from a peer that could move a cursor comes through in an error.
void check_error(const Error& error) {
    require(error == Errc::refused || error == Errc::protocol);
    require(is_printable(error.context));
}

void check_insert_answer(std::string_view bytes) {
    const auto parsed = wire::parse_insert_answer(bytes);
    if (!parsed) return check_error(parsed.error());
    require(parsed->used <= bytes.size());
    require(parsed->verdict != wire::Verdict::tentative);
    if (parsed->verdict == wire::Verdict::complete) {
        require(bytes.find(wire::insert_done) != std::string_view::npos);
    }
}

/// The entry is a number in hex, in decimal, or in either: it matches what it may say and nothing
/// else.
void check_crc32(const std::string& entry) {
    const bool prefixed = entry.starts_with("0x") || entry.starts_with("0X");
    const std::string digits = entry.substr(prefixed ? 2 : 0);
    const bool can_be_hex = digits.size() <= 8;
    const bool can_be_decimal =
        !prefixed && digits.find_first_not_of("0123456789") == std::string::npos;
    require(can_be_hex || can_be_decimal);
    const std::uint64_t hex = can_be_hex ? std::stoull(digits, nullptr, 16) : UINT64_MAX;
    std::uint64_t decimal = UINT64_MAX;
    if (can_be_decimal) {
        const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size() - 1);
        require(digits.size() - zeros <= 10);
        decimal = std::stoull(digits.substr(zeros), nullptr, 10);
    }
    if (can_be_hex) require(wire::matches_crc32(entry, static_cast<std::uint32_t>(hex)));
    if (decimal <= UINT32_MAX) {
        require(wire::matches_crc32(entry, static_cast<std::uint32_t>(decimal)));
    }
    for (const std::uint64_t other :
         {hex + 1, decimal + 1, std::uint64_t{0}, std::uint64_t{0xcbf43926}}) {
        if (other > UINT32_MAX || other == hex || other == decimal) continue;
        require(!wire::matches_crc32(entry, static_cast<std::uint32_t>(other)));
    }
}

/// An MD5 or a CRC32 that the entry says: it matches that one and no other.
void check_entry(std::string_view entry) {
    const wire::EntryForm form = wire::classify_entry(entry);
    if (form == wire::EntryForm::md5_raw) {
        require(entry.size() == 16 && wire::matches_md5(entry, to_hex(as_bytes(entry))));
    }
    if (form == wire::EntryForm::md5_hex) {
        std::string lower(entry);
        std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
            return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        require(wire::matches_md5(entry, lower));
        lower.front() = lower.front() == '0' ? '1' : '0';
        require(!wire::matches_md5(entry, lower));
    }
    if (form == wire::EntryForm::crc32) {
        check_crc32(std::string(entry));
    } else {
        for (const std::uint32_t crc : {0U, 1U, 0xffffffffU})
            require(!wire::matches_crc32(entry, crc));
    }
    if (form == wire::EntryForm::crc32 || form == wire::EntryForm::unknown) {
        require(!wire::matches_md5(entry, "d41d8cd98f00b204e9800998ecf8427e"));
    }
}

void check_lookup_answer(std::string_view bytes, bool ended) {
    const auto parsed = wire::parse_lookup_answer(bytes, ended);
    if (!parsed) return check_error(parsed.error());
    require(parsed->used <= bytes.size());
    require(parsed->verdict != wire::Verdict::complete);  // the length may be a lie
    if (parsed->verdict == wire::Verdict::need_more) return;
    const std::string_view entry = parsed->message;
    require(entry.empty() || (entry.data() >= bytes.data() &&
                              entry.data() + entry.size() <= bytes.data() + bytes.size()));
    check_entry(entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy(data, data + size, copy.get());
    const std::string_view input(copy.get(), size);
    check_insert_answer(input);
    check_lookup_answer(input, false);
    check_lookup_answer(input, true);
    check_entry(input);

    // What our own server would answer for these bytes comes back as they are, but for white space
    // at the edges.
    const std::string entry = wire::encode_entry(size, input);
    const auto answer = wire::parse_lookup_answer(entry, true);
    require(answer && input.find(answer->message) != std::string_view::npos);
    return 0;
}
