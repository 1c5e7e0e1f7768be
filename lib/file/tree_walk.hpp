#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "file/status.hpp"

namespace netcopy {

/// One --include or --exclude. The first rule that matches decides; without one everything is in.
struct WalkRule {
    bool include = false;
    /// fnmatch(3) pattern. Without a slash it is held against the last component, else against the
    /// whole path below the operand (* does not match a slash, ** does). A slash at the end:
    /// folders only; one in front: from the operand on, as with any other slash. A folder that is
    /// out takes everything below with it. Operands have a last component, but no path.
    std::string pattern;
};

struct WalkOptions {
    bool recursive = false;
    bool links = false;  ///< symbolic links are entries; else they are left out, operands followed
    std::vector<WalkRule> rules;
};

struct WalkEntry {
    enum class Kind {
        file,
        folder_begin,
        folder_end,  ///< all entries since its begin lie below it
        link,
        left_out,  ///< why: in `error`; no failure (a link, a socket, a device)
        /// Unreadable, gone meanwhile, an operand that is none of these or (Errc::usage) a folder
        /// without `recursive`: in `error`. Of a folder in the middle of it: its end follows.
        failed,
    };
    Kind kind = Kind::file;
    std::string name;            ///< as the receiver is to have it; empty for "." itself
    std::filesystem::path path;  ///< to open it by; never ends in a link that was followed
    FileStatus status;
    std::string target;  ///< of a link
    Error error;
};

/// Goes through operands and the folders below them as they lie on the disk, one entry at a time:
/// nothing is collected but the folders on the way down, of which at most 64 are open (of those
/// above, the names that are left). An operand `a/b` is called `b` and what is
/// below it `b/...`; `.`, `..` and `/` stand for what is in them. netcopy's own temporary files
/// are passed over. Not thread-safe; calls block.
class TreeWalk {
public:
    TreeWalk(std::vector<std::filesystem::path> operands, WalkOptions options);
    TreeWalk(TreeWalk&&) noexcept;
    ~TreeWalk();

    /// No value: that was all.
    std::optional<WalkEntry> next();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace netcopy
