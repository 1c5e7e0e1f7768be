#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "crypto/digest.hpp"
#include "file/status.hpp"
#include "net/disk_pool.hpp"
#include "net/task.hpp"
#include "session/content_claims.hpp"
#include "session/listing_changes.hpp"

namespace netcopy {

/// A file that can be listed and downloaded.
struct SharedFile {
    std::string name;
    FileStatus status;   ///< when it was hashed; what is served is compared with it
    std::string md5;     ///< 32 lower-case hex digits: the id
    std::string sha256;  ///< 64 of them
};

struct SharedFolderTimes {
    /// A file that has appeared is hashed no sooner, for learn() may be about to tell its digests.
    std::chrono::milliseconds grace{250};
    /// A file that somebody has open for writing is at rest when nothing was written for so long. A
    /// file whose time of last change is younger may change again without getting another time.
    std::chrono::milliseconds quiet{2000};
    /// What was found out is written to the index once in so long.
    std::chrono::milliseconds write{1000};
    /// The events of so long are read together.
    std::chrono::milliseconds gather{10};
    /// Now, as files' times go.
    std::function<FileTime()> now;  ///< empty: the system's clock
};

/// A folder that is served flat: the regular files directly in it, each with its MD5 and SHA-256.
/// It keeps in memory what there is, follows what other programs do there (inotify), hashes in the
/// background what it does not know, and remembers that in FOLDER/.netcopy/index.db from one run to
/// the next (docs/decisions/0015). A file is listed from when its digests are known until it is
/// written to, renamed or removed. Thread-safe but for run() and stop(); any session may ask at any
/// time, on any thread.
class SharedFolder {
public:
    /// Nothing of that name is listed, nor to be stored: the index's own folder.
    static constexpr std::string_view own_folder = ".netcopy";
    /// Digits of an id that find_id() wants at least.
    static constexpr std::size_t least_digits = 6;

    /// Looks at every file: blocks, for less than a second for 100,000. Those that the index knows
    /// are listed at once, the others when run() has hashed them. `disk` must outlive it.
    /// Errc::local_file when the folder cannot be read; without a watch or an index (no rights, a
    /// read-only file system) it works all the same, and the log says what is missing.
    static Result<std::unique_ptr<SharedFolder>> open(const std::filesystem::path& folder,
                                                      const Executor& executor, DiskPool& disk,
                                                      SharedFolderTimes times = {});
    /// Not before run() has returned, if it was started.
    ~SharedFolder();

    /// Follows the folder and hashes, until stop(), or until it is cancelled; both wait for the job
    /// in the disk pool, 100 ms at most, and write the index. On the executor of open(), once. It
    /// does not throw.
    Task<> run();
    /// On the executor of open(), or before it runs.
    void stop();

    /// Up to `most` files behind that name, by name, bytewise; from the first with an empty one. A
    /// list made of pages is stable: what does not change meanwhile is in it exactly once.
    std::vector<SharedFile> page(std::string_view after, std::size_t most) const;
    std::size_t count() const;
    std::optional<SharedFile> find(std::string_view name) const;

    /// From now on it is kept which names change in the list, the latest 65,536. `changed` is
    /// called behind each, on any thread, while the folder is locked: it must neither block nor
    /// ask. Empty: nobody follows any more. One follower.
    void follow_changes(std::function<void()> changed);
    /// Of the list: how often it has changed while it was followed. A page that is asked for later
    /// has what changed before.
    std::uint64_t version() const;
    /// Up to `most` names that were listed, listed anew or taken from the list behind that version.
    ListingChanges::Since changes_since(std::uint64_t version, std::size_t most) const;

    struct Match {
        std::optional<SharedFile> file;  ///< of several with the same bytes the first by name
        bool ambiguous = false;          ///< several ids begin so
    };
    /// By id or the beginning of one, in hex of either case.
    Match find_id(std::string_view digits) const;

    /// To be asked before the commit of a file with these digests (MD5 and SHA-256 among them): its
    /// content takes part in the search for collisions until the claim goes, which is to be after
    /// learn(). Errc::refused when a file that is listed, or claimed, has this MD5 and another
    /// SHA-256.
    Result<ContentClaims::Claim> claim(const std::string& name, const Digests& digests) const;

    /// A file of so many bytes was committed under that name, and has these digests (MD5 and
    /// SHA-256 among them, or it will be hashed): it is listed when this returns, without having
    /// been read. False: it is not what was committed any more, or collides after all; it is looked
    /// at like any other. Blocks, for one stat(2).
    bool learn(const std::string& name, std::uint64_t size, const Digests& digests);

    /// Of the hashing: files and bytes of what was found since open(), those done, and the large
    /// ones under way. `counting` while something is left to do. Bytes count what was really read.
    const TreeProgress& progress() const;
    /// Nothing is known that would have to be looked at, hashed, shared or written: for tests, and
    /// for whoever wants a list that has everything.
    bool at_rest() const;

private:
    class State;
    explicit SharedFolder(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace netcopy
