#include "file/source.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file/io.hpp"

namespace netcopy {
namespace {

Error file_error(const std::string& what, const std::string& name, int reason) {
    return make_error(Errc::local_file, "cannot " + what + " " + quote(name), reason);
}

/// Twice the usual read-ahead, for files that go beyond it; advice only.
void read_ahead(int file, const struct stat& status) {
    constexpr off_t usual = 128 * 1024;
    if (S_ISREG(status.st_mode) && status.st_size > usual) {
        ::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
}

// O_NONBLOCK, because opening a named pipe would wait for its writer, out of any signal's reach.
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

}  // namespace

FileSource::FileSource(Descriptor file, std::string name, const struct stat& status)
    : file_(std::move(file)), name_(std::move(name)), opened_(status) {}

Result<FileSource> FileSource::open(const std::filesystem::path& path) {
    const bool standard_input = path == "-";
    const std::string name = standard_input ? "standard input" : path.string();
    Descriptor file(standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                   : ::open(path.c_str(), open_flags));
    if (!file) return file_error("open", name, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return file_error("examine", name, errno);
    if (S_ISDIR(status.st_mode)) return file_error("send", name, EISDIR);
    read_ahead(file.get(), status);
    return FileSource(std::move(file), name, status);
}

Result<FileSource> FileSource::open_no_follow(const std::filesystem::path& path) {
    return open_at(AT_FDCWD, path.native(), path.native());
}

Result<FileSource> FileSource::open_at(int folder, const std::string& path, std::string name) {
    Descriptor file(::openat(folder, path.c_str(), open_flags | O_NOFOLLOW));
    if (!file && errno != ELOOP) return file_error("open", name, errno);
    struct stat status {};
    if (file && ::fstat(file.get(), &status) != 0) return file_error("examine", name, errno);
    if (!file || !S_ISREG(status.st_mode)) {
        return make_error(Errc::local_file, "cannot open " + quote(name) + ": it is " +
                                                (file ? "no regular file" : "a symbolic link"));
    }
    read_ahead(file.get(), status);
    return FileSource(std::move(file), std::move(name), status);
}

std::optional<std::uint64_t> FileSource::size() const {
    if (!S_ISREG(opened_.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(opened_.st_size);
}

std::optional<FileIdentity> FileSource::identity() const {
    std::error_code error;
    const auto path = std::filesystem::canonical(name_, error);
    if (error || !S_ISREG(opened_.st_mode)) return std::nullopt;
    return FileIdentity{.path = path.string(),
                        .device = opened_.st_dev,
                        .inode = opened_.st_ino,
                        .size = static_cast<std::uint64_t>(opened_.st_size),
                        .mtime = status().mtime};
}

bool FileSource::ready() const {
    if (S_ISREG(opened_.st_mode)) return true;
    pollfd waiting{file_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) != 0;  // an error, too, shows at the next read
}

Result<std::size_t> FileSource::read_at(std::uint64_t offset, MutableBytes buffer) {
    ssize_t got = 0;
    if (S_ISREG(opened_.st_mode)) {
        got = read_all_at(file_.get(), buffer, offset);
    } else if (!buffer.empty()) {
        do {
            got = ::read(file_.get(), buffer.data(), buffer.size());
        } while (got < 0 && errno == EINTR);
    }
    if (got < 0) return file_error("read", name_, errno);
    return static_cast<std::size_t>(got);
}

Result<FileSource::Extent> FileSource::data_from(std::uint64_t offset) const {
    if (!S_ISREG(opened_.st_mode)) return Extent{offset, UINT64_MAX};
    const auto size = static_cast<std::uint64_t>(opened_.st_size);
    if (offset >= size) return Extent{size, size};
    const off_t data = ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0 && errno == ENXIO) return Extent{size, size};
    if (data < 0 && (errno == EINVAL || errno == EOPNOTSUPP)) return Extent{offset, size};
    const off_t hole = data < 0 ? data : ::lseek(file_.get(), data, SEEK_HOLE);
    if (hole < 0) return file_error("read", name_, errno);
    // A file that grew is not read beyond the size that it had.
    return Extent{std::min(static_cast<std::uint64_t>(data), size),
                  std::min(static_cast<std::uint64_t>(hole), size)};
}

void FileSource::will_read(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    ::posix_fadvise(file_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                    POSIX_FADV_WILLNEED);
}

Result<> FileSource::unchanged() const {
    if (!S_ISREG(opened_.st_mode)) return {};
    struct stat now {};
    if (::fstat(file_.get(), &now) != 0) return file_error("examine", name_, errno);
    if (now.st_size == opened_.st_size && now.st_mtim.tv_sec == opened_.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == opened_.st_mtim.tv_nsec) {
        return {};
    }
    return make_error(Errc::local_file, quote(name_) + " changed while it was sent");
}

bool FileSource::in_place() const {
    struct stat now {};
    return ::fstatat(AT_FDCWD, name_.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           now.st_dev == opened_.st_dev && now.st_ino == opened_.st_ino;
}

}  // namespace netcopy
