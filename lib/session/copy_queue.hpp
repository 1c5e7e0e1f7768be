#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "crypto/digest.hpp"
#include "file/tree_walk.hpp"
#include "net/task.hpp"

namespace netcopy {

struct CopyFolderNode;

/// Something to be sent. Belongs to the connection that has taken it, or to the queue.
struct CopyItem {
    enum class Kind { file, pipe, folder, link };

    Kind kind = Kind::file;
    std::string name;  ///< as the receiver is to have it
    std::filesystem::path path;
    FileStatus status;
    std::string target;  ///< of a link
    /// What is known already: nothing is hashed when these are all that is asked for. The file
    /// must still be there, under its name, when its bytes have been read.
    Digests digests;

    std::shared_ptr<CopyFolderNode> folder;  ///< that is not finished before this is
    std::uint64_t counted = 0;               ///< bytes shown as done so far
    unsigned retries = 0;                    ///< after "busy" or "corrupted"
    std::shared_ptr<FileProgress> shown;     ///< while it is under way, if it takes long
};
using CopyItemPtr = std::shared_ptr<CopyItem>;

/// What became of an item.
struct CopyOutcome {
    enum class Kind { sent, same, failed };

    Kind kind = Kind::sent;
    std::uint64_t bytes = 0;  ///< of the file
    Digests digests;          ///< as far as they were computed
    std::string stored_as;    ///< at the receiver, if another name than the item's; else empty
    Error error = {};         ///< with failed
};

CopyOutcome failed_outcome(Error error);

/// How a run ended, all connections together.
struct CopySummary {
    std::uint64_t files = 0;  ///< and links; folders do not count
    std::uint64_t sent = 0;
    std::uint64_t same = 0;  ///< were there already
    std::uint64_t failed = 0;
    std::uint64_t left_out = 0;  ///< links, sockets, devices
    std::uint64_t bytes = 0;     ///< of the files that were sent
    Error first_failure;         ///< with failed > 0
    bool all_alike = true;       ///< all failures are of the first one's kind

    void add(const CopyOutcome& outcome);  ///< but for `files`
};

/// Called for each item but folders when it is done, one call at a time, on any thread.
using OnCopied = std::function<void(const CopyItem&, const CopyOutcome&)>;

/// What is to be sent: fed by a walk that goes on only as fast as connections take, so that nothing
/// is collected. A folder comes last, when everything below it is done: its time would change.
/// Thread-safe; calls may block on the disk.
class CopyQueue {
public:
    CopyQueue(TreeWalk walk, TreeProgress& progress, OnCopied on_copied);
    /// One that add() fills, until close(): what a client asks for (GET).
    CopyQueue(TreeProgress& progress, OnCopied on_copied);
    void add(CopyItemPtr item);
    void close();

    /// Null: nothing at present; see finished() and next_retry().
    CopyItemPtr take();
    /// Its connection broke: it is to be offered again.
    void give_back(CopyItemPtr item);
    /// It is to be offered again after a while that doubles each time.
    void retry_later(CopyItemPtr item);
    void finish(CopyItemPtr item, CopyOutcome outcome);
    /// Everything has been taken and finished.
    bool finished() const;
    /// There is something that nobody has taken yet, as far as the walk knows.
    bool has_more() const;
    /// When an item that was put off may be taken; max: none waits.
    Clock::time_point next_retry() const;

    /// Before the first take(): standard input under this name.
    void add_pipe(std::string name);
    /// Called, on any thread, when there may be something to take() or finished() has become true.
    void on_change(std::function<void()> call);
    CopySummary summary() const;
    TreeProgress& progress() { return progress_; }

private:
    CopyItemPtr walk_on();
    void enter(WalkEntry entry);
    void leave();
    void release(std::shared_ptr<CopyFolderNode> node);
    void fail(const std::string& name, const std::filesystem::path& path, Error error);
    void count(const CopyItem& item, const CopyOutcome& outcome);
    void tell_change();

    mutable std::mutex mutex_;  // guards all that follows, and the order of on_copied_
    std::optional<TreeWalk> walk_;
    bool walking_ = true;                                // or open
    std::vector<std::shared_ptr<CopyFolderNode>> open_;  // the folders that the walk is in
    std::deque<CopyItemPtr> ready_;  // given back, or folders whose time has come
    std::vector<std::pair<Clock::time_point, CopyItemPtr>> later_;
    std::size_t taken_ = 0;
    TreeProgress& progress_;
    OnCopied on_copied_;
    std::vector<std::function<void()>> on_change_;
    CopySummary summary_;
};

}  // namespace netcopy
