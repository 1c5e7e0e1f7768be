#include "file/private_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/bytes.hpp"

namespace netcopy {

Result<> make_private_folder(const std::filesystem::path& folder) {
    std::filesystem::path path;
    int reason = 0;
    for (const auto& component : folder) {
        path /= component;
        reason = ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST ? 0 : errno;
    }
    struct stat status {};
    if (reason == 0 && ::stat(folder.c_str(), &status) != 0) reason = errno;
    if (reason == 0 && !S_ISDIR(status.st_mode)) reason = ENOTDIR;
    if (reason == 0) return {};
    return make_error(Errc::local_file, "cannot make the folder " + quote(folder.string()), reason);
}

Result<Descriptor> lock_file(const std::filesystem::path& path) {
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    int locked = -1;
    if (file) {
        do {
            locked = ::flock(file.get(), LOCK_EX);
        } while (locked != 0 && errno == EINTR);
    }
    if (locked == 0) return file;
    return make_error(Errc::local_file, "cannot lock " + quote(path.string()), errno);
}

Result<> put_aside(const std::filesystem::path& path, const std::filesystem::path& aside) {
    if (::rename(path.c_str(), aside.c_str()) == 0 || errno == ENOENT) return {};
    return make_error(Errc::local_file, "cannot rename " + quote(path.string()), errno);
}

}  // namespace netcopy
