#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/progress.hpp"
#include "file/flat_folder.hpp"
#include "file/folder_watch.hpp"
#include "file/share_blocks.hpp"
#include "session/name_changes.hpp"
#include "session/pending_names.hpp"
#include "session/shared_files.hpp"
#include "session/shared_folder.hpp"
#include "store/share_index.hpp"

namespace netcopy {

/// What SharedFolder does on the disk, without its waits: looks at names, hashes, lets equal files
/// share their blocks, writes the index. All of it is thread-safe but work() and finish(), for one
/// caller at a time; calls block.
class FolderIndexer {
public:
    using Time = PendingNames::Time;

    /// Looks at every file. `watch` is null when changes cannot be followed, which is logged.
    static Result<std::unique_ptr<FolderIndexer>> open(const std::filesystem::path& folder,
                                                       SharedFolderTimes times,
                                                       std::optional<FolderWatch>& watch);

    template <class Ask>
    auto ask(Ask ask) const {
        const std::lock_guard lock(mutex_);
        return ask(files_);
    }
    /// As SharedFolder::follow_changes().
    void follow_changes(std::function<void()> changed);
    /// As SharedFolder::learn().
    bool learn(const std::string& name, std::uint64_t size, const Digests& digests);

    /// What the watch tells; work() looks at it.
    void note(std::string_view name, const NameChange& change);
    void note_everything();
    /// The folder is gone, and what is in it.
    void detach();
    /// Another folder may have its path by now.
    Result<std::optional<FolderWatch>> attach();

    /// When work() has something to do; none: nothing is known.
    std::optional<Time> due() const;
    bool at_rest() const;
    const TreeProgress& progress() const { return progress_; }

    /// From now on warnings are logged at once; those so far, too. A server's first words are
    /// others.
    void start_telling();

    /// Does what is due, for about 50 ms.
    void work();
    /// Writes what can be written to the index.
    void finish();

private:
    using Lock = std::lock_guard<std::mutex>;
    using Folder = std::shared_ptr<const FlatFolder>;

    struct Hashing {
        PendingNames::Taken taken;
        FlatFolder::Opened opened;
        DigestSet digests;
        std::uint64_t position = 0;
        std::shared_ptr<FileProgress> shown{};  // of large ones
        std::string also{};                     // the same file has this name, too
        std::optional<Time> nameless{};         // since when it has none
    };
    struct Sharing {
        FlatFolder::Opened kept;
        FlatFolder::Opened copy;
        std::string name;
        BlockSharing sharing{kept.source, copy.source};

        Sharing(FlatFolder::Opened first, FlatFolder::Opened second, std::string of)
            : kept(std::move(first)), copy(std::move(second)), name(std::move(of)) {}
    };

    FolderIndexer(const std::filesystem::path& folder, SharedFolderTimes times);
    void tell(std::string words, bool is_warning = true);
    void start_over();
    bool open_index();
    Folder folder() const;
    std::optional<FlatFile> look(const std::string& name) const;

    // folder_indexer_look.cpp: what is there
    void scan(const ShareIndex::Rows* rows);
    void look_at_changes();
    void look_at_gone(const std::string& name, const NameChange& change);
    void look_at(const std::string& name, const FlatFile& file, const NameChange& change,
                 const ShareIndex::Rows* rows);
    void invalidate(std::uint64_t inode);
    bool goes_on_hashing(const std::string& name, const FlatFile& file, const NameChange& change);
    std::optional<KnownFile> recognise(const std::string& name, const FlatFile& file) const;
    void wait_for_hashing(const std::string& name, const FlatFile& file, const NameChange& change);
    bool list(const std::string& name, const KnownFile& known);

    // folder_indexer_hash.cpp: what is in it
    void hash_until(Time end);
    bool start_hashing();
    bool hash_some();
    void finish_hashing();
    void stop_hashing();

    // folder_indexer_keep.cpp: what is remembered of it
    void remember(const KnownFile& known);
    void forget(std::uint64_t inode);
    bool is_racy(FileTime mtime) const;
    void write_some(bool last);
    void take_unwritten(std::vector<ShareIndex::Row>& put, std::vector<std::uint64_t>& forgotten);
    bool write(const std::vector<ShareIndex::Row>& put,
               const std::vector<std::uint64_t>& forgotten);
    void share_later(const std::string& name);
    bool start_sharing();
    void share_some();

    const std::filesystem::path path_;
    const SharedFolderTimes times_;
    TreeProgress progress_;
    std::optional<ShareIndex> index_;  // work() only

    mutable std::mutex mutex_;
    Folder folder_;  // null: gone
    bool watched_ = false;
    bool fresh_ = false;  // another folder than before, or none any more
    SharedFiles files_;
    PendingNames pending_{progress_};
    std::set<std::string> restless_;  // changed while they were hashed
    NameChanges changes_;
    bool look_at_everything_ = false;
    bool telling_ = false;
    std::vector<std::pair<std::string, bool>> to_tell_;  // until then, as tell() has them
    bool events_lost_ = false;                           // of names that are looked at now
    std::unordered_map<std::uint64_t, std::optional<ShareIndex::Row>> unwritten_;  // none: forget
    Time next_write_{};
    std::deque<std::string> to_share_;
    bool sharing_impossible_ = false;
    bool working_ = false;

    // work() only; the flags are for others to see
    std::optional<Hashing> hashing_;
    std::unique_ptr<Sharing> sharing_;
    bool write_failed_ = false;
    std::vector<std::byte> buffer_;
};

}  // namespace netcopy
