#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "base/file_time.hpp"

namespace netcopy {

/// What lstat(2) says, as far as netcopy cares.
struct FileStatus {
    enum class Kind { regular, folder, link, other };

    Kind kind = Kind::other;
    std::uint64_t size = 0;  ///< bytes
    std::uint32_t mode = 0;  ///< permission bits, 07777
    FileTime mtime;
    bool sparse = false;  ///< less is allocated than its size
};

FileStatus make_status(const struct stat& status);

/// Tells a file and its content from all others of this machine.
struct FileIdentity {
    std::string path;  ///< absolute, without links, "." and ".."
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;  ///< bytes
    FileTime mtime;
};

timespec to_timespec(FileTime time);

}  // namespace netcopy
