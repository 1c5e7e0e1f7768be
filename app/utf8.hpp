#pragma once

#include <string>
#include <string_view>

/// Text for a terminal or for JSON that may hold any bytes, as file names may.
namespace netcopy::app {

/// The same text where it is valid UTF-8 (RFC 3629); other bytes become \xNN.
std::string valid_utf8(std::string_view text);

/// valid_utf8(), and what would move a cursor or turn the reading direction becomes \xNN as well.
std::string printable(std::string_view text);

/// The width on a terminal, of valid UTF-8: wide (East Asian) characters count 2, combining ones 0.
int columns(std::string_view text);

/// As much of the beginning of valid UTF-8 as fits, with "…" at the end when something is cut.
/// Never wider than `width`; never half a character.
std::string fit(std::string_view text, int width);

}  // namespace netcopy::app
