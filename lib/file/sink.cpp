#include "file/sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "file/io.hpp"
#include "file/temporary.hpp"

namespace netcopy {
namespace {

namespace fs = std::filesystem;

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
    sink.file_ = make_temporary(sink.folder_.get(), sink.component_, 0666, sink.temporary_);
    if (!sink.file_) return sink.failed("write", errno);
    // What was private stays so; but what a peer sent never runs with its owner's rights.
    if (*rights && ::fchmod(sink.file_.get(), **rights) != 0) return sink.failed("write", errno);
    return sink;
}

Result<> FileSink::write_at(std::uint64_t offset, Bytes bytes) {
    if (!write_all_at(file_.get(), bytes, offset)) return failed("write", errno);
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
