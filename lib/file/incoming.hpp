#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "file/status.hpp"

namespace netcopy {

/// From this size on a file in the making has a name, a lock and a journal, so that another attempt
/// can go on with it; smaller ones are not worth it.
inline constexpr std::uint64_t resumable_size = 1 << 20;  // bytes

/// What happens when a file of that name appears or is there at the commit.
enum class Existing { keep, rename, replace };

struct IncomingPlan {
    std::optional<std::uint64_t> size;  ///< none: a pipe; never resumable
    FileTime mtime;                     ///< of the source: with size and name it identifies it
    /// To be applied; set-id bits are dropped. None: what the umask leaves of 0666, or the rights
    /// of the file that is replaced.
    std::optional<std::uint32_t> mode;
    bool keep_mtime = true;     ///< to be applied
    bool sparse = false;        ///< do not reserve the size
    std::uint64_t reserve = 0;  ///< bytes to reserve where `size` is none
    Existing existing = Existing::keep;
    /// With Existing::rename: a file that has the name, or one of its numbers, and the same bytes
    /// is this one, whatever its time.
    bool same_bytes_once = false;
    /// Digest of what it is to become, in hex; for ScatteredFile only, whose bytes come in any
    /// order.
    std::string content;
};

/// Errc::refused because another writer has the file: to be tried again.
bool is_busy(const Error& error);
/// Errc::local_file because this process, or the machine, has too many files open: commit what
/// waits, and try again.
bool is_out_of_descriptors(const Error& error);
/// Errc::local_file because the file system, or the user's share of it, is full.
bool is_out_of_space(const Error& error);

/// A file in the making below a Tree (made by Tree::create(); docs/protocol/copy.md, "The partial
/// file"). Small ones have no name at all until the commit (O_TMPFILE, or a temporary name where
/// the file system has none); large ones are `.NAME.netcopy-HASH` with a journal beside it. Nothing
/// ever has the final name before CommitBatch gives it. Not thread-safe; calls block. Errors are
/// Errc::local_file, Errc::refused with "busy" when another writer has the lock.
class IncomingFile {
public:
    IncomingFile(IncomingFile&&) noexcept;
    IncomingFile& operator=(IncomingFile&&) noexcept;
    ~IncomingFile();  ///< keep()

    /// Bytes from an earlier attempt that the journal vouches for, not yet checked; 0: none. As
    /// long as there are some, check_some() or start_over() comes before the first write_at().
    std::uint64_t kept() const;
    /// Reads back a stretch of them, a few MiB, and compares. True: done, kept() and kept_crc64()
    /// are what is really there (possibly less than before).
    Result<bool> check_some();
    std::uint64_t kept_crc64() const;  ///< of the first kept() bytes
    /// Throws away what was kept, and begins at 0.
    Result<> start_over();

    /// Ascending offsets only, from kept() on; what is left out reads as zeros.
    Result<> write_at(std::uint64_t offset, Bytes bytes);
    /// For reading back what was written. 0 at the end.
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes buffer) const;
    /// All is written: sets the size, mode and time. The next step is CommitBatch::add().
    Result<> finish(std::uint64_t size);
    /// The commit is to give another last component, in the same folder. One that safe_name()
    /// refuses fails the commit.
    void retarget(std::string_view component, Existing existing);

    void keep() noexcept;     ///< closes; a large one stays for another attempt, a small one goes
    void discard() noexcept;  ///< removes it and its journal

    const std::string& name() const;  ///< the target's path as shown to people

private:
    friend class Tree;
    friend class CommitBatch;
    friend class ScatteredFile;
    struct State;
    explicit IncomingFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace netcopy
