#include "file/folder_watch.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/bytes.hpp"
#include "file/safe_name.hpp"

namespace netcopy {
namespace {

constexpr std::uint32_t watched = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO |
                                  IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |
                                  IN_MOVE_SELF;
/// IN_IGNORED: the watch is gone, whatever the reason was.
constexpr std::uint32_t end = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

NameChange change_of(std::uint32_t mask, std::uint32_t cookie) {
    return {.made = (mask & IN_CREATE) != 0,
            .written = (mask & IN_MODIFY) != 0,
            .closed = (mask & IN_CLOSE_WRITE) != 0,
            .arrived = (mask & IN_MOVED_TO) != 0,
            .departed = (mask & IN_MOVED_FROM) != 0,
            .removed = (mask & IN_DELETE) != 0,
            .touched = (mask & IN_ATTRIB) != 0,
            .move = cookie};
}

}  // namespace

Result<FolderWatch> FolderWatch::open(const FlatFolder& folder) {
    Descriptor queue(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    Descriptor same(::fcntl(folder.descriptor(), F_DUPFD_CLOEXEC, 0));
    // The folder that is open, whatever its path leads to by now.
    const std::string path = "/proc/self/fd/" + std::to_string(folder.descriptor());
    const int watch =
        queue && same ? ::inotify_add_watch(queue.get(), path.c_str(), watched | IN_ONLYDIR) : -1;
    if (watch >= 0) {
        // Of a folder that is open its removal is told only to who watches the one above.
        ::inotify_add_watch(queue.get(), (path + "/..").c_str(), IN_DELETE | IN_ONLYDIR);
        return FolderWatch(std::move(queue), std::move(same), watch);
    }
    const std::string what = "cannot watch the folder " + quote(folder.path().string());
    if (errno == EMFILE || errno == ENOSPC) {  // the latter is worded as a full disk
        return make_error(Errc::local_file,
                          what + ": the system's limit is reached (fs.inotify.max_user_" +
                              (errno == EMFILE ? "instances)" : "watches)"));
    }
    return make_error(Errc::local_file, what, errno);
}

bool FolderWatch::folder_removed() const {
    struct stat status {};
    return ::fstat(folder_.get(), &status) == 0 && status.st_nlink == 0;
}

FolderWatch::State FolderWatch::read(
    const std::function<void(std::string_view, const NameChange&)>& take) {
    State state = State::there;
    alignas(inotify_event) std::array<char, 64 * 1024> buffer;
    for (;;) {
        const ssize_t got = ::read(queue_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return state;
        inotify_event event{};
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);
             at += sizeof event + event.len) {
            std::memcpy(&event, &buffer[at], sizeof event);
            if ((event.mask & IN_Q_OVERFLOW) != 0) state = State::lost;
            if (event.wd != folder_watch_) {
                if ((event.mask & IN_ISDIR) != 0 && folder_removed()) return State::gone;
                continue;
            }
            if ((event.mask & end) != 0) return State::gone;
            if (event.len == 0 || (event.mask & IN_ISDIR) != 0) continue;
            const std::string_view name(&buffer[at + sizeof event]);  // NUL-padded
            if (!is_temporary_name(name)) take(name, change_of(event.mask, event.cookie));
        }
    }
}

}  // namespace netcopy
