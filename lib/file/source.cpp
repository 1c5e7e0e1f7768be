#include "file/source.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

namespace netcopy {
namespace {

Error file_error(const std::string& what, const std::string& name, int reason) {
    return make_error(Errc::local_file, "cannot " + what + " " + quote(name), reason);
}

}  // namespace

FileSource::FileSource(Descriptor file, std::string name, const struct stat& status)
    : file_(std::move(file)), name_(std::move(name)), opened_(status) {}

Result<FileSource> FileSource::open(const std::filesystem::path& path) {
    const bool standard_input = path == "-";
    // O_NONBLOCK, because opening a named pipe would wait for its writer, out of any signal's
    // reach.
    const std::string name = standard_input ? "standard input" : path.string();
    Descriptor file(standard_input
                        ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                        : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file) return file_error("open", name, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return file_error("examine", name, errno);
    if (S_ISDIR(status.st_mode)) return file_error("send", name, EISDIR);
    // Twice the usual read-ahead; advice only.
    if (S_ISREG(status.st_mode)) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return FileSource(std::move(file), name, status);
}

std::optional<std::uint64_t> FileSource::size() const {
    if (!S_ISREG(opened_.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(opened_.st_size);
}

bool FileSource::ready() const {
    if (S_ISREG(opened_.st_mode)) return true;
    pollfd waiting{file_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) != 0;  // an error, too, shows at the next read
}

Result<std::size_t> FileSource::read_at(std::uint64_t offset, MutableBytes buffer) {
    const bool regular = S_ISREG(opened_.st_mode);
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const MutableBytes rest = buffer.subspan(filled);
        const ssize_t got = regular ? ::pread(file_.get(), rest.data(), rest.size(),
                                              static_cast<off_t>(offset + filled))
                                    : ::read(file_.get(), rest.data(), rest.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_error("read", name_, errno);
        filled += static_cast<std::size_t>(got);
        if (got == 0 || !regular) break;
    }
    return filled;
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

}  // namespace netcopy
