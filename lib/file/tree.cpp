#include "file/tree.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/bytes.hpp"
#include "file/folder.hpp"
#include "file/folder_reader.hpp"
#include "file/incoming_state.hpp"
#include "file/safe_name.hpp"
#include "file/temporary.hpp"

namespace netcopy {
namespace {

namespace fs = std::filesystem;

std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

std::string last_of(std::string_view path) { return std::string(last_component(path)); }

Result<> make_root(const fs::path& root) {
    std::error_code error;
    fs::create_directories(root, error);
    if (!error || fs::is_directory(root)) return {};
    return make_error(Errc::local_file, "cannot make the folder " + quote(root.string()),
                      error.value());
}

bool same_time(const struct stat& status, FileTime time) {
    return make_status(status).mtime == time;
}

/// Whether there is such a link. Leaves errno as it was.
bool leads_to(int folder, const std::string& name, std::string_view target) {
    const int before = errno;
    std::array<char, PATH_MAX> there{};
    const ssize_t size = ::readlinkat(folder, name.c_str(), there.data(), there.size());
    errno = before;
    return size >= 0 && std::string_view(there.data(), static_cast<std::size_t>(size)) == target;
}

}  // namespace

struct Tree::State {
    State(std::shared_ptr<const Root> opened, fs::path given)
        : path(std::move(given)), folders(std::move(opened)) {}

    int root() const { return folders.root()->descriptor.get(); }
    Error failed(std::string_view what, std::string_view name, int reason) const {
        return make_error(Errc::local_file,
                          "cannot " + std::string(what) + " " + shown_path(*folders.root(), name),
                          reason);
    }
    Error refused(std::string_view what, std::string_view name, std::string_view why) const {
        return make_error(Errc::refused, "cannot " + std::string(what) + " " +
                                             shown_path(*folders.root(), name) + ": " +
                                             std::string(why));
    }
    /// The folder that `name` is in. Null only when it is missing and not to be made.
    Result<std::shared_ptr<Folder>> parent(std::string_view name, bool make) {
        const auto safe = safe_path(name);
        if (!safe) return safe.error();
        return folders.open(parent_of(name), make);
    }

    /// Whether a folder that was open has been removed or moved since: then another attempt finds
    /// the way from the root.
    bool lost(const std::shared_ptr<Folder>& folder) {
        if (!folder->moved && folder->in_place()) return false;
        folders.forget(folder);
        return true;
    }

    fs::path path;
    Folders folders;
    bool unnamed_files = ::access("/proc/self/fd", X_OK) == 0;  // needed to name one
};

Tree::Tree(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;
Tree::~Tree() = default;

Result<Tree> Tree::open(const fs::path& root) {
    const auto made = make_root(root);
    if (!made) return made.error();
    auto opened = std::make_shared<Root>();
    opened->shown = root.string();
    opened->descriptor = Descriptor(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened->descriptor) {
        return make_error(Errc::local_file, "cannot open the folder " + quote(opened->shown),
                          errno);
    }
    return Tree(std::make_unique<State>(std::move(opened), root));
}

Tree Tree::another() const {
    // Anew, because somebody may have removed or exchanged the folder while the service runs.
    auto again = open(state_->path);
    if (again) return std::move(*again);
    return Tree(std::make_unique<State>(state_->folders.root(), state_->path));
}

Result<std::optional<FileStatus>> Tree::status(std::string_view path) {
    const auto parent = state_->parent(path, false);
    if (!parent) return parent.error();
    if (!*parent) return std::optional<FileStatus>();
    struct stat status {};
    const std::string name = last_of(path);
    if (::fstatat((*parent)->descriptor.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        return std::optional(make_status(status));
    }
    if (errno == ENOENT) return std::optional<FileStatus>();
    return state_->failed("examine", path, errno);
}

Result<FileSource> Tree::read(std::string_view path) {
    const auto parent = state_->parent(path, false);
    if (!parent) return parent.error();
    if (!*parent) return state_->failed("open", path, ENOENT);
    return FileSource::open_at((*parent)->descriptor.get(), last_of(path),
                               (state_->path / path).string());
}

Result<IncomingFile> Tree::create(std::string_view path, const IncomingPlan& plan) {
    for (bool again = false;; again = true) {
        const auto parent = state_->parent(path, true);
        if (!parent) return parent.error();
        auto file = std::make_unique<IncomingFile::State>(*parent, state_->folders.dirty(),
                                                          last_of(path), plan);
        const auto opened =
            file->resumable() ? file->open_partial() : file->open_small(state_->unnamed_files);
        if (opened) return IncomingFile(std::move(file));
        if (again || !state_->lost(*parent)) return opened.error();
    }
}

Result<bool> Tree::make_folder(std::string_view path, std::optional<std::uint32_t> mode,
                               std::optional<FileTime> mtime) {
    auto parent = state_->parent(path, true);
    if (!parent) return parent.error();
    auto made = state_->folders.make(*parent, last_of(path));
    if (!made && state_->lost(*parent)) {
        parent = state_->parent(path, true);
        if (!parent) return parent.error();
        made = state_->folders.make(*parent, last_of(path));
    }
    if (!made) return made.error();
    const int folder = made->first->descriptor.get();
    struct stat status {};
    if (::fstat(folder, &status) != 0) return state_->failed("examine", path, errno);
    const mode_t wanted = mode ? (status.st_mode & 07000) | (*mode & 0777) : status.st_mode & 07777;
    const bool other_mode = wanted != (status.st_mode & 07777);
    const bool other_time = mtime && !same_time(status, *mtime);
    if (other_mode && ::fchmod(folder, wanted) != 0) {
        return state_->failed("set the access rights of", path, errno);
    }
    if (other_time) {
        const timespec times[] = {{0, UTIME_OMIT}, to_timespec(*mtime)};
        if (::futimens(folder, times) != 0) return state_->failed("set the time of", path, errno);
    }
    if (other_mode || other_time) state_->folders.dirty()->add(made->first);
    return made->second;
}

Result<bool> Tree::make_link(std::string_view path, const std::string& target, FileTime mtime,
                             bool replace) {
    constexpr std::string_view what = "make the link";
    auto parent = state_->parent(path, true);
    if (!parent) return parent.error();
    const std::string name = last_of(path);
    const auto make = [&] {
        return ::symlinkat(target.c_str(), (*parent)->descriptor.get(), name.c_str());
    };
    int made = make();
    if (made != 0 && errno == ENOENT && state_->lost(*parent)) {
        parent = state_->parent(path, true);
        if (!parent) return parent.error();
        made = make();
    }
    const int folder = (*parent)->descriptor.get();
    const bool was_there = made != 0 && errno == EEXIST && leads_to(folder, name, target);
    struct stat status {};
    if (made != 0 && !was_there) {
        if (errno != EEXIST) return state_->failed(what, path, errno);
        const bool exchangeable =
            ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode));
        if (!replace || !exchangeable) {
            return state_->refused(what, path, "something else of that name is there");
        }
        if (!replace_by_link(folder, name, target)) return state_->failed(what, path, errno);
    }
    // One that was there may be of a run that was killed before it gave the time.
    if (was_there && ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        same_time(status, mtime)) {
        return false;
    }
    const timespec times[] = {{0, UTIME_OMIT}, to_timespec(mtime)};
    if (::utimensat(folder, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
        return state_->failed("set the time of", path, errno);
    }
    state_->folders.dirty()->add(*parent);
    return !was_there;
}

Result<> Tree::set_metadata(std::string_view path, std::uint32_t mode, FileTime mtime) {
    const auto parent = state_->parent(path, false);
    if (!parent) return parent.error();
    if (!*parent) return state_->failed("open", path, ENOENT);
    const std::string name = last_of(path);
    constexpr int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    Descriptor file(::openat((*parent)->descriptor.get(), name.c_str(), O_RDONLY | flags));
    if (!file && errno == EACCES) {
        file = Descriptor(::openat((*parent)->descriptor.get(), name.c_str(), O_WRONLY | flags));
    }
    if (!file) return state_->failed("open", path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return state_->failed("examine", path, errno);
    if (!S_ISREG(status.st_mode)) {
        return state_->refused("set the time of", path, "it is no regular file");
    }
    if ((status.st_mode & 07777) == (mode & 0777) && same_time(status, mtime)) return {};
    if (::fchmod(file.get(), mode & 0777) != 0) {
        return state_->failed("set the access rights of", path, errno);
    }
    const timespec times[] = {{0, UTIME_OMIT}, to_timespec(mtime)};
    if (::futimens(file.get(), times) != 0) return state_->failed("set the time of", path, errno);
    state_->folders.dirty()->add_file_system(*parent);
    return {};
}

Result<> Tree::sync_folders() { return state_->folders.dirty()->sync(); }

void Tree::forget_partial(std::string_view path) {
    const auto parent = state_->parent(path, false);
    if (parent && *parent) remove_partial((*parent)->descriptor.get(), last_of(path));
}

Result<> Tree::sync_all() {
    if (::syncfs(state_->root()) != 0) return state_->failed("make durable", "", errno);
    return {};
}

Result<std::uint64_t> Tree::free_space() const {
    struct statvfs status {};
    if (::fstatvfs(state_->root(), &status) != 0) {
        return state_->failed("find the free space of", "", errno);
    }
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

Result<std::uint64_t> Tree::used_space() const {
    FolderReader reader;
    const int reason = reader.enter(state_->root(), ".", true);
    if (reason != 0) return state_->failed("read", "", reason);
    std::uint64_t used = 0;
    while (reader.depth() > 0) {
        const auto* entry = reader.next();
        if (entry == nullptr) {
            reader.leave();
            continue;
        }
        struct stat status {};
        if (entry->type == DT_DIR) {
            reader.enter(entry->name);
        } else if (entry->type == DT_REG && reader.examine(entry->name, status)) {
            used += static_cast<std::uint64_t>(status.st_size);
        }
    }
    return used;
}

const fs::path& Tree::root() const { return state_->path; }

}  // namespace netcopy
