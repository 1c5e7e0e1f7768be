#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "crypto/digest.hpp"
#include "net/rate_limit.hpp"
#include "net/stall_guard.hpp"
#include "wire/copy.hpp"

namespace netcopy {

/// How much a folder may hold in all (--quota). Thread-safe: shared by all sessions of a service.
class Quota {
public:
    Quota(std::uint64_t most, std::uint64_t used) : most_(most), used_(used) {}

    bool reserve(std::uint64_t bytes) {
        std::uint64_t used = used_;
        do {
            if (bytes > most_ || used > most_ - bytes) return false;
        } while (!used_.compare_exchange_weak(used, used + bytes));
        return true;
    }
    void give_back(std::uint64_t bytes) { used_ -= bytes; }

private:
    const std::uint64_t most_;  // bytes
    std::atomic<std::uint64_t> used_;
};

/// What one file has reserved of a quota; goes back unless it was used up.
class QuotaShare {
public:
    QuotaShare() = default;
    QuotaShare(QuotaShare&& other) noexcept
        : quota_(std::exchange(other.quota_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    QuotaShare& operator=(QuotaShare&& other) noexcept {
        std::swap(quota_, other.quota_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~QuotaShare() {
        if (quota_) quota_->give_back(bytes_);
    }

    /// So many bytes more; a null quota is none.
    bool reserve(Quota* quota, std::uint64_t bytes) {
        if (!quota) return true;
        if (!quota->reserve(bytes)) return false;
        quota_ = quota;
        bytes_ += bytes;
        return true;
    }
    void use_up() { quota_ = nullptr; }

private:
    Quota* quota_ = nullptr;
    std::uint64_t bytes_ = 0;
};

/// What became of one file at the receiver, for the log and for JSON.
struct ReceivedFile {
    std::string peer;
    std::string name;         ///< below the folder, as it is stored or would have been
    std::string offered;      ///< by netcopy/1 under this name
    std::uint64_t size = 0;   ///< bytes that were announced, if they were
    std::uint64_t bytes = 0;  ///< that arrived
    Clock::duration took{};
    Digests digests;
    Result<> outcome;
    bool verified = true;    ///< a digest was announced for it
    bool was_there = false;  ///< and is what was offered: nothing arrived
    const char* protocol = "netcopy/1";
};

using KnownDigest = std::pair<DigestKind, std::string>;  ///< and its lower-case hex

enum class Overwrite { never, rename, always, newer };
enum class Stamp { always, seed, never };

/// What a receiving service allows; the same for all its sessions, both protocols.
struct ReceiveRules {
    Overwrite overwrite = Overwrite::never;
    Stamp stamp = Stamp::seed;            ///< whose names begin with the time
    std::uint64_t max_size = UINT64_MAX;  ///< bytes of one file
    Quota* quota = nullptr;               ///< none: no limit
    RateLimit* rate = nullptr;            ///< none: no limit
    StallLimit stall;
    bool flat = false;  ///< names are single components: no folders, no links
    /// Names that safe_name() allows may be refused all the same. May be empty.
    std::function<Result<>(const std::string&)> allowed_name;
    std::vector<DigestKind> digests;  ///< to be computed besides those that a sender will say
    bool same_bytes_once = false;     ///< IncomingPlan::same_bytes_once
    bool say_digests = false;         ///< with each DONE
    /// What a file of that name is to have: one that is there and has it is not wanted again, and
    /// one that arrives without is corrupted. None: no matter. May be empty.
    std::function<std::optional<KnownDigest>(const std::string&)> known_digest;
    /// Called for each offer. An error ends the conversation. May be empty.
    std::function<Result<>(const wire::CopyPut&)> on_offer;
    /// Called for each file that has arrived and is proven, before it gets its name. Errc::refused
    /// keeps it from that, as a collision; what else it returns is let go after on_file. On any
    /// thread, also several at a time; may be empty.
    std::function<Result<std::shared_ptr<const void>>(const std::string&, const Digests&)>
        before_commit;
    /// Called for a GET of ours that leads to nothing. May be empty: then there are none.
    std::function<Result<>(const wire::CopyLack&)> on_lack;
    /// Called when the bytes of a file begin to come, with the peer, the name as it is to be stored
    /// and the size (0: unknown), on any thread, also several at a time; may be empty.
    std::function<void(const std::string&, const std::string&, std::uint64_t)> on_begun;
    /// Called with a peer that came and went without a word, on any thread; may be empty.
    std::function<void(const std::string&)> on_nothing;
    /// Called for every file, on any thread, also several at a time; may be empty.
    std::function<void(const ReceivedFile&)> on_file;
};

}  // namespace netcopy
