#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "file/descriptor.hpp"
#include "file/source.hpp"
#include "file/status.hpp"

namespace netcopy {

/// A regular file, and what tells its content from what it was before, and from that of another
/// file which got the same inode later.
struct FlatFile {
    FileStatus status;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    FileTime born;            ///< when it was made; zero where the file system does not say
    std::uint32_t links = 1;  ///< names in all

    bool same_file(const FlatFile& other) const {
        return device == other.device && inode == other.inode && born == other.born;
    }
    /// The same file, and nothing says that it was written to: other names and rights do not count.
    bool same_content(const FlatFile& other) const {
        return same_file(other) && status.size == other.status.size &&
               status.mtime == other.status.mtime;
    }
};

/// The regular files that lie directly in a folder: no folders, no links, nothing below, not
/// netcopy's own temporary files. The folder is held open, so that its files are found though its
/// path leads elsewhere by now. Thread-safe but for the move; calls block. Errors are
/// Errc::local_file.
class FlatFolder {
public:
    static Result<FlatFolder> open(const std::filesystem::path& path);

    /// Calls `take` with the name of everything in it that may be such a file, in no order.
    Result<> names(const std::function<void(const char*)>& take) const;
    /// None: nothing is there, or no regular file.
    std::optional<FlatFile> look(const std::string& name) const;

    struct Opened {
        FileSource source;
        FlatFile file;  ///< as it was opened
    };
    Result<Opened> read(const std::string& name) const;

    /// A folder in it that is only our user's (0700); makes it unless it is there. A link of that
    /// name is no such folder.
    Result<> make_private(const std::string& name) const;

    int descriptor() const { return folder_.get(); }             ///< stays ours
    const std::filesystem::path& path() const { return path_; }  ///< as given
    std::uint64_t device() const { return device_; }

private:
    FlatFolder(Descriptor folder, std::filesystem::path path, std::uint64_t device)
        : folder_(std::move(folder)), path_(std::move(path)), device_(device) {}

    Descriptor folder_;
    std::filesystem::path path_;
    std::uint64_t device_;
};

}  // namespace netcopy
