#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "file/incoming.hpp"

namespace netcopy {

/// Finished files that become durable together: their bytes first (fsync each, or for many one
/// syncfs for each file system), then their names, then the folders (docs/decisions/0012). What is
/// in the batch when it is destroyed is kept or removed as IncomingFile::keep() does. Not
/// thread-safe; calls block.
class CommitBatch {
public:
    /// Descriptors stay open until the commit: at most so many files may wait.
    static constexpr std::size_t most_files = 256;

    /// `tag` comes back with the outcome.
    void add(std::uint64_t tag, IncomingFile file);
    std::size_t files() const { return waiting_.size(); }
    std::uint64_t bytes() const { return bytes_; }  ///< of the files that wait

    struct Outcome {
        std::uint64_t tag = 0;
        /// The component it has now (another than asked for with Existing::rename). Errc::refused
        /// when Existing::keep and another file is there by now; Errc::local_file.
        Result<std::string> name;
        bool was_there = false;  ///< that very file had the name already
    };
    /// In the order of add(). Afterwards the batch is empty. A file whose outcome is an error has
    /// no final name, unless the error is of its folder's sync: it is whole then, but its name may
    /// not survive a loss of power. Also makes durable what Tree::sync_folders() would.
    std::vector<Outcome> commit();

private:
    struct Waiting {
        std::uint64_t tag;
        IncomingFile file;
    };
    std::vector<int> sync_files() const;

    std::vector<Waiting> waiting_;
    std::uint64_t bytes_ = 0;
};

}  // namespace netcopy
