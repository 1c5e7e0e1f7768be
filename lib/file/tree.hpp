#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "file/descriptor.hpp"
#include "file/incoming.hpp"
#include "file/source.hpp"
#include "file/status.hpp"

namespace netcopy {

/// A folder that a peer may write below, and nowhere else: every path is judged by safe_path() and
/// resolved by openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS), so that
/// neither names nor links that another process plants lead out. Keeps the folders used last open.
/// Calls block. Not thread-safe: each session has its own, made by another() from the service's.
///
/// Errors are Errc::refused for names and for what is in the way (a file where a folder is needed,
/// a link), Errc::local_file for the rest; each names the path.
class Tree {
public:
    /// Makes the folder, and those above it, unless it is there. The root itself may be a link.
    static Result<Tree> open(const std::filesystem::path& root);
    /// The same root, opened anew (made again if somebody removed it), with a cache of its own.
    Tree another() const;
    Tree(Tree&&) noexcept;
    Tree& operator=(Tree&&) noexcept;
    ~Tree();

    /// No value: nothing is there, or a folder on the way is missing. A link is told, not followed.
    Result<std::optional<FileStatus>> status(std::string_view path);
    /// A regular file, for reading back.
    Result<FileSource> read(std::string_view path);

    /// A new file to be written; makes the folders on the way.
    Result<IncomingFile> create(std::string_view path, const IncomingPlan& plan);
    /// Makes it unless it is there, and applies what is given, but for set-id bits. False: it was
    /// there. Folders that are made on the way to something get what the umask leaves of 0777, so
    /// that a folder which is not to be written to is no hindrance until its rights are given here.
    Result<bool> make_folder(std::string_view path, std::optional<std::uint32_t> mode,
                             std::optional<FileTime> mtime);
    /// False: the same link is there already; it gets the time. `replace` allows to replace another
    /// link or file.
    Result<bool> make_link(std::string_view path, const std::string& target, FileTime mtime,
                           bool replace);
    /// Of a regular file that is there.
    Result<> set_metadata(std::string_view path, std::uint32_t mode, FileTime mtime);

    /// Makes durable all folders and links that were made, or whose entries changed, since the last
    /// call; files see to themselves (CommitBatch).
    Result<> sync_folders();

    /// The file is there by now: removes what an earlier attempt at it may have left, a journal
    /// whose file got its name when the process was killed for instance.
    void forget_partial(std::string_view path);

    /// Makes the root's whole file system durable, also what others have written: for files that
    /// were found there, and may have been renamed by a process that was killed before its sync.
    Result<> sync_all();

    Result<std::uint64_t> free_space() const;  ///< bytes that we may use
    Result<std::uint64_t> used_space() const;  ///< bytes of all regular files below; walks the tree
    const std::filesystem::path& root() const;  ///< as given

private:
    struct State;
    explicit Tree(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace netcopy
