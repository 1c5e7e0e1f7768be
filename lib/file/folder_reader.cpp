#include "file/folder_reader.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace netcopy {
namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

bool is_dots(const char* name) {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

}  // namespace

int FolderReader::enter(int at, const char* path, bool follow) {
    levels_.clear();
    first_open_ = 0;
    Descriptor folder(::openat(at, path, folder_flags | (follow ? 0 : O_NOFOLLOW)));
    return folder ? add_level(std::move(folder)) : errno;
}

int FolderReader::enter(const char* name) {
    Descriptor folder(::openat(descriptor(), name, folder_flags | O_NOFOLLOW));
    return folder ? add_level(std::move(folder)) : errno;
}

int FolderReader::add_level(Descriptor folder) {
    Level level;
    if (::fstat(folder.get(), &level.status) != 0) return errno;
    level.dir.reset(::fdopendir(folder.get()));
    if (!level.dir) return errno;
    folder.release();
    levels_.push_back(std::move(level));
    if (levels_.size() - first_open_ > most_open) close_highest();
    return 0;
}

/// Takes note of what it has not given yet: positions in a folder do not survive its closing on
/// every file system.
void FolderReader::close_highest() {
    Level& level = levels_[first_open_++];
    if (level.dir) {
        while (read(level)) {
            level.rest += static_cast<char>(entry_.type);
            level.rest.append(entry_.name, std::strlen(entry_.name) + 1);
        }
    }
    level.dir.reset();
    level.reopened = Descriptor();
}

void FolderReader::leave() {
    if (levels_.size() > 1 && levels_.size() - 1 == first_open_) {
        Level& above = levels_[--first_open_];
        above.reopened = Descriptor(::openat(descriptor(), "..", folder_flags));
        struct stat status {};
        if (!above.reopened) {
            above.failure = errno;
        } else if (::fstat(above.reopened.get(), &status) != 0 ||
                   status.st_ino != above.status.st_ino || status.st_dev != above.status.st_dev) {
            above.reopened = Descriptor();
            above.failure = ENOENT;  // the folder below was moved
        }
        if (above.failure != 0) above.rest.clear();
    }
    levels_.pop_back();
}

/// The next entry of an open folder, into entry_.
bool FolderReader::read(Level& level) {
    for (;;) {
        errno = 0;
        const dirent* const found = ::readdir(level.dir.get());
        if (found == nullptr) {
            level.failure = errno;
            return false;
        }
        if (is_dots(found->d_name)) continue;
        entry_ = {found->d_name, found->d_type};
        return true;
    }
}

const FolderReader::Entry* FolderReader::next() {
    Level& level = levels_.back();
    if (level.dir) {
        if (!read(level)) return nullptr;
    } else {
        if (level.rest_at >= level.rest.size()) return nullptr;
        entry_ = {level.rest.c_str() + level.rest_at + 1,
                  static_cast<unsigned char>(level.rest[level.rest_at])};
        level.rest_at += 2 + std::strlen(entry_.name);
    }
    if (entry_.type == DT_UNKNOWN) {
        struct stat status {};
        if (examine(entry_.name, status)) entry_.type = IFTODT(status.st_mode);
    }
    return &entry_;
}

int FolderReader::failure() { return std::exchange(levels_.back().failure, 0); }

bool FolderReader::examine(const char* name, struct stat& status) const {
    return ::fstatat(descriptor(), name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

int FolderReader::descriptor() const {
    const Level& level = levels_.back();
    return level.dir ? ::dirfd(level.dir.get()) : level.reopened.get();
}

}  // namespace netcopy
