#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "file/descriptor.hpp"

/// Open folders below a Tree's root. For file/ only; none of it is thread-safe, and calls block.
namespace netcopy {

struct Folder;

/// Folders whose entries, or whose own rights and times, changed and are not durable yet. Of few it
/// remembers each, of many only on which file systems they are.
class DirtyFolders {
public:
    static constexpr std::size_t few = 8;

    void add(const std::shared_ptr<Folder>& folder);
    /// Something else on the folder's file system than its entries changed.
    void add_file_system(const std::shared_ptr<Folder>& folder);
    /// fsync for few, one syncfs for each file system for many. Afterwards there are none, whatever
    /// comes.
    Result<> sync();

private:
    std::vector<std::shared_ptr<Folder>> folders_;
    std::vector<std::shared_ptr<Folder>> file_systems_;  // one folder of each
};

/// The folder that everything must stay below.
struct Root {
    Descriptor descriptor;
    std::string shown;  ///< as given, for people
};

struct Folder {
    std::shared_ptr<const Root> root;
    Descriptor descriptor;
    std::string path;  ///< below the root; empty: the root itself
    dev_t device = 0;
    ino_t inode = 0;
    bool moved = false;  ///< its path leads elsewhere by now; not to be used again

    /// For people: the root and the path, which is a peer's.
    std::string shown() const;
    std::string shown(std::string_view component) const;
    /// Whether the path still leads here. Remembers when it does not.
    bool in_place();
};

/// openat2(2) with O_DIRECTORY and `flags`: never through a link, never out of the root. None:
/// errno.
Descriptor open_beneath(int root, const std::string& path, int flags);

/// For people: `'ROOT/PATH'`, the path escaped.
std::string shown_path(const Root& root, std::string_view path);

/// The folders used last, open. Paths are safe ones (safe_name.hpp), or empty for the root.
class Folders {
public:
    static constexpr std::size_t most_open = 64;

    explicit Folders(std::shared_ptr<const Root> root);

    /// Null: it is missing, and not to be made; this is believed for a moment when it is asked
    /// again. Errc::refused when something else is in the way.
    Result<std::shared_ptr<Folder>> open(std::string_view path, bool make);
    /// Makes `component` unless it is there. The second: whether it is new.
    Result<std::pair<std::shared_ptr<Folder>, bool>> make(const std::shared_ptr<Folder>& parent,
                                                          std::string_view component);
    /// It was removed or moved: the next open() looks for it anew.
    void forget(const std::shared_ptr<Folder>& folder);

    const std::shared_ptr<const Root>& root() const { return root_; }
    const std::shared_ptr<DirtyFolders>& dirty() const { return dirty_; }

private:
    std::shared_ptr<Folder> find(std::string_view path);
    void remember(const std::shared_ptr<Folder>& folder);
    Result<std::shared_ptr<Folder>> adopt(Descriptor descriptor, std::string path) const;
    Result<std::shared_ptr<Folder>> make_way(std::string_view path);
    Result<std::shared_ptr<Folder>> deepest_open(std::string_view path);
    Result<std::shared_ptr<Folder>> make_below(std::shared_ptr<Folder> folder,
                                               std::string_view path);

    std::shared_ptr<const Root> root_;
    std::shared_ptr<DirtyFolders> dirty_ = std::make_shared<DirtyFolders>();
    std::vector<std::shared_ptr<Folder>> open_;  // the one used last in front
    // Found missing last, and until when that is believed: all files of a new folder ask for it.
    std::string missing_;
    std::chrono::steady_clock::time_point missing_until_;
};

}  // namespace netcopy
