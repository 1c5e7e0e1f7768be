#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_time.hpp"
#include "wire/copy_check.hpp"

/// Inside the netcopy/1 codec: how a line is written (docs/protocol/copy.md, "Grammar").
namespace netcopy::wire {

inline constexpr char copy_hex_digits[] = "0123456789abcdef";
/// Bytes of a text, so that its line keeps the limit even if each has to be escaped.
inline constexpr std::size_t copy_text_limit = 4096;

/// Appends a line field by field.
class CopyLineWriter {
public:
    CopyLineWriter(std::string& out, std::string_view front) : out_(out), begin_(out.size()) {
        out_ += front;
    }

    CopyLineWriter& field(std::string_view plain) {
        out_ += ' ';
        out_ += plain;
        return *this;
    }

    CopyLineWriter& number(std::uint64_t value) {
        out_ += ' ';
        digits(value);
        return *this;
    }

    CopyLineWriter& mode(std::uint32_t value) {
        out_ += ' ';
        digits(value & 07777, 8);
        return *this;
    }

    CopyLineWriter& time(FileTime time);

    CopyLineWriter& escaped(std::string_view text) {
        out_ += ' ';
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte > ' ' && byte != '\\' && byte != 0x7f) {
                out_ += c;
            } else {
                const char escape[] = {'\\', 'x', copy_hex_digits[byte >> 4],
                                       copy_hex_digits[byte & 15]};
                out_.append(escape, sizeof escape);
            }
        }
        return *this;
    }

    /// A code, and a text for people, which must not be empty on the wire.
    CopyLineWriter& reason(std::string_view code, std::string_view text, std::size_t limit) {
        return field(code).escaped(text.empty() ? code : text.substr(0, limit));
    }

    CopyLineWriter& option(std::string_view name, std::string_view value) {
        field(name);
        out_ += '=';
        out_ += value;
        return *this;
    }

    CopyLineWriter& option(std::string_view name, std::uint64_t value) {
        option(name, "");
        digits(value);
        return *this;
    }

    CopyLineWriter& crc64(std::uint64_t value) {
        option("crc64", "");
        for (int shift = 60; shift >= 0; shift -= 4) out_ += copy_hex_digits[value >> shift & 15];
        return *this;
    }

    CopyLineWriter& digests(const std::vector<std::pair<std::string, std::string>>& digests) {
        for (const auto& [kind, hex] : digests) option(kind, hex);
        return *this;
    }

    CopyLineWriter& flag(std::string_view word, bool set) { return set ? field(word) : *this; }

    void end() {
        const CopyCheck check = copy_check(std::string_view(out_).substr(begin_));
        out_.append(check.data(), check.size());
        out_ += '\n';
    }
    void end_opening() { out_ += '\n'; }

private:
    void digits(std::uint64_t value, int base = 10) {
        char text[24];
        out_.append(text, std::to_chars(text, text + sizeof text, value, base).ptr);
    }

    std::string& out_;
    std::size_t begin_;  // of the line
};

}  // namespace netcopy::wire
