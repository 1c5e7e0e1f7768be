#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "file/folder_watch.hpp"

namespace netcopy {

/// What happened to the names of a folder since one looked at them last, several things to each.
/// That a file was written to follows it through its renames, so that it is not taken for what it
/// was by its inode. Not thread-safe.
class NameChanges {
public:
    struct Seen {
        /// Everything together, but `written` of the file that has the name now only.
        NameChange change;
        /// What had the name when one looked at it last was written to, be it here or under a name
        /// that it got later.
        bool stale = false;
    };
    using ByName = std::map<std::string, Seen, std::less<>>;
    static constexpr std::size_t most = 100'000;

    /// In the order in which they happened. False: there are too many names.
    bool add(std::string_view name, const NameChange& change);
    /// It is to be looked at, though nothing was told of it.
    void add_look(std::string_view name) { add(name, {.touched = true}); }
    bool empty() const { return names_.empty(); }
    struct Taken {
        ByName names;
        /// Something was written to that has no name any more, or one that cannot be told.
        bool lost_track = false;
    };
    Taken take();
    void clear();

private:
    /// A file that has, or had, a name.
    struct File {
        bool written = false;
        std::vector<std::string> origins;  ///< what it may have been called when one looked last
    };
    struct Tracked {
        Seen seen;
        File file;
        File replaced;          // by the last arrival
        std::string came_from;  // its name before that
    };
    struct Move {
        std::uint32_t number;
        std::string from;
        File file;
    };
    Tracked* find_or_add(std::string_view name);
    void arrive(const std::string& name, Tracked& at, std::uint32_t move);

    static constexpr std::size_t most_moves = 64;  // of which the arrival may still be told

    std::map<std::string, Tracked, std::less<>> names_;
    std::deque<Move> moves_;
    bool lost_track_ = false;
};

}  // namespace netcopy
