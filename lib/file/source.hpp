#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "file/descriptor.hpp"
#include "file/status.hpp"

namespace netcopy {

/// A file, or standard input, that is read once from front to back. Not thread-safe; calls block.
class FileSource {
public:
    /// "-" is standard input. Errc::local_file for what is missing, unreadable or a folder.
    static Result<FileSource> open(const std::filesystem::path& path);

    /// A regular file, by a path whose last component is no link; "-" is a name like any other.
    static Result<FileSource> open_no_follow(const std::filesystem::path& path);
    /// The same within an open folder. `shown` is its name in errors, ready for people.
    /// Errc::refused when it is a link, or no regular file.
    static Result<FileSource> open_at(int folder, const std::string& name, std::string shown);

    /// Bytes of the file as it was opened; none for a pipe or terminal.
    std::optional<std::uint64_t> size() const;

    /// False when read_at() would wait for another program: a pipe without bytes yet. A file is
    /// always ready.
    bool ready() const;
    int descriptor() const { return file_.get(); }  ///< to wait on when not ready; stays ours

    /// Fills as much of `buffer` as there is from `offset`, 0 at the end. A pipe has no offsets: it
    /// gives what comes next, and a short count is not the end yet.
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes buffer);

    /// A hint to the system that these bytes will be read soon.
    void will_read(std::uint64_t offset, std::uint64_t bytes) const noexcept;

    /// Errc::local_file when size or time of last change are not what they were at open(). A pipe
    /// has none.
    Result<> unchanged() const;

    /// Whether its name still leads to it: it was neither removed nor replaced.
    bool in_place() const;

    FileStatus status() const { return make_status(opened_); }  ///< as it was opened
    /// For remembering its digest; none for a pipe, or when it has no path any more.
    std::optional<FileIdentity> identity() const;

    struct Extent {
        std::uint64_t begin;
        std::uint64_t end;
    };
    /// The first stretch of data at or behind `offset`; what lies between is a hole, zeros. {size,
    /// size}: only a hole follows, or the end. Everything is data where the file system does not
    /// say.
    Result<Extent> data_from(std::uint64_t offset) const;

    const std::string& name() const { return name_; }  ///< as given; "standard input" for "-"

private:
    FileSource(Descriptor file, std::string name, const struct stat& status);

    Descriptor file_;
    std::string name_;
    struct stat opened_;
};

}  // namespace netcopy
