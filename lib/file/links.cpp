#include "file/links.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <optional>

#include "base/bytes.hpp"
#include "file/descriptor.hpp"
#include "file/temporary.hpp"

namespace netcopy {
namespace {

/// Where a link leads; nothing where there is none, and errno says why.
std::optional<std::string> read_link(int folder, const char* name) {
    std::array<char, PATH_MAX> text{};
    const ssize_t size = ::readlinkat(folder, name, text.data(), text.size());
    if (size < 0) return std::nullopt;
    return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace

Result<std::string> own_program() {
    auto path = read_link(AT_FDCWD, "/proc/self/exe");
    if (!path) return make_error(Errc::local_file, "cannot find the running program", errno);
    // proc(5): a program that was removed or replaced meanwhile is shown as "PATH (deleted)".
    if (::access(path->c_str(), X_OK) != 0) {
        return make_error(Errc::local_file, "cannot find the running program at " + quote(*path),
                          errno);
    }
    return *path;
}

Result<std::string> link_target(const std::string& dir, std::string_view program) {
    struct stat folder = {};
    struct stat home = {};
    if (::stat(dir.c_str(), &folder) != 0) {
        return make_error(Errc::local_file, "cannot make links in " + quote(dir), errno);
    }
    if (!S_ISDIR(folder.st_mode)) {
        return make_error(Errc::local_file, "cannot make links in " + quote(dir), ENOTDIR);
    }
    const std::string own(program.substr(0, program.rfind('/') + 1));
    const bool same = ::stat(own.c_str(), &home) == 0 && home.st_dev == folder.st_dev &&
                      home.st_ino == folder.st_ino;
    return std::string(same ? last_component(program) : program);
}

Result<> make_link(const std::string& dir, const std::string& name, const std::string& target) {
    const std::string what = "cannot make the link " + quote(dir + "/" + name);
    const Descriptor folder(::open(dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return make_error(Errc::local_file, what, errno);
    if (::symlinkat(target.c_str(), folder.get(), name.c_str()) == 0) return {};
    if (errno != EEXIST) return make_error(Errc::local_file, what, errno);

    const auto old = read_link(folder.get(), name.c_str());
    if (!old || last_component(*old) != last_component(target)) {
        return make_error(Errc::refused, what + ": something else has this name; move it away");
    }
    if (*old == target || replace_by_link(folder.get(), name, target)) return {};
    return make_error(Errc::local_file, what, errno);
}

}  // namespace netcopy
