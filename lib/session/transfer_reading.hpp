#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "wire/transfer.hpp"

namespace netcopy {

DigestKind digest_kind(wire::TransferDigest kind);  ///< MD5 for none

/// One way to tell the header from the file. Nothing on the wire marks where the one ends, so a
/// header that was read at its longest may have swallowed the file's first bytes, if these are
/// digits. docs/protocol/transfer.md, "Where the header ends".
struct TransferReading {
    wire::TransferDigest kind = wire::TransferDigest::none;
    std::string hex;         ///< the header's digest
    std::uint64_t size = 0;  ///< of the file
    std::string front;       ///< the file's first bytes that were taken for the header's
    Digest digest;           ///< of `front`; to be continued with what follows

    std::uint64_t to_come() const { return size - front.size(); }  ///< bytes behind the header
};

/// `size` is not below that of `front`.
TransferReading make_reading(wire::TransferDigest kind, std::string_view hex, std::uint64_t size,
                             std::string_view front);

/// The readings that are possible, those with the fewest bytes to come first, so that each can be
/// looked at on the way to the next. The last is the header as it was parsed. `ends`: how many
/// bytes had come, from the header's first, whenever the connection paused to give more.
std::vector<TransferReading> possible_readings(const wire::TransferHeader& header,
                                               const std::vector<std::size_t>& ends);

}  // namespace netcopy
