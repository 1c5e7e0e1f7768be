#include "crypto/digest.hpp"

// Crypto++ declares its MD5 "weak" and wants to be told that we know.
#define CRYPTOPP_ENABLE_NAMESPACE_WEAK 1
#include <cryptopp/md5.h>
#include <cryptopp/sha.h>
#include <isa-l/crc.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace netcopy {
namespace {

constexpr std::pair<DigestKind, std::string_view> names[] = {
    {DigestKind::md5, "md5"}, {DigestKind::sha256, "sha256"}, {DigestKind::crc32, "crc32"}};

}  // namespace

class Digest::Algorithm {
public:
    virtual ~Algorithm() = default;
    virtual void update(Bytes bytes) = 0;
    virtual std::string hex() = 0;
};

namespace {

template <class Hash>
class CryptoHash final : public Digest::Algorithm {
public:
    void update(Bytes bytes) override {
        hash_.Update(reinterpret_cast<const CryptoPP::byte*>(bytes.data()), bytes.size());
    }

    std::string hex() override {
        std::array<std::byte, Hash::DIGESTSIZE> digest;
        hash_.Final(reinterpret_cast<CryptoPP::byte*>(digest.data()));
        return to_hex(digest);
    }

private:
    Hash hash_;
};

class Crc32 final : public Digest::Algorithm {
public:
    void update(Bytes bytes) override {
        crc_ = crc32_gzip_refl(crc_, reinterpret_cast<const unsigned char*>(bytes.data()),
                               bytes.size());
    }

    std::string hex() override {
        char text[9];
        std::snprintf(text, sizeof text, "%08x", crc_);
        return text;
    }

private:
    std::uint32_t crc_ = 0;
};

std::unique_ptr<Digest::Algorithm> make_algorithm(DigestKind kind) {
    switch (kind) {
        case DigestKind::md5:
            return std::make_unique<CryptoHash<CryptoPP::Weak::MD5>>();
        case DigestKind::sha256:
            return std::make_unique<CryptoHash<CryptoPP::SHA256>>();
        case DigestKind::crc32:
            return std::make_unique<Crc32>();
    }
    return nullptr;
}

}  // namespace

std::string_view to_string(DigestKind kind) {
    return std::ranges::find(names, kind, &std::pair<DigestKind, std::string_view>::first)->second;
}

std::optional<DigestKind> parse_digest_kind(std::string_view name) {
    for (const auto& [kind, text] : names) {
        if (text == name) return kind;
    }
    return std::nullopt;
}

Digest::Digest(DigestKind kind) : kind_(kind), algorithm_(make_algorithm(kind)) {}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(Bytes bytes) { algorithm_->update(bytes); }
std::string Digest::hex() { return algorithm_->hex(); }

DigestSet::DigestSet(const std::vector<DigestKind>& kinds) {
    for (const DigestKind kind : kinds) digests_.emplace_back(kind);
}

void DigestSet::update(Bytes bytes) {
    constexpr std::size_t piece = 32 * 1024;  // fits the first-level cache of common processors
    if (digests_.size() == 1) return digests_.front().update(bytes);
    while (!bytes.empty()) {
        const Bytes part = bytes.first(std::min(piece, bytes.size()));
        for (Digest& digest : digests_) digest.update(part);
        bytes = bytes.subspan(part.size());
    }
}

Digests DigestSet::finish() {
    Digests out;
    for (Digest& digest : digests_) out.emplace_back(digest.kind(), digest.hex());
    return out;
}

}  // namespace netcopy
