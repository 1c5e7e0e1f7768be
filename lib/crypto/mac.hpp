#pragma once

#include <array>
#include <cstddef>

#include "base/bytes.hpp"

namespace netcopy {

using MacKey = std::array<std::byte, 32>;
using Mac = std::array<std::byte, 16>;

/// Keyed MAC: HMAC-SHA-256 (RFC 2104, FIPS 198-1), its first 16 bytes (RFC 2104, section 5): who
/// has not the key finds one for a message of his choice with a chance of 2^-128 at each try. About
/// a microsecond for a short message. Thread-safe.
Mac mac(const MacKey& key, Bytes message);

/// mac(key, message) == claimed; how long it takes does not tell how much of it was right.
bool mac_matches(const MacKey& key, Bytes message, Bytes claimed);

/// Whether both are the same, in a time that depends on their sizes only.
bool equal_in_constant_time(Bytes left, Bytes right);

/// Bytes that nobody can guess: getrandom(2), the kernel's generator. Waits early in the system's
/// start, until the kernel has gathered enough. Thread-safe.
void fill_random(MutableBytes bytes);

MacKey random_mac_key();

}  // namespace netcopy
