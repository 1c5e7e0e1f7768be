#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "store/ttl_store.hpp"

namespace netcopy {

/// TtlStore in this process's memory: gone with it. An entry takes about 60 bytes beside its key
/// and value. Expired entries are not found from that moment on; collect() frees them.
class MemoryStore final : public TtlStore {
public:
    using Now = std::function<BootClock::time_point()>;

    explicit MemoryStore(std::size_t max_entries, Now now = BootClock::now);
    ~MemoryStore() override;

    Task<Result<>> put(std::string_view key, std::string_view value,
                       std::chrono::seconds validity) override;
    Task<Result<std::optional<std::string>>> get(std::string_view key) override;

    /// Frees what has expired in one part of the store, locking only that; cheap when nothing has.
    /// To be called for all of [0, parts) now and then, and give_back_memory() afterwards.
    void collect(std::size_t part);
    static constexpr std::size_t parts = 64;

    /// Returns to the system what the allocator kept of the entries that collect() has freed.
    void give_back_memory();

    std::size_t size() const;  ///< entries held, expired ones not yet collected included

private:
    struct Shard;
    Shard& shard_of(std::size_t hash) const;

    const std::size_t max_entries_;
    const Now now_;
    std::unique_ptr<Shard[]> shards_;
    std::atomic<std::size_t> freed_{0};  // entries, since memory was given back
    std::atomic<std::size_t> count_{0};  // may pass max_entries_ by as many as there are threads
};

}  // namespace netcopy
