#include "file/folder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.hpp"

namespace netcopy {
namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr std::chrono::milliseconds missing_for{100};

Error folder_error(const Root& root, std::string_view path, int reason) {
    // The last two: a link, or a link that leads out.
    if (reason == ENOTDIR || reason == ELOOP || reason == EXDEV) {
        return make_error(Errc::refused, "cannot write below " + shown_path(root, path) +
                                             ": something that is no folder is in the way");
    }
    return make_error(Errc::local_file, "cannot open the folder " + shown_path(root, path), reason);
}

}  // namespace

std::string shown_path(const Root& root, std::string_view path) {
    constexpr std::size_t most = 1000;  // bytes
    std::string shown = root.shown;
    if (!path.empty()) {
        if (!shown.ends_with('/')) shown += '/';
        shown += path;
    }
    return "'" + escape(shown, most) + "'";
}

std::string Folder::shown() const { return shown_path(*root, path); }

std::string Folder::shown(std::string_view component) const {
    return shown_path(*root,
                      path.empty() ? std::string(component) : path + "/" + std::string(component));
}

bool Folder::in_place() {
    if (path.empty()) return true;
    const Descriptor found = open_beneath(root->descriptor.get(), path, O_PATH | O_CLOEXEC);
    struct stat status {};
    if (!found && (errno == EMFILE || errno == ENFILE)) return true;  // that is no answer
    moved = !found || ::fstat(found.get(), &status) != 0 || status.st_dev != device ||
            status.st_ino != inode;
    return !moved;
}

Descriptor open_beneath(int root, const std::string& path, int flags) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_DIRECTORY);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    constexpr int attempts = 16;  // openat2(2): EAGAIN when a rename elsewhere gets in between
    long descriptor = -1;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        descriptor = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
        if (descriptor >= 0 || errno != EAGAIN) break;
    }
    return Descriptor(static_cast<int>(descriptor));
}

void DirtyFolders::add(const std::shared_ptr<Folder>& folder) {
    if (!folders_.empty() && folders_.back() == folder) return;
    const auto same = [&](const auto& each) { return each->device == folder->device; };
    if (std::ranges::any_of(file_systems_, same)) return;
    if (std::ranges::find(folders_, folder) != folders_.end()) return;
    if (folders_.size() < few) {
        folders_.push_back(folder);
        return;
    }
    for (const auto& each : folders_) add_file_system(each);
    add_file_system(folder);
    folders_.clear();
}

void DirtyFolders::add_file_system(const std::shared_ptr<Folder>& folder) {
    const auto same = [&](const auto& each) { return each->device == folder->device; };
    if (std::ranges::none_of(file_systems_, same)) file_systems_.push_back(folder);
}

Result<> DirtyFolders::sync() {
    Result<> outcome;
    const auto failed = [&outcome](const Folder& folder) {
        if (!outcome) return;
        outcome = make_error(Errc::local_file, "cannot make durable " + folder.shown(), errno);
    };
    for (const auto& each : file_systems_) {
        if (::syncfs(each->descriptor.get()) != 0) failed(*each);
    }
    for (const auto& each : folders_) {
        // Some file systems cannot sync a folder (EINVAL); there a rename is as durable as it gets.
        if (::fsync(each->descriptor.get()) != 0 && errno != EINVAL) failed(*each);
    }
    file_systems_.clear();
    folders_.clear();
    return outcome;
}

Folders::Folders(std::shared_ptr<const Root> root) : root_(std::move(root)) {}

std::shared_ptr<Folder> Folders::find(std::string_view path) {
    const auto found = std::ranges::find(
        open_, path, [](const auto& each) -> std::string_view { return each->path; });
    if (found == open_.end()) return nullptr;
    if ((*found)->moved) {
        open_.erase(found);
        return nullptr;
    }
    std::rotate(open_.begin(), found, found + 1);
    return open_.front();
}

void Folders::remember(const std::shared_ptr<Folder>& folder) {
    if (open_.size() == most_open) open_.pop_back();
    open_.insert(open_.begin(), folder);
}

void Folders::forget(const std::shared_ptr<Folder>& folder) {
    folder->moved = true;
    std::erase(open_, folder);
}

Result<std::shared_ptr<Folder>> Folders::adopt(Descriptor descriptor, std::string path) const {
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) return folder_error(*root_, path, errno);
    auto folder = std::make_shared<Folder>();
    folder->root = root_;
    folder->descriptor = std::move(descriptor);
    folder->path = std::move(path);
    folder->device = status.st_dev;
    folder->inode = status.st_ino;
    return folder;
}

Result<std::shared_ptr<Folder>> Folders::open(std::string_view path, bool make) {
    if (auto found = find(path)) return found;
    if (!make && path == missing_ && std::chrono::steady_clock::now() < missing_until_) {
        return std::shared_ptr<Folder>();
    }
    std::string name(path);
    Descriptor descriptor =
        open_beneath(root_->descriptor.get(), path.empty() ? "." : name, folder_flags);
    if (!descriptor && errno == ENOENT) {
        if (make) return make_way(path);
        missing_ = std::move(name);
        missing_until_ = std::chrono::steady_clock::now() + missing_for;
        return std::shared_ptr<Folder>();
    }
    if (!descriptor) return folder_error(*root_, path, errno);
    auto folder = adopt(std::move(descriptor), std::move(name));
    if (folder) remember(*folder);
    return folder;
}

/// Down from the deepest folder that is open, so that a path costs what it is long, not the square
/// of it.
Result<std::shared_ptr<Folder>> Folders::make_way(std::string_view path) {
    for (int attempt = 0;; ++attempt) {
        constexpr int attempts = 4;  // somebody removes folders while we make them
        auto start = deepest_open(path);
        if (!start) return start;
        auto folder = make_below(*start, path);
        if (folder) remember(*folder);
        if (folder || !(*start)->moved || attempt == attempts) return folder;
    }
}

Result<std::shared_ptr<Folder>> Folders::deepest_open(std::string_view path) {
    for (std::size_t end = path.rfind('/'); end != path.npos; end = path.rfind('/', end - 1)) {
        if (auto folder = find(path.substr(0, end))) return folder;
    }
    return open("", false);
}

Result<std::shared_ptr<Folder>> Folders::make_below(std::shared_ptr<Folder> folder,
                                                    std::string_view path) {
    std::size_t done = folder->path.size();
    while (done < path.size()) {
        const std::size_t begin = done == 0 ? 0 : done + 1;
        done = std::min(path.find('/', begin), path.size());
        auto made = make(folder, path.substr(begin, done - begin));
        if (!made) return made.error();
        folder = std::move(made->first);
    }
    return folder;
}

Result<std::pair<std::shared_ptr<Folder>, bool>> Folders::make(
    const std::shared_ptr<Folder>& parent, std::string_view component) {
    const std::string name(component);
    std::string path = parent->path.empty() ? name : parent->path + "/" + name;
    const bool made = ::mkdirat(parent->descriptor.get(), name.c_str(), 0777) == 0;
    if (!made && errno != EEXIST) {
        const int reason = errno;
        if (reason == ENOENT) forget(parent);
        return make_error(Errc::local_file, "cannot make the folder " + shown_path(*root_, path),
                          reason);
    }
    if (made) {
        dirty_->add(parent);
        missing_until_ = {};
    }
    Descriptor descriptor(
        ::openat(parent->descriptor.get(), name.c_str(), folder_flags | O_NOFOLLOW));
    if (!descriptor) return folder_error(*root_, path, errno);
    auto folder = adopt(std::move(descriptor), std::move(path));
    if (!folder) return folder.error();
    if (made) dirty_->add(*folder);
    return std::pair{std::move(*folder), made};
}

}  // namespace netcopy
