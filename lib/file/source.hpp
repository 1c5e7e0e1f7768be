#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "file/descriptor.hpp"

namespace netcopy {

/// A file, or standard input, that is read once from front to back. Not thread-safe; calls block.
class FileSource {
public:
    /// "-" is standard input. Errc::local_file for what is missing, unreadable or a folder.
    static Result<FileSource> open(const std::filesystem::path& path);

    /// Bytes of the file as it was opened; none for a pipe or terminal.
    std::optional<std::uint64_t> size() const;

    /// False when read_at() would wait for another program: a pipe without bytes yet. A file is
    /// always ready.
    bool ready() const;
    int descriptor() const { return file_.get(); }  ///< to wait on when not ready; stays ours

    /// Fills as much of `buffer` as there is from `offset`, 0 at the end. A pipe has no offsets: it
    /// gives what comes next, and a short count is not the end yet.
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes buffer);

    /// Errc::local_file when size or time of last change are not what they were at open(). A pipe
    /// has none.
    Result<> unchanged() const;

    const std::string& name() const { return name_; }  ///< as given; "standard input" for "-"

private:
    FileSource(Descriptor file, std::string name, const struct stat& status);

    Descriptor file_;
    std::string name_;
    struct stat opened_;
};

}  // namespace netcopy
