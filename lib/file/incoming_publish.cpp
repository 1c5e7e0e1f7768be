// The last step of a file in the making: its name.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "file/incoming_state.hpp"
#include "file/io.hpp"
#include "file/safe_name.hpp"
#include "file/temporary.hpp"

namespace netcopy {
namespace {

constexpr std::size_t compared_piece = 64 * 1024;  // bytes
constexpr std::string_view another_there = ": another file of that name is there";

}  // namespace

/// Gives it this name if that is free. Negative: errno.
int IncomingFile::State::place(const std::string& name) const {
    const int in = folder->descriptor.get();
    return temporary.empty() ? link_open_file(file.get(), in, name.c_str())
                             : rename_without_replacing(in, temporary.c_str(), name.c_str());
}

/// Whether the file that has the name is, byte for byte, this one: another connection of the same
/// sender, cut off a moment ago, may have committed it meanwhile.
bool IncomingFile::State::is_there_already(const std::string& name) const {
    constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const Descriptor there(::openat(folder->descriptor.get(), name.c_str(), flags));
    struct stat theirs {};
    struct stat ours {};
    if (!there || ::fstat(there.get(), &theirs) != 0 || ::fstat(file.get(), &ours) != 0) {
        return false;
    }
    if (!S_ISREG(theirs.st_mode) || theirs.st_size != ours.st_size) return false;
    // Who asked for a number wants both, unless it is the same file once more.
    const bool same_time = plan.keep_mtime && make_status(theirs).mtime == plan.mtime;
    const bool may_be_same = same_time || plan.same_bytes_once;
    if (plan.existing == Existing::rename && !may_be_same) return false;
    std::vector<std::byte> one(compared_piece), other(compared_piece);
    for (std::uint64_t at = 0; at < static_cast<std::uint64_t>(ours.st_size);) {
        const ssize_t got = read_all_at(file.get(), one, at);
        if (got <= 0 || read_all_at(there.get(), other, at) != got) return false;
        if (std::memcmp(one.data(), other.data(), static_cast<std::size_t>(got)) != 0) return false;
        at += static_cast<std::uint64_t>(got);
    }
    return true;
}

Result<> IncomingFile::State::replace(const std::string& name) {
    const int in = folder->descriptor.get();
    struct stat status {};
    if (::fstatat(in, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
        return refused(S_ISDIR(status.st_mode) ? ": a folder of that name is there"
                                               : ": what has that name is no file");
    }
    if (temporary.empty()) {  // only a rename replaces, and only a name can be renamed
        const auto link = [&](const char* path) { return link_open_file(file.get(), in, path); };
        std::string chosen;
        if (with_temporary_name(name, chosen, link) != 0) return failed("name", errno);
        temporary = std::move(chosen);
    }
    if (::renameat(in, temporary.c_str(), in, name.c_str()) == 0) return {};
    if (errno == EISDIR) return refused(": a folder of that name is there");
    return failed("give its final name to", errno);
}

/// This very file has the name already.
void IncomingFile::State::leave_to_the_other() {
    was_there = true;
    if (!temporary.empty()) ::unlinkat(folder->descriptor.get(), temporary.c_str(), 0);
}

Result<std::string> IncomingFile::State::publish_numbered() {
    constexpr unsigned most = 9999;
    for (unsigned number = 2; number <= most; ++number) {
        std::string name = renamed(component, number);
        if (place(name) == 0) return name;
        if (errno != EEXIST) return failed("give its final name to", errno);
        if (plan.same_bytes_once && is_there_already(name)) {
            leave_to_the_other();
            return name;
        }
    }
    return refused(": too many files of that name are there");
}

Result<std::string> IncomingFile::State::publish() {
    if (stream) return component;
    const auto safe = safe_name(component);
    if (!safe) return safe.error();
    const std::string before = temporary;
    Result<std::string> name = component;
    if (place(component) != 0) {
        if (errno != EEXIST) {
            name = failed("give its final name to", errno);
        } else if (plan.existing == Existing::replace) {
            const auto replaced = replace(component);
            if (!replaced) name = replaced.error();
        } else if (is_there_already(component)) {
            leave_to_the_other();
        } else if (plan.existing == Existing::rename) {
            name = publish_numbered();
        } else {
            name = refused(another_there);
        }
    }
    if (!name) return name;
    if (resumable() && !before.empty()) {
        const std::string notes = before + std::string(journal_suffix);
        ::unlinkat(folder->descriptor.get(), notes.c_str(), 0);
    }
    temporary.clear();
    journal = Journal();
    blocks = BlockJournal();
    file = Descriptor();
    dirty->add(folder);
    return name;
}

}  // namespace netcopy
