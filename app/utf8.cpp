#include "app/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

struct Range {
    char32_t first, last;
};

struct Character {
    char32_t code;
    std::size_t size;  ///< bytes
};

// Unicode: blocks of combining marks and other characters without a width of their own.
constexpr Range zero_width[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},
                                {0x0610, 0x061a}, {0x064b, 0x065f}, {0x1ab0, 0x1aff},
                                {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
                                {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};
// Unicode TR 11: East Asian wide and full-width, and the emoji that terminals show as wide.
constexpr Range double_width[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},  {0xa960, 0xa97c}, {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
// Controls (C0, DEL, C1), line and paragraph ends, and what changes the direction (TR 9).
constexpr Range unprintable[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
                                 {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
                                 {0xfeff, 0xfeff}};

template <std::size_t N>
bool within(const Range (&ranges)[N], char32_t code) {
    return std::any_of(ranges, ranges + N, [code](const Range& range) {
        return range.first <= code && code <= range.last;
    });
}

/// The first character of `text`, which is not empty; nothing where the bytes are not UTF-8.
std::optional<Character> decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return Character{lead, 1};
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return std::nullopt;
    char32_t code = lead & (0xffu >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
        code = (code << 6) | (byte(i) & 0x3f);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least[size] || code > 0x10ffff || surrogate) return std::nullopt;
    return Character{code, size};
}

std::string replace_bytes(std::string_view text, bool only_printable) {
    std::string out;
    while (!text.empty()) {
        const auto character = decode(text);
        const std::size_t size = character ? character->size : 1;
        if (character && !(only_printable && within(unprintable, character->code))) {
            out += text.substr(0, size);
        } else {
            for (const char byte : text.substr(0, size)) {
                out += "\\x" + to_hex(as_bytes(std::string_view(&byte, 1)));
            }
        }
        text.remove_prefix(size);
    }
    return out;
}

int width_of(char32_t code) {
    if (code < 0x300) return 1;
    if (within(zero_width, code)) return 0;
    return within(double_width, code) ? 2 : 1;
}

}  // namespace

std::string valid_utf8(std::string_view text) { return replace_bytes(text, false); }

std::string printable(std::string_view text) { return replace_bytes(text, true); }

int columns(std::string_view text) {
    int width = 0;
    while (!text.empty()) {
        const auto character = decode(text);
        width += character ? width_of(character->code) : 1;
        text.remove_prefix(character ? character->size : 1);
    }
    return width;
}

std::string fit(std::string_view text, int width) {
    if (columns(text) <= width) return std::string(text);
    if (width < 1) return {};
    std::string out;
    int used = 0;
    while (!text.empty()) {
        const auto character = decode(text);
        const int next = character ? width_of(character->code) : 1;
        if (used + next > width - 1) break;
        const std::size_t size = character ? character->size : 1;
        out += text.substr(0, size);
        used += next;
        text.remove_prefix(size);
    }
    return out + "\u2026";
}

}  // namespace netcopy::app
