#include "file/temporary.hpp"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>

namespace netcopy {

std::string temporary_name(std::string_view name, std::uint64_t digits) {
    constexpr std::size_t hex = 16;
    constexpr std::size_t most = NAME_MAX - 1 - temporary_mark.size() - hex - journal_suffix.size();
    std::string made = ".";
    made += name.substr(0, most);  // the rest is for people only
    made += temporary_mark;
    for (int shift = 60; shift >= 0; shift -= 4) made += "0123456789abcdef"[digits >> shift & 15];
    return made;
}

std::string temporary_name(std::string_view name) {
    std::uint64_t digits = 0;
    // Never blocks nor fails for so few bytes once the system has booted; a collision is tried
    // again.
    [[maybe_unused]] const auto got = ::getrandom(&digits, sizeof digits, 0);
    return temporary_name(name, digits);
}

Descriptor make_temporary(int folder, std::string_view name, mode_t mode, std::string& chosen) {
    const auto make = [folder, mode](const char* path) {
        return ::openat(folder, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    };
    Descriptor file(with_temporary_name(name, chosen, make));
    if (!file) chosen.clear();
    return file;
}

bool replace_by_link(int folder, const std::string& name, const std::string& target) {
    std::string temporary;
    const auto make = [&](const char* path) { return ::symlinkat(target.c_str(), folder, path); };
    if (with_temporary_name(name, temporary, make) != 0) return false;
    if (::renameat(folder, temporary.c_str(), folder, name.c_str()) == 0) return true;
    const int reason = errno;
    ::unlinkat(folder, temporary.c_str(), 0);
    errno = reason;
    return false;
}

int link_open_file(int file, int folder, const char* name) {
    // Cheaper than the way through /proc, but open to the file's opener only from Linux 6.10 on,
    // and before that to CAP_DAC_READ_SEARCH; ENOENT says that it is not.
    const int linked = ::linkat(file, "", folder, name, AT_EMPTY_PATH);
    if (linked == 0 || errno != ENOENT) return linked;
    std::array<char, 32> path{};
    ::snprintf(path.data(), path.size(), "/proc/self/fd/%d", file);
    return ::linkat(AT_FDCWD, path.data(), folder, name, AT_SYMLINK_FOLLOW);
}

int rename_without_replacing(int folder, const char* from, const char* to) {
    const int renamed = ::renameat2(folder, from, folder, to, RENAME_NOREPLACE);
    if (renamed == 0 || errno != EINVAL) return renamed;
    // A file system without it: two names for a moment, but never the loss of another file.
    if (::linkat(folder, from, folder, to, 0) != 0) return -1;
    return ::unlinkat(folder, from, 0);
}

}  // namespace netcopy
