#include "session/transfer_reading.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace netcopy {

using wire::TransferDigest;

DigestKind digest_kind(TransferDigest kind) {
    if (kind == TransferDigest::sha256) return DigestKind::sha256;
    return kind == TransferDigest::sha1 ? DigestKind::sha1 : DigestKind::md5;
}

TransferReading make_reading(TransferDigest kind, std::string_view hex, std::uint64_t size,
                             std::string_view front) {
    TransferReading reading{kind, std::string(hex), size, std::string(front),
                            Digest(digest_kind(kind))};
    reading.digest.update(as_bytes(reading.front));
    return reading;
}

std::vector<TransferReading> possible_readings(const wire::TransferHeader& header,
                                               const std::vector<std::size_t>& ends) {
    std::vector<TransferReading> readings;
    const auto add = [&](TransferDigest kind, std::string_view hex, std::uint64_t size,
                         std::string_view front) {
        if (size >= front.size()) readings.push_back(make_reading(kind, hex, size, front));
    };
    if (header.kind == TransferDigest::none) {
        // Only where the sender may have paused: behind its header. Elsewhere a connection that
        // breaks at the right byte would make a part look like the whole.
        const std::size_t begin = header.path.size() + wire::transfer_separator.size();
        for (std::size_t digits = 1; digits < header.number.size(); ++digits) {
            if (std::ranges::find(ends, begin + digits) == ends.end()) continue;
            const auto size = parse_decimal(header.number.substr(0, digits));
            add(header.kind, "", size.value_or(0), header.number.substr(digits));
        }
    } else {
        // The digest decides.
        for (const auto kind : {TransferDigest::md5, TransferDigest::sha1}) {
            if (kind >= header.kind) break;
            const std::size_t digits = wire::hex_digits(kind);
            add(kind, header.digest.substr(0, digits), header.size, header.digest.substr(digits));
        }
    }
    readings.push_back(make_reading(header.kind, header.digest, header.size, ""));
    return readings;
}

}  // namespace netcopy
