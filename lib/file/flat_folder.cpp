#include "file/flat_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "base/bytes.hpp"
#include "file/folder_reader.hpp"
#include "file/safe_name.hpp"

namespace netcopy {
namespace {

FileTime time_of(const statx_timestamp& time) { return {time.tv_sec, time.tv_nsec}; }

/// Of what is open at `at` with an empty name, else of a name in that folder. None: errno, 0 when
/// it is no regular file.
std::optional<FlatFile> examine(int at, const char* name) {
    struct statx found {};
    const int flags = AT_SYMLINK_NOFOLLOW | (name[0] == '\0' ? AT_EMPTY_PATH : 0);
    if (::statx(at, name, flags, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return std::nullopt;
    errno = 0;
    if (!S_ISREG(found.stx_mode)) return std::nullopt;
    constexpr std::uint64_t block = 512;  // statx(2): the unit of stx_blocks
    FlatFile file;
    file.status = {.kind = FileStatus::Kind::regular,
                   .size = found.stx_size,
                   .mode = static_cast<std::uint32_t>(found.stx_mode & 07777),
                   .mtime = time_of(found.stx_mtime),
                   .sparse = found.stx_blocks * block < found.stx_size};
    file.device = ::makedev(found.stx_dev_major, found.stx_dev_minor);
    file.inode = found.stx_ino;
    if ((found.stx_mask & STATX_BTIME) != 0) file.born = time_of(found.stx_btime);
    file.links = found.stx_nlink;
    return file;
}

Error folder_error(const char* what, const std::filesystem::path& path, int reason) {
    return make_error(Errc::local_file,
                      std::string("cannot ") + what + " the folder " + quote(path.string()),
                      reason);
}

}  // namespace

Result<FlatFolder> FlatFolder::open(const std::filesystem::path& path) {
    Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status {};
    if (!folder || ::fstat(folder.get(), &status) != 0) return folder_error("open", path, errno);
    return FlatFolder(std::move(folder), path, status.st_dev);
}

Result<> FlatFolder::names(const std::function<void(const char*)>& take) const {
    FolderReader reader;
    int reason = reader.enter(folder_.get(), ".", false);
    if (reason == 0) {
        while (const auto* const entry = reader.next()) {
            // DT_UNKNOWN: the file system did not say, and by now it is gone.
            if (entry->type == DT_REG && !is_temporary_name(entry->name)) take(entry->name);
        }
        reason = reader.failure();
    }
    return reason == 0 ? Result<>() : folder_error("read", path_, reason);
}

std::optional<FlatFile> FlatFolder::look(const std::string& name) const {
    if (name.empty() || is_temporary_name(name)) return std::nullopt;
    return examine(folder_.get(), name.c_str());
}

Result<FlatFolder::Opened> FlatFolder::read(const std::string& name) const {
    auto source = FileSource::open_at(folder_.get(), name, (path_ / name).string());
    if (!source) return source.error();
    const auto file = examine(source->descriptor(), "");
    if (!file) {
        return make_error(Errc::local_file, "cannot examine " + quote(source->name()), errno);
    }
    return Opened{std::move(*source), *file};
}

Result<> FlatFolder::make_private(const std::string& name) const {
    int reason = ::mkdirat(folder_.get(), name.c_str(), 0700) == 0 || errno == EEXIST ? 0 : errno;
    struct stat status {};
    if (reason == 0 && ::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        reason = errno;
    }
    if (reason == 0 && !S_ISDIR(status.st_mode)) reason = ENOTDIR;
    return reason == 0 ? Result<>() : folder_error("make", path_ / name, reason);
}

}  // namespace netcopy
