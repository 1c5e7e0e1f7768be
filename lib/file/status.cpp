#include "file/status.hpp"

namespace netcopy {
namespace {

FileStatus::Kind kind_of(mode_t mode) {
    if (S_ISREG(mode)) return FileStatus::Kind::regular;
    if (S_ISDIR(mode)) return FileStatus::Kind::folder;
    if (S_ISLNK(mode)) return FileStatus::Kind::link;
    return FileStatus::Kind::other;
}

}  // namespace

FileStatus make_status(const struct stat& status) {
    constexpr std::int64_t block = 512;  // stat(2): the unit of st_blocks
    return {.kind = kind_of(status.st_mode),
            .size = static_cast<std::uint64_t>(status.st_size),
            .mode = static_cast<std::uint32_t>(status.st_mode & 07777),
            .mtime = {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)},
            .sparse = status.st_blocks * block < status.st_size};
}

timespec to_timespec(FileTime time) {
    timespec spec{};
    spec.tv_sec = time.seconds;
    spec.tv_nsec = time.nanoseconds;
    return spec;
}

}  // namespace netcopy
