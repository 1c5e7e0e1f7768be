#include "file/sink.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>

namespace netcopy {
namespace {

namespace fs = std::filesystem;

std::string random_suffix() {
    std::array<std::byte, 4> bytes{};
    // Never blocks nor fails for so few bytes once the system has booted; a collision is tried
    // again.
    [[maybe_unused]] const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
    return to_hex(bytes);
}

/// Follows the last component while it is a symbolic link, as open() would, also to what is not
/// there.
Result<fs::path> resolve_links(fs::path path) {
    constexpr int most = 40;  // as the kernel has it
    for (int depth = 0; depth < most; ++depth) {
        std::error_code error;
        const fs::path next = fs::read_symlink(path, error);
        if (error) return path;
        path = next.is_absolute() ? next : path.parent_path() / next;
    }
    return make_error(Errc::local_file, "cannot write " + quote(path.string()), ELOOP);
}

/// A temporary name as long as the target's may not fit; the rest of the name is for people only.
std::string temporary_name(const std::string& component) {
    constexpr std::string_view mark = ".netcopy-";
    const std::size_t most = NAME_MAX - 1 - mark.size() - 8;
    return "." + component.substr(0, most) + std::string(mark) + random_suffix();
}

/// The access rights of the file that is to be replaced; none where there is no such file.
Result<std::optional<mode_t>> check_target(int folder, const std::string& component,
                                           const std::string& name) {
    struct stat status {};
    if (::fstatat(folder, component.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return std::optional<mode_t>();
        return make_error(Errc::local_file, "cannot write " + quote(name), errno);
    }
    if (S_ISREG(status.st_mode)) return std::optional<mode_t>(status.st_mode & 0777);
    return make_error(Errc::local_file,
                      "cannot write " + quote(name) + ": it is " +
                          (S_ISDIR(status.st_mode) ? "a folder" : "no regular file") +
                          "; name a file");
}

}  // namespace

FileSink::FileSink(FileSink&& other) noexcept { *this = std::move(other); }

FileSink& FileSink::operator=(FileSink&& other) noexcept {
    std::swap(folder_, other.folder_);
    std::swap(file_, other.file_);
    name_.swap(other.name_);
    component_.swap(other.component_);
    temporary_.swap(other.temporary_);
    return *this;
}

FileSink::~FileSink() { discard(); }

Error FileSink::failed(std::string_view what, int reason) const {
    return make_error(Errc::local_file, "cannot " + std::string(what) + " " + quote(name_), reason);
}

Result<FileSink> FileSink::create(const fs::path& target) {
    auto resolved = resolve_links(target);
    if (!resolved) return resolved.error();
    FileSink sink;
    sink.name_ = resolved->string();
    sink.component_ = resolved->filename().string();
    if (sink.component_.empty() || sink.component_ == "." || sink.component_ == "..") {
        return sink.failed("write", EISDIR);
    }
    const fs::path parent = resolved->parent_path();
    sink.folder_ = Descriptor(
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!sink.folder_) return sink.failed("write", errno);
    const auto rights = check_target(sink.folder_.get(), sink.component_, sink.name_);
    if (!rights) return rights.error();
    do {
        sink.temporary_ = temporary_name(sink.component_);
        sink.file_ =
            Descriptor(::openat(sink.folder_.get(), sink.temporary_.c_str(),
                                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    } while (!sink.file_ && errno == EEXIST);
    if (!sink.file_) {
        const int reason = errno;
        sink.temporary_.clear();
        return sink.failed("write", reason);
    }
    // What was private stays so; but what a peer sent never runs with its owner's rights.
    if (*rights && ::fchmod(sink.file_.get(), **rights) != 0) return sink.failed("write", errno);
    return sink;
}

Result<> FileSink::write_at(std::uint64_t offset, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t put =
            ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return failed("write", put < 0 ? errno : ENOSPC);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return {};
}

Result<> FileSink::commit() { return commit_as(""); }

Result<> FileSink::commit_as(std::string_view suffix) {
    const std::string final_name = component_ + std::string(suffix);
    if (::fsync(file_.get()) != 0) return failed("make durable", errno);
    if (::renameat(folder_.get(), temporary_.c_str(), folder_.get(), final_name.c_str()) != 0) {
        return failed("give its final name to", errno);
    }
    temporary_.clear();
    // Some file systems cannot sync a folder (EINVAL); there the rename is as durable as it gets.
    if (::fsync(folder_.get()) != 0 && errno != EINVAL) return failed("make durable", errno);
    return {};
}

void FileSink::discard() noexcept {
    if (!temporary_.empty()) ::unlinkat(folder_.get(), temporary_.c_str(), 0);
    temporary_.clear();
    file_ = Descriptor();
}

}  // namespace netcopy
