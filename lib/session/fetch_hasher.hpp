#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "file/scattered_file.hpp"
#include "net/disk_pool.hpp"
#include "net/event.hpp"

namespace netcopy {

/// Follows a file in the making in jobs of its own, on another core than the link's: each block
/// that is whole is read back from the page cache once, for the journal, and the digest of the
/// whole grows behind what is contiguous. Used on one network thread.
class FetchHasher {
public:
    /// `event` is raised when there is news.
    FetchHasher(ScatteredFile& file, DigestKind kind, DiskPool& disk, const Executor& executor,
                Event event);

    /// Until stop(), cancelled, or the file cannot be read.
    Task<> run();
    void stop();

    /// These are whole, and in the journal already.
    void settled(const std::vector<std::size_t>& blocks);
    /// These are whole by now.
    void whole(const std::vector<std::size_t>& blocks);
    /// When done(): bytes will change, the digest begins anew, and only what is whole() from now on
    /// counts.
    void start_over();

    /// Everything has been hashed; hex() is its digest.
    bool done() const { return !busy_ && waiting_.empty() && next_ == settled_.size(); }
    std::string hex();
    const std::optional<Error>& failure() const { return failure_; }

private:
    bool take();
    Result<> work();
    Result<> hash_block(std::size_t block);

    ScatteredFile& file_;
    const DigestKind kind_;
    DiskPool& disk_;
    Event event_;
    Event wake_;
    bool busy_ = false;  // a job is under way
    bool stopped_ = false;
    std::optional<Error> failure_;
    std::vector<std::size_t> waiting_;  // whole, and not settled
    // The job's while one is under way:
    Digest digest_;
    std::vector<std::size_t> taken_;
    std::vector<bool> settled_;
    std::size_t next_ = 0;  // the block that is hashed next
    std::vector<std::byte> buffer_;
};

}  // namespace netcopy
