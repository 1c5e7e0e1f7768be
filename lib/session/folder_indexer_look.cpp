#include <algorithm>
#include <unordered_set>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "session/folder_indexer.hpp"

namespace netcopy {

/// Looks at every name, those included that were there until now. `rows`: what the index has, at
/// start; null: again, because events were lost.
void FolderIndexer::scan(const ShareIndex::Rows* rows) {
    std::vector<std::string> found;
    const Folder in = folder();
    const auto take = [&found](const char* name) {
        if (name != SharedFolder::own_folder) found.emplace_back(name);
    };
    const auto read = in ? in->names(take) : Result<>();
    if (!read) NETCOPY_LOG(warning) << read.error().context;
    std::ranges::sort(found);  // what goes into a map in its order goes fast
    std::vector<std::string> known;
    {
        const Lock lock(mutex_);
        known = files_.names();
        for (std::string& name : pending_.names()) known.push_back(std::move(name));
        files_.reserve(found.size());
    }
    std::unordered_set<std::uint64_t> inodes(rows ? found.size() : 0);
    for (const std::string& name : found) {
        const auto file = in->look(name);
        if (!file) continue;
        if (rows) inodes.insert(file->inode);
        look_at(name, *file, {.arrived = true}, rows);
    }
    if (!read) return;
    // Afterwards, so that what was renamed is still known under its old name.
    for (const std::string& name : known) {
        if (!std::ranges::binary_search(found, name)) look_at_gone(name, {.removed = true});
    }
    if (!rows) return;
    const Lock lock(mutex_);
    for (const auto& [inode, row] : *rows) {
        if (!inodes.contains(inode)) forget(inode);
    }
}

void FolderIndexer::look_at_changes() {
    NameChanges::ByName changes;
    Folder in;
    {
        const Lock lock(mutex_);
        auto taken = changes_.take();
        changes = std::move(taken.names);
        if (taken.lost_track) files_.forget_departed();
        in = folder_;
    }
    if (!in) return;
    for (const auto& [name, seen] : changes) {
        if (seen.stale) {
            const Lock lock(mutex_);
            if (const KnownFile* const known = files_.find(name)) invalidate(known->file.inode);
        }
        // Another file may have its inode by now.
        if (seen.change.removed) look_at_gone(name, seen.change);
    }
    std::vector<std::pair<std::string, NameChange>> gone;
    for (const auto& [name, seen] : changes) {
        if (const auto file = in->look(name)) {
            look_at(name, *file, seen.change, nullptr);
        } else {
            gone.emplace_back(name, seen.change);
        }
    }
    // Afterwards, so that what was renamed is still known under its old name.
    for (const auto& [name, change] : gone) look_at_gone(name, change);
}

/// Somebody wrote to it: all its names are to be looked at. Under the lock.
void FolderIndexer::invalidate(std::uint64_t inode) {
    for (const std::string& name : files_.invalidate(inode)) changes_.add_look(name);
}

void FolderIndexer::look_at_gone(const std::string& name, const NameChange& change) {
    const bool hashing = hashing_ && hashing_->taken.name == name;
    if (hashing && change.removed) stop_hashing();
    const Lock lock(mutex_);
    restless_.erase(name);
    pending_.drop(name);
    if (change.removed) return files_.remove(name);
    files_.depart(name);
    if (!hashing) return;
    if (hashing_->also.empty()) {
        hashing_->nameless = Clock::now();
    } else {
        hashing_->taken.name = std::exchange(hashing_->also, {});
        pending_.drop(hashing_->taken.name);
    }
}

/// Somebody wrote to it, renamed it, made it, or we look at everything.
void FolderIndexer::look_at(const std::string& name, const FlatFile& file, const NameChange& change,
                            const ShareIndex::Rows* rows) {
    if (goes_on_hashing(name, file, change)) return;
    const Lock lock(mutex_);
    if (!change.written) {
        if (rows) {
            const auto row = rows->find(file.inode);
            const bool remembered = folder_ && file.device == folder_->device();
            if (remembered && row != rows->end() && row->second.is_of(file)) {
                list(name, {file, row->second.digests, false});
                return;
            }
        }
        if (const auto known = recognise(name, file)) {
            pending_.drop(name);
            list(name, *known);
            return;
        }
    }
    const KnownFile* const before = files_.find(name);
    if (before && !before->file.same_file(file)) {
        files_.depart(name);  // it was renamed over
    } else {
        files_.remove(name);
    }
    if (change.written) invalidate(file.inode);
    wait_for_hashing(name, file, change);
}

/// Whether the file that is being hashed is the one that has this name, and all is well.
bool FolderIndexer::goes_on_hashing(const std::string& name, const FlatFile& file,
                                    const NameChange& change) {
    if (!hashing_) return false;
    const bool same_name = hashing_->taken.name == name;
    const bool same_file = hashing_->opened.file.same_file(file);
    const bool same_content = hashing_->opened.file.same_content(file) && !change.written;
    if ((same_name || same_file) && !same_content) {
        const std::string hashed = hashing_->taken.name;
        stop_hashing();
        const Lock lock(mutex_);
        if (same_file) restless_.insert(hashed);
        if (!same_name) changes_.add_look(hashed);
    }
    if (!same_content) return false;
    if (hashing_->nameless) {
        const Lock lock(mutex_);
        files_.depart(name);  // it was renamed over
        hashing_->taken.name = name;
        hashing_->nameless.reset();
        return true;
    }
    if (!same_name) hashing_->also = name;
    return same_name;
}

/// Without reading it: nothing happened to it, or it has another name as well, or had until lately.
std::optional<KnownFile> FolderIndexer::recognise(const std::string& name,
                                                  const FlatFile& file) const {
    const KnownFile* known = files_.find(name);
    if (!known || !known->file.same_content(file)) known = files_.find_content(file);
    if (!known || (events_lost_ && known->racy)) return std::nullopt;
    return KnownFile{file, known->digests, known->racy};
}

void FolderIndexer::wait_for_hashing(const std::string& name, const FlatFile& file,
                                     const NameChange& change) {
    const bool whole = change.closed || change.arrived || file.links > 1;
    const bool busy = !whole && (change.written || change.made);
    // Rights were set while somebody writes to it.
    if (!whole && !busy && pending_.contains(name)) return;
    const auto wait = busy || restless_.contains(name) ? times_.quiet : times_.grace;
    const Time due = Clock::now() + wait;
    pending_.put(name, file.status.size, due);
    if (file.links == 1) return;
    for (const std::string& other : files_.names_of(file.inode)) {
        if (!files_.find(other)->file.same_content(file)) changes_.add_look(other);
    }
}

/// False: it collides with another one.
bool FolderIndexer::list(const std::string& name, const KnownFile& known) {
    const auto other = files_.put(name, known);
    if (other) {
        NETCOPY_LOG(warning) << quote((path_ / name).string()) << " is left out: it has the MD5 of "
                             << quote(*other) << ", but not its SHA-256 (an MD5 collision)";
    }
    return !other;
}

}  // namespace netcopy
