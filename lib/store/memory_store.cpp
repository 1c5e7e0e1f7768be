#include "store/memory_store.hpp"

#include <malloc.h>
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstring>
#include <mutex>

namespace netcopy {
namespace {

constexpr std::size_t worth_trimming =
    1024;  // entries freed, before the allocator is asked to give back

/// Keys come from peers: without a secret seed they could choose such as collide.
class KeyHash {
public:
    std::size_t operator()(std::string_view key) const noexcept {
        std::uint64_t hash = seed() ^ key.size();
        while (!key.empty()) {
            std::uint64_t word = 0;
            const std::size_t taken = std::min(key.size(), sizeof word);
            std::memcpy(&word, key.data(), taken);
            key.remove_prefix(taken);
            hash = fold(hash ^ word);
        }
        return static_cast<std::size_t>(fold(hash));
    }

private:
    /// Both halves of a 128-bit product, as in wyhash.
    static std::uint64_t fold(std::uint64_t value) noexcept {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(value ^ 0xa0761d6478bd642f) * 0xe7037ed1a0b428db;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    static std::uint64_t seed() noexcept {
        static const std::uint64_t value = [] {
            std::uint64_t random = 0;
            [[maybe_unused]] const auto got = ::getrandom(&random, sizeof random, 0);
            return random;
        }();
        return value;
    }
};

/// A key with its hash, computed once for all that is done with it.
struct HashedKey {
    explicit HashedKey(std::string_view text) : key(text), hash(KeyHash()(text)) {}
    std::string_view key;
    std::size_t hash;
};

/// Key and value in one allocation; the time beside it, so that a collection reads no more than the
/// table.
class Entry {
public:
    Entry(std::string_view key, std::string_view value, BootClock::time_point expires) {
        assign(key, value, expires);
    }

    std::string_view key() const { return {block_.get() + sizeof(Sizes), sizes().key}; }
    std::string_view value() const {
        return {block_.get() + sizeof(Sizes) + sizes().key, sizes().value};
    }
    BootClock::time_point expires() const { return expires_; }

    /// Another value for the same key. Const for the table's sake, to which only the key matters;
    /// erasing and inserting anew would make it rehash now and then.
    void replace(std::string_view value, BootClock::time_point expires) const {
        if (value.size() == sizes().value) {
            value.copy(block_.get() + sizeof(Sizes) + sizes().key, value.size());
            expires_ = expires;
        } else {
            assign(std::string(key()), value, expires);
        }
    }

private:
    struct Sizes {
        std::uint32_t key;
        std::uint32_t value;
    };

    void assign(std::string_view key, std::string_view value, BootClock::time_point expires) const {
        const Sizes sizes{static_cast<std::uint32_t>(key.size()),
                          static_cast<std::uint32_t>(value.size())};
        block_.reset(new char[sizeof sizes + key.size() + value.size()]);
        std::memcpy(block_.get(), &sizes, sizeof sizes);
        key.copy(block_.get() + sizeof sizes, key.size());
        value.copy(block_.get() + sizeof sizes + key.size(), value.size());
        expires_ = expires;
    }

    Sizes sizes() const {
        Sizes sizes;
        std::memcpy(&sizes, block_.get(), sizeof sizes);
        return sizes;
    }

    mutable BootClock::time_point expires_;
    mutable std::unique_ptr<char[]> block_;
};

struct EntryHash {
    using is_transparent = void;
    using is_avalanching = void;  // for Boost: it need not mix once more
    std::size_t operator()(const HashedKey& key) const noexcept { return key.hash; }
    std::size_t operator()(const Entry& entry) const noexcept { return KeyHash()(entry.key()); }
};

struct EntryEqual {
    using is_transparent = void;
    static std::string_view key(const HashedKey& hashed) { return hashed.key; }
    static std::string_view key(const Entry& entry) { return entry.key(); }
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
};

}  // namespace

struct MemoryStore::Shard {
    std::mutex mutex;
    boost::unordered_flat_set<Entry, EntryHash, EntryEqual> entries;
    BootClock::time_point earliest = BootClock::time_point::max();  // no entry expires before

    /// Returns how many entries went.
    std::size_t collect(BootClock::time_point now) {
        if (earliest > now) return 0;
        earliest = BootClock::time_point::max();
        const std::size_t gone = erase_if(entries, [&](const Entry& entry) {
            if (entry.expires() <= now) return true;
            earliest = std::min(earliest, entry.expires());
            return false;
        });
        if (entries.size() < entries.bucket_count() / 4) entries.rehash(0);
        return gone;
    }
};

MemoryStore::MemoryStore(std::size_t max_entries, Now now)
    : max_entries_(max_entries), now_(std::move(now)), shards_(std::make_unique<Shard[]>(parts)) {}

MemoryStore::~MemoryStore() = default;

MemoryStore::Shard& MemoryStore::shard_of(std::size_t hash) const {
    static_assert(std::has_single_bit(parts));
    return shards_[hash >> 8 & (parts - 1)];  // the table uses the lowest 8 bits and the highest
}

Task<Result<>> MemoryStore::put(std::string_view key, std::string_view value,
                                std::chrono::seconds validity) {
    const HashedKey hashed(key);
    const auto now = now_();
    const auto expires = now + validity;
    for (std::size_t part = 0; part < parts && count_ >= max_entries_; ++part) collect(part);

    Shard& shard = shard_of(hashed.hash);
    const std::lock_guard guard(shard.mutex);
    const auto old = shard.entries.find(hashed);
    if (old == shard.entries.end() && count_ >= max_entries_) {
        co_return make_error(Errc::refused, "the store is full");
    }
    shard.earliest = std::min(shard.earliest, expires);
    if (old != shard.entries.end()) {
        old->replace(value, expires);
        co_return Result<>();
    }
    shard.entries.emplace(key, value, expires);
    ++count_;
    co_return Result<>();
}

Task<Result<std::optional<std::string>>> MemoryStore::get(std::string_view key) {
    const HashedKey hashed(key);
    const auto now = now_();
    Shard& shard = shard_of(hashed.hash);
    const std::lock_guard guard(shard.mutex);
    const auto found = shard.entries.find(hashed);
    if (found == shard.entries.end()) co_return std::optional<std::string>();
    if (found->expires() <= now) {
        shard.entries.erase(found);
        --count_;
        co_return std::optional<std::string>();
    }
    co_return std::optional(std::string(found->value()));
}

void MemoryStore::collect(std::size_t part) {
    const auto now = now_();
    Shard& shard = shards_[part];
    const std::lock_guard guard(shard.mutex);
    const std::size_t gone = shard.collect(now);
    count_ -= gone;
    freed_ += gone;
}

void MemoryStore::give_back_memory() {
    // The allocator keeps what it frees for itself; a store that was once large should not stay so.
    if (freed_ < worth_trimming) return;
    freed_ = 0;
    ::malloc_trim(0);
}

std::size_t MemoryStore::size() const { return count_; }

}  // namespace netcopy
