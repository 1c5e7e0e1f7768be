#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "file/descriptor.hpp"
#include "file/flat_folder.hpp"

namespace netcopy {

/// What happened to a name in a folder.
struct NameChange {
    bool made = false;      ///< a file was made, or a link to one; it may be written to
    bool written = false;   ///< bytes changed, and may go on changing
    bool closed = false;    ///< who wrote to it is done
    bool arrived = false;   ///< moved here, whole
    bool departed = false;  ///< moved away
    bool removed = false;
    bool touched = false;  ///< times or rights were set
    /// The same for the departure and the arrival of one move; else 0.
    std::uint32_t move = 0;
};

/// Tells what happens to the files that lie directly in a folder, by inotify(7). What is written
/// through another folder's name for the same file (a hard link), or on another machine (NFS), is
/// not seen. Not thread-safe; no call blocks.
class FolderWatch {
public:
    /// Everything from now on is told. Errc::local_file, when the machine's limit of watches is
    /// reached for instance.
    static Result<FolderWatch> open(const FlatFolder& folder);

    /// What happened to the folder as a whole.
    enum class State {
        there,
        lost,  ///< more happened than the kernel keeps: every name is to be looked at again
        gone,  ///< the folder was removed, moved or unmounted: nothing more will be told
    };
    /// Calls `take` for each event that waits, in order, but for netcopy's temporary names.
    State read(const std::function<void(std::string_view, const NameChange&)>& take);

    int descriptor() const { return queue_.get(); }  ///< readable when events wait; stays ours

private:
    FolderWatch(Descriptor queue, Descriptor folder, int folder_watch)
        : queue_(std::move(queue)), folder_(std::move(folder)), folder_watch_(folder_watch) {}
    bool folder_removed() const;

    Descriptor queue_;
    Descriptor folder_;
    int folder_watch_;
};

}  // namespace netcopy
