#include "store/memory_store.hpp"

#include <malloc.h>
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstring>
#include <mutex>
#include <span>

namespace netcopy {
namespace {

constexpr std::size_t shard_count = 64;  // locks; also how much of the store a collection stops at a time
constexpr std::size_t worth_trimming = 1024;  // entries freed, before the allocator is asked to give back

/// Keys come from peers: without a secret seed they could choose such as collide.
class KeyHash {
public:
    using is_transparent = void;
    using is_avalanching = void;  // for Boost: it need not mix once more

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

/// Key and value in one allocation; the time beside it, so that a collection reads no more than the table.
class Entry {
public:
    Entry(std::string_view key, std::string_view value, BootClock::time_point expires)
        : expires_(expires), block_(new char[sizeof(Sizes) + key.size() + value.size()]) {
        const Sizes sizes{static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())};
        std::memcpy(block_.get(), &sizes, sizeof sizes);
        key.copy(block_.get() + sizeof sizes, key.size());
        value.copy(block_.get() + sizeof sizes + key.size(), value.size());
    }

    std::string_view key() const { return {block_.get() + sizeof(Sizes), sizes().key}; }
    std::string_view value() const { return {block_.get() + sizeof(Sizes) + sizes().key, sizes().value}; }
    BootClock::time_point expires() const { return expires_; }

private:
    struct Sizes {
        std::uint32_t key;
        std::uint32_t value;
    };
    Sizes sizes() const {
        Sizes sizes;
        std::memcpy(&sizes, block_.get(), sizeof sizes);
        return sizes;
    }

    BootClock::time_point expires_;
    std::unique_ptr<char[]> block_;
};

struct EntryHash : KeyHash {
    using KeyHash::operator();
    std::size_t operator()(const Entry& entry) const noexcept { return (*this)(entry.key()); }
};

struct EntryEqual {
    using is_transparent = void;
    static std::string_view key(std::string_view text) { return text; }
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
    : max_entries_(max_entries), now_(std::move(now)), shards_(std::make_unique<Shard[]>(shard_count)) {}

MemoryStore::~MemoryStore() = default;

MemoryStore::Shard& MemoryStore::shard_of(std::string_view key) const {
    return shards_[KeyHash()(key) >> 58];  // the table itself uses other bits first
}

Task<Result<>> MemoryStore::put(std::string_view key, std::string_view value,
                                std::chrono::seconds validity) {
    const auto now = now_();
    Entry entry(key, value, now + validity);
    Shard& shard = shard_of(key);
    const std::lock_guard guard(shard.mutex);
    const auto old = shard.entries.find(key);
    if (old != shard.entries.end()) {
        shard.entries.erase(old);
        --count_;
    } else if (count_ >= max_entries_) {
        count_ -= shard.collect(now);
        if (count_ >= max_entries_) co_return make_error(Errc::refused, "the store is full");
    }
    shard.earliest = std::min(shard.earliest, entry.expires());
    shard.entries.insert(std::move(entry));
    ++count_;
    co_return Result<>();
}

Task<Result<std::optional<std::string>>> MemoryStore::get(std::string_view key) {
    const auto now = now_();
    Shard& shard = shard_of(key);
    const std::lock_guard guard(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found == shard.entries.end()) co_return std::optional<std::string>();
    if (found->expires() <= now) {
        shard.entries.erase(found);
        --count_;
        co_return std::optional<std::string>();
    }
    co_return std::optional(std::string(found->value()));
}

void MemoryStore::collect() {
    const auto now = now_();
    std::size_t gone = 0;
    for (Shard& shard : std::span(shards_.get(), shard_count)) {
        const std::lock_guard guard(shard.mutex);
        gone += shard.collect(now);
    }
    count_ -= gone;
    // The allocator keeps what it frees for itself; a store that was once large should not stay so.
    if (gone >= worth_trimming) ::malloc_trim(0);
}

std::size_t MemoryStore::size() const { return count_; }

}  // namespace netcopy
