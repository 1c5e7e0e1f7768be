#include "crypto/digest.hpp"

#include "crypto/crc32c.hpp"
#include "crypto/digest_workers.hpp"

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

constexpr std::pair<DigestKind, std::string_view> names[] = {{DigestKind::md5, "md5"},
                                                             {DigestKind::sha256, "sha256"},
                                                             {DigestKind::crc32, "crc32"},
                                                             {DigestKind::sha1, "sha1"},
                                                             {DigestKind::crc32c, "crc32c"}};

bool is_crc(DigestKind kind) { return kind == DigestKind::crc32 || kind == DigestKind::crc32c; }

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
    /// Crypto++ hashes many blocks in one go where they are aligned; elsewhere it copies and hashes
    /// each by itself, a tenth slower. Bodies stand behind a line of text and never are.
    void update(Bytes bytes) override {
        const std::size_t missing = (Hash::BLOCKSIZE - begun_) % Hash::BLOCKSIZE;
        const Bytes head = bytes.first(std::min(missing, bytes.size()));
        begun_ = (begun_ + bytes.size()) % Hash::BLOCKSIZE;
        feed(head);
        bytes = bytes.subspan(head.size());
        if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) == 0) {
            return feed(bytes);
        }
        alignas(Hash::BLOCKSIZE) std::array<std::byte, 4096> aligned;
        while (!bytes.empty()) {
            const Bytes part = bytes.first(std::min(aligned.size(), bytes.size()));
            std::ranges::copy(part, aligned.begin());
            feed(Bytes(aligned).first(part.size()));
            bytes = bytes.subspan(part.size());
        }
    }

    std::string hex() override {
        std::array<std::byte, Hash::DIGESTSIZE> digest;
        hash_.Final(reinterpret_cast<CryptoPP::byte*>(digest.data()));
        return to_hex(digest);
    }

private:
    void feed(Bytes bytes) {
        hash_.Update(reinterpret_cast<const CryptoPP::byte*>(bytes.data()), bytes.size());
    }

    Hash hash_;
    std::size_t begun_ = 0;  // bytes of a block that is not whole yet
};

/// The CRC of all bytes is that of the last ones, begun with the CRC of those before.
template <std::uint32_t (*continue_crc)(std::uint32_t before, Bytes bytes)>
class Crc final : public Digest::Algorithm {
public:
    void update(Bytes bytes) override { crc_ = continue_crc(crc_, bytes); }

    std::string hex() override {
        char text[9];
        std::snprintf(text, sizeof text, "%08x", crc_);
        return text;
    }

private:
    std::uint32_t crc_ = 0;
};

std::uint32_t continue_crc32(std::uint32_t before, Bytes bytes) {
    return crc32_gzip_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()),
                           bytes.size());
}

std::uint32_t continue_crc32c(std::uint32_t before, Bytes bytes) { return crc32c(bytes, before); }

std::unique_ptr<Digest::Algorithm> make_algorithm(DigestKind kind) {
    switch (kind) {
        case DigestKind::md5:
            return std::make_unique<CryptoHash<CryptoPP::Weak::MD5>>();
        case DigestKind::sha256:
            return std::make_unique<CryptoHash<CryptoPP::SHA256>>();
        case DigestKind::crc32:
            return std::make_unique<Crc<continue_crc32>>();
        case DigestKind::sha1:
            return std::make_unique<CryptoHash<CryptoPP::SHA1>>();
        case DigestKind::crc32c:
            return std::make_unique<Crc<continue_crc32c>>();
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

DigestSet::DigestSet(const std::vector<DigestKind>& kinds, std::uint64_t expected_bytes) {
    constexpr std::uint64_t worth_threads = 8 << 20;
    for (const DigestKind kind : kinds) digests_.emplace_back(kind);
    // One that takes long stays here: bytes that another processor has to fetch cost a third more
    // (docs/benchmarks.md). SHA-256, because processors have instructions for it and none for MD5.
    const auto first = std::ranges::max_element(digests_, {}, [](const Digest& digest) {
        return digest.kind() == DigestKind::sha256 ? 2 : is_crc(digest.kind()) ? 0 : 1;
    });
    std::vector<Digest*> others;
    for (auto digest = digests_.begin(); digest != digests_.end(); ++digest) {
        const bool here = digest == first || is_crc(digest->kind());
        (here ? ours_ : others).push_back(&*digest);
    }
    if (expected_bytes >= worth_threads) workers_ = DigestWorkers::start(others);
    if (!workers_) ours_.insert(ours_.end(), others.begin(), others.end());
}

DigestSet::~DigestSet() = default;
DigestSet::DigestSet(DigestSet&&) noexcept = default;

DigestSet& DigestSet::operator=(DigestSet&& other) noexcept {
    workers_ = std::move(other.workers_);  // first: ours use the digests that go
    digests_ = std::move(other.digests_);
    ours_ = std::move(other.ours_);
    return *this;
}

void DigestSet::update(Bytes bytes) {
    constexpr std::size_t piece = 32 * 1024;  // fits the first-level cache of common processors
    if (workers_) workers_->update(bytes);
    if (ours_.size() == 1) return ours_.front()->update(bytes);
    while (!bytes.empty() && !ours_.empty()) {
        const Bytes part = bytes.first(std::min(piece, bytes.size()));
        for (Digest* digest : ours_) digest->update(part);
        bytes = bytes.subspan(part.size());
    }
}

Digests DigestSet::finish() {
    if (workers_) workers_->finish();
    workers_.reset();
    Digests out;
    for (Digest& digest : digests_) out.emplace_back(digest.kind(), digest.hex());
    return out;
}

}  // namespace netcopy
