#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "file/descriptor.hpp"

namespace netcopy {

/// Reads folders and what is in them, down and up again, each relative to the one above, so that
/// neither the length of a path nor somebody who moves folders about leads astray. Of the folders
/// on the way down at most 64 are open. Follows no links below the first folder. For file/ only.
/// Not thread-safe; calls block.
class FolderReader {
public:
    struct Entry {
        const char* name;    ///< valid until the next call
        unsigned char type;  ///< DT_REG, DT_DIR, ..., DT_UNKNOWN when it was gone already
    };

    /// Goes to the first folder. 0, or errno.
    int enter(int at, const char* path, bool follow);
    /// Goes down into a folder of the current one. 0, or errno; then we are where we were.
    int enter(const char* name);
    /// Goes up; from the first folder: out.
    void leave();
    std::size_t depth() const { return levels_.size(); }

    /// Null at the end of the current folder, also when reading failed: see failure().
    const Entry* next();
    /// errno of next(), once; 0 when it came to the end.
    int failure();

    /// Of the current folder, and of what is in it.
    const struct stat& status() const { return levels_.back().status; }
    bool examine(const char* name, struct stat& status) const;  ///< follows no link; false: errno
    int descriptor() const;

private:
    struct Closer {
        void operator()(DIR* dir) const { ::closedir(dir); }
    };
    struct Level {
        std::unique_ptr<DIR, Closer> dir;
        Descriptor reopened;  // on the way up, in place of `dir`
        std::string rest;     // entries that were not looked at when `dir` was closed
        std::size_t rest_at = 0;
        int failure = 0;
        struct stat status {};
    };
    static constexpr std::size_t most_open = 64;

    int add_level(Descriptor folder);
    void close_highest();
    bool read(Level& level);

    std::vector<Level> levels_;
    std::size_t first_open_ = 0;  // those above are closed
    Entry entry_{};
};

}  // namespace netcopy
