// The large files among those in the making: found again, locked, checked.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "file/crc64.hpp"
#include "file/incoming_state.hpp"
#include "file/io.hpp"
#include "file/temporary.hpp"

namespace netcopy {
namespace {

constexpr std::uint64_t check_stretch = 4 * 1024 * 1024;  // bytes a call of check_some()

/// A regular file that nobody else has another name for: what else was planted under that name is
/// removed, not written to. None: errno.
Descriptor open_own_file(int folder, const std::string& name, mode_t mode, struct stat& status) {
    const auto open = [&] {
        return ::openat(folder, name.c_str(),
                        O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
    };
    constexpr int attempts = 4;
    int reason = ELOOP;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Descriptor file(open());
        // An earlier attempt was finished, with rights that keep its owner out.
        if (!file && errno == EACCES &&
            ::fchmodat(folder, name.c_str(), 0600, AT_SYMLINK_NOFOLLOW) == 0) {
            file = Descriptor(open());
        }
        reason = file ? ELOOP : errno;
        if (!file && reason != ELOOP && reason != ENXIO) break;
        if (file) {
            if (::fstat(file.get(), &status) != 0) break;
            if (S_ISREG(status.st_mode) && status.st_nlink <= 1) return file;
        }
        if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) {
            reason = errno;
            break;
        }
    }
    errno = reason;
    return Descriptor();
}

}  // namespace

/// False: somebody else renamed or removed it between our opening and locking it.
Result<bool> IncomingFile::State::lock_partial() {
    const int in = folder->descriptor.get();
    struct stat opened {};
    struct stat named {};
    file = open_own_file(in, temporary, plan.mode ? 0600 : 0666, opened);
    if (!file) {
        const int reason = errno;
        temporary.clear();
        return failed("write", reason);
    }
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        temporary.clear();  // it is another's
        file = Descriptor();
        if (reason == EWOULDBLOCK) return refused(": busy, another connection is writing it");
        return failed("lock", reason);
    }
    return ::fstatat(in, temporary.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

void remove_partial(int folder, const std::string& component) {
    const std::string name = temporary_name(component, crc64(0, as_bytes(component)));
    const Descriptor partial(
        ::openat(folder, name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!partial && errno != ENOENT) return;
    if (partial && ::flock(partial.get(), LOCK_EX | LOCK_NB) != 0) return;  // it is being written
    if (partial) ::unlinkat(folder, name.c_str(), 0);
    ::unlinkat(folder, (name + std::string(journal_suffix)).c_str(), 0);
}

Result<> IncomingFile::State::open_partial() {
    constexpr int attempts = 8;
    const int in = folder->descriptor.get();
    const std::string name = temporary_name(component, crc64(0, as_bytes(component)));
    bool locked = false;
    for (int attempt = 0; attempt < attempts && !locked; ++attempt) {
        temporary = name;
        const auto result = lock_partial();
        if (!result) return result.error();
        locked = *result;
    }
    struct stat status {};
    if (!locked) {
        temporary.clear();
        return refused(": busy, another connection is writing it");
    }
    // Without a journal it is written all the same, only another attempt begins at 0.
    Descriptor notes = open_own_file(in, name + std::string(journal_suffix), 0600, status);
    if (!notes && (errno == EMFILE || errno == ENFILE)) return failed("write", errno);
    if (scattered()) {
        blocks = BlockJournal(std::move(notes), {*plan.size, plan.content, component});
        return reserve();
    }
    if (notes) journal = Journal(std::move(notes), {*plan.size, plan.mtime, component});
    if (::fstat(file.get(), &status) != 0) return failed("examine", errno);
    const auto there = std::min(static_cast<std::uint64_t>(status.st_size), *plan.size);
    position = std::min(journal.records(), there / journal_step) * journal_step;
    checking = position > 0;
    return checking ? Result<>() : start_over();
}

Result<bool> IncomingFile::State::check_some() {
    if (!checking) return true;
    std::array<std::uint64_t, check_stretch / journal_step> records{};
    const std::uint64_t wanted = std::min(position - checked, check_stretch) / journal_step;
    const std::size_t there =
        journal.read(checked / journal_step, std::span(records).first(wanted));
    std::vector<std::byte> buffer(journal_step);
    std::size_t good = 0;
    std::uint64_t crc = checked_crc;
    for (; good < there; ++good) {
        const ssize_t got = read_all_at(file.get(), buffer, checked + good * journal_step);
        if (got < 0) return failed("read back", errno);
        if (static_cast<std::size_t>(got) < buffer.size()) break;
        const std::uint64_t next = crc64(crc, buffer);
        if (next != records[good]) break;
        crc = next;
    }
    checked += good * journal_step;
    checked_crc = crc;
    if (good == wanted && checked < position) return false;
    // What lies behind is cut off, so that what will be left out reads as zeros.
    position = checked;
    checking = false;
    if (::ftruncate(file.get(), static_cast<off_t>(position)) != 0) return failed("write", errno);
    journal.resume(position / journal_step, crc);
    const auto reserved = reserve();
    if (!reserved) return reserved.error();
    return true;
}

Result<> IncomingFile::State::start_over() {
    position = 0;
    checked = 0;
    checked_crc = 0;
    checking = false;
    if (!resumable()) return {};
    if (::ftruncate(file.get(), 0) != 0) return failed("write", errno);
    journal.resume(0, 0);
    return reserve();
}

}  // namespace netcopy
