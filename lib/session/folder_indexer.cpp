#include "session/folder_indexer.hpp"

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "store/digest_cache.hpp"

namespace netcopy {
namespace {

constexpr std::chrono::milliseconds slice{50};

void write_log(const std::string& words, bool is_warning) {
    if (is_warning) {
        NETCOPY_LOG(warning) << words;
    } else {
        NETCOPY_LOG(info) << words;
    }
}

SharedFolderTimes with_clock(SharedFolderTimes times) {
    if (!times.now) times.now = DigestCache::system_now;
    return times;
}

}  // namespace

FolderIndexer::FolderIndexer(const std::filesystem::path& folder, SharedFolderTimes times)
    : path_(folder), times_(with_clock(std::move(times))) {
    progress_.counting = false;
}

Result<std::unique_ptr<FolderIndexer>> FolderIndexer::open(const std::filesystem::path& folder,
                                                           SharedFolderTimes times,
                                                           std::optional<FolderWatch>& watch) {
    std::unique_ptr<FolderIndexer> indexer(new FolderIndexer(folder, std::move(times)));
    auto attached = indexer->attach();
    if (!attached) return attached.error();
    watch = std::move(*attached);
    indexer->work();
    return indexer;
}

void FolderIndexer::tell(std::string words, bool is_warning) {
    const Lock lock(mutex_);
    if (telling_) {
        write_log(words, is_warning);
    } else {
        to_tell_.emplace_back(std::move(words), is_warning);
    }
}

void FolderIndexer::start_telling() {
    const Lock lock(mutex_);
    telling_ = true;
    for (const auto& [words, is_warning] : to_tell_) write_log(words, is_warning);
    to_tell_.clear();
}

/// With the folder that is there now.
void FolderIndexer::start_over() {
    index_.reset();
    if (!folder()) return scan(nullptr);
    ShareIndex::Rows rows;
    if (open_index()) rows = index_->load();
    if (index_ && index_->rebuilt()) {
        tell("the index of " + quote(path_.string()) +
             " could not be read and was put aside as index.db.broken: all files are hashed again");
    }
    if (index_ && !index_->problem().empty()) {
        tell("no index is kept of " + quote(path_.string()) + " (" + index_->problem() +
             "): the next start will hash all files again");
    }
    scan(&rows);
    std::string words = quote(path_.string()) + ": ";
    {
        const Lock lock(mutex_);
        words += std::to_string(files_.listed().size()) + " files are known, " +
                 std::to_string(progress_.files_total) + " are to be hashed";
    }
    tell(std::move(words), false);
}

/// False, and said, where a folder for it cannot be made.
bool FolderIndexer::open_index() {
    const std::string own(SharedFolder::own_folder);
    if (const auto made = folder()->make_private(own); !made) {
        tell(made.error().context + ": no index is kept, the next start will hash all files again");
        return false;
    }
    index_.emplace(path_ / own / "index.db");
    return true;
}

FolderIndexer::Folder FolderIndexer::folder() const {
    const Lock lock(mutex_);
    return folder_;
}

std::optional<FlatFile> FolderIndexer::look(const std::string& name) const {
    const Folder in = folder();
    if (!in) return std::nullopt;
    return in->look(name);
}

Result<std::optional<FolderWatch>> FolderIndexer::attach() {
    auto opened = FlatFolder::open(path_);
    if (!opened) return opened.error();
    // Before anything is looked at, so that nothing happens in between.
    auto watch = FolderWatch::open(*opened);
    if (!watch) {
        tell(watch.error().context +
             "; what other programs change there is seen at the next start only");
    }
    const Lock lock(mutex_);
    folder_ = std::make_shared<const FlatFolder>(std::move(*opened));
    watched_ = watch.has_value();
    fresh_ = true;
    std::optional<FolderWatch> attached;
    if (watch) attached = std::move(*watch);
    return attached;
}

void FolderIndexer::detach() {
    const Lock lock(mutex_);
    folder_.reset();
    fresh_ = true;
}

bool FolderIndexer::learn(const std::string& name, std::uint64_t size, const Digests& digests) {
    const auto content = ContentDigests::from(digests);
    const auto file = look(name);
    if (!content || !file || file->status.size != size) {
        note(name, {.closed = true});
        return false;
    }
    const Lock lock(mutex_);
    pending_.drop(name);
    restless_.erase(name);
    const KnownFile known{*file, *content, is_racy(file->status.mtime)};
    if (!list(name, known)) return false;
    remember(known);
    share_later(name);
    return true;
}

void FolderIndexer::follow_changes(std::function<void()> changed) {
    const Lock lock(mutex_);
    files_.changes().follow(std::move(changed));
}

void FolderIndexer::note(std::string_view name, const NameChange& change) {
    const Lock lock(mutex_);
    if (name == SharedFolder::own_folder) return;
    if (changes_.add(name, change)) return;
    changes_.clear();
    look_at_everything_ = true;
}

void FolderIndexer::note_everything() {
    NETCOPY_LOG(info) << quote(path_.string())
                      << ": more has changed than the kernel keeps; looking at every file";
    const Lock lock(mutex_);
    look_at_everything_ = true;
}

std::optional<FolderIndexer::Time> FolderIndexer::due() const {
    const Lock lock(mutex_);
    if (fresh_ || look_at_everything_ || !changes_.empty() || hashing_ || sharing_ ||
        !to_share_.empty()) {
        return Time::min();
    }
    std::optional<Time> due = pending_.due();
    if (!unwritten_.empty()) due = std::min(due.value_or(Time::max()), next_write_);
    return due;
}

bool FolderIndexer::at_rest() const {
    const Lock lock(mutex_);
    return !working_ && !fresh_ && !look_at_everything_ && changes_.empty() && pending_.empty() &&
           !hashing_ && !sharing_ && to_share_.empty() && unwritten_.empty();
}

void FolderIndexer::work() {
    const auto end = Clock::now() + slice;
    bool fresh = false;
    {
        const Lock lock(mutex_);
        working_ = true;
        events_lost_ = std::exchange(look_at_everything_, false);
        fresh = std::exchange(fresh_, false);
    }
    if (fresh) {
        start_over();
    } else if (events_lost_) {
        scan(nullptr);
    }
    events_lost_ = false;
    look_at_changes();
    hash_until(end);
    if (sharing_ || start_sharing()) share_some();
    write_some(false);
    const Lock lock(mutex_);
    working_ = false;
    if (pending_.empty() && !hashing_) progress_.counting = false;
}

void FolderIndexer::finish() {
    stop_hashing();
    sharing_.reset();
    write_some(true);
}

}  // namespace netcopy
