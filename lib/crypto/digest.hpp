#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace netcopy {

enum class DigestKind {
    md5,     ///< RFC 1321; against accidents only
    sha256,  ///< FIPS 180-4
    crc32,   ///< ISO-HDLC, the CRC of zlib and Ethernet; against accidents only
    sha1,    ///< FIPS 180-4; broken, for peers that know no better
    crc32c,  ///< Castagnoli (RFC 3720, appendix B.4); against accidents only
};

std::string_view to_string(DigestKind kind);  ///< "md5"
std::optional<DigestKind> parse_digest_kind(std::string_view name);

/// A digest computed piece by piece. Movable, not thread-safe: one user at a time.
class Digest {
public:
    explicit Digest(DigestKind kind);
    ~Digest();
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;

    DigestKind kind() const { return kind_; }
    void update(Bytes bytes);
    /// Lower-case hex of all bytes so far (CRCs: 8 digits); further updates are not allowed.
    std::string hex();

    class Algorithm;

private:
    DigestKind kind_;
    std::unique_ptr<Algorithm> algorithm_;
};

/// What some bytes amount to: each kind with its hex.
using Digests = std::vector<std::pair<DigestKind, std::string>>;

class DigestWorkers;

/// Several digests of the same bytes in one pass: each piece is hashed by all while it is in the
/// cache. Where many bytes are expected and several take long, all but one of these are left to
/// threads (DigestWorkers). Movable, not thread-safe.
class DigestSet {
public:
    explicit DigestSet(const std::vector<DigestKind>& kinds, std::uint64_t expected_bytes = 0);
    ~DigestSet();
    DigestSet(DigestSet&&) noexcept;
    DigestSet& operator=(DigestSet&&) noexcept;

    void update(Bytes bytes);
    /// In the order given; no updates afterwards.
    Digests finish();

private:
    std::vector<Digest> digests_;
    std::vector<Digest*> ours_;  // of digests_, those that no worker has
    std::unique_ptr<DigestWorkers> workers_;
};

}  // namespace netcopy
