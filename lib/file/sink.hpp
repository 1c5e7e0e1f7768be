#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "file/descriptor.hpp"

namespace netcopy {

/// A file in the making. Its bytes go to `.NAME.netcopy-` and 16 hex digits beside the target; only
/// commit() gives it the final name, after fsync, and makes the name durable too. Whatever else
/// happens, an older file of that name stays as it was. Not thread-safe; calls block. Errors are
/// Errc::local_file.
///
/// A process that is killed leaves the temporary file behind, never anything under the final name.
class FileSink {
public:
    /// Refuses a target that exists and is no regular file. A symbolic link stands for what it
    /// points to. The new file gets the access rights of the one that it replaces.
    static Result<FileSink> create(const std::filesystem::path& target);

    FileSink(FileSink&&) noexcept;
    FileSink& operator=(FileSink&&) noexcept;
    ~FileSink();  ///< discards what was not committed

    Result<> write_at(std::uint64_t offset, Bytes bytes);
    Result<> commit();
    /// Like commit(), but under the target's name with `suffix` behind it. Replaces what has that
    /// name.
    Result<> commit_as(std::string_view suffix);
    void discard() noexcept;

    const std::string& name() const { return name_; }  ///< of the target, links resolved

private:
    FileSink() = default;
    Error failed(std::string_view what, int reason) const;

    Descriptor folder_;
    Descriptor file_;
    std::string name_;       // for messages
    std::string component_;  // the target within folder_
    std::string temporary_;  // within folder_; empty once renamed or removed
};

}  // namespace netcopy
