#include <algorithm>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "session/folder_indexer.hpp"

namespace netcopy {
namespace {

constexpr std::uint64_t least_shared = 4096;  // bytes; less is no block
constexpr std::size_t most_rows = 10'000;     // of one transaction
/// A full disk may be better after so long.
constexpr std::chrono::seconds try_again{30};

}  // namespace

/// For the next start.
void FolderIndexer::remember(const KnownFile& known) {
    const FlatFile& file = known.file;
    if (!folder_ || file.device != folder_->device()) return;
    if (known.racy && !watched_) return;  // nobody would tell that it changed again
    if (unwritten_.empty()) next_write_ = Clock::now() + times_.write;
    unwritten_[file.inode] = ShareIndex::Row{.inode = file.inode,
                                             .size = file.status.size,
                                             .mtime = file.status.mtime,
                                             .born = file.born,
                                             .digests = known.digests};
}

void FolderIndexer::forget(std::uint64_t inode) {
    if (unwritten_.empty()) next_write_ = Clock::now() + times_.write;
    unwritten_[inode] = std::nullopt;
}

/// Whether a file with this time of last change may change again without getting another.
bool FolderIndexer::is_racy(FileTime mtime) const {
    mtime.seconds += std::chrono::ceil<std::chrono::seconds>(times_.quiet).count();
    return mtime > times_.now();
}

/// `last`: all that can be written, and now.
void FolderIndexer::write_some(bool last) {
    std::vector<ShareIndex::Row> put;
    std::vector<std::uint64_t> forgotten;
    do {
        put.clear();
        forgotten.clear();
        {
            const Lock lock(mutex_);
            for (const std::uint64_t inode : files_.take_forgotten()) forget(inode);
            if (!index_ || !index_->problem().empty()) unwritten_.clear();
            if (unwritten_.empty() || (!last && Clock::now() < next_write_)) return;
            next_write_ = Clock::now() + times_.write;
            take_unwritten(put, forgotten);
        }
        if (!write(put, forgotten)) return;
    } while (put.size() + forgotten.size() >= most_rows);
}

/// Those that will not change any more without that we notice.
void FolderIndexer::take_unwritten(std::vector<ShareIndex::Row>& put,
                                   std::vector<std::uint64_t>& forgotten) {
    for (auto each = unwritten_.begin();
         each != unwritten_.end() && put.size() + forgotten.size() < most_rows;) {
        if (each->second && is_racy(each->second->mtime)) {
            ++each;
            continue;
        }
        if (each->second) {
            put.push_back(*each->second);
            files_.settle(each->first);
        } else {
            forgotten.push_back(each->first);
        }
        each = unwritten_.erase(each);
    }
}

bool FolderIndexer::write(const std::vector<ShareIndex::Row>& put,
                          const std::vector<std::uint64_t>& forgotten) {
    if (put.empty() && forgotten.empty()) return true;
    const auto written = index_->write(put, forgotten);
    const bool failed = !written || !index_->problem().empty();
    if (failed && !std::exchange(write_failed_, true)) {
        NETCOPY_LOG(warning) << "the index of " << quote(path_.string()) << " is not up to date: "
                             << (written ? index_->problem() : written.error().context);
    }
    if (written) {
        write_failed_ = failed;
        return !failed;
    }
    const Lock lock(mutex_);
    for (const auto& row : put) unwritten_.emplace(row.inode, row);
    for (const auto inode : forgotten) unwritten_.emplace(inode, std::nullopt);
    next_write_ = Clock::now() + try_again;
    return false;
}

/// Another file has the same bytes: under the lock.
void FolderIndexer::share_later(const std::string& name) {
    if (sharing_impossible_ || to_share_.size() >= most_rows) return;
    if (files_.twin(name)) to_share_.push_back(name);
}

bool FolderIndexer::start_sharing() {
    std::string name;
    std::string twin;
    Folder in;
    {
        const Lock lock(mutex_);
        if (to_share_.empty()) return false;
        name = std::move(to_share_.front());
        to_share_.pop_front();
        const auto* const other = files_.twin(name);
        if (!folder_ || !other || other->second.file.status.size < least_shared) return false;
        twin = other->first;
        in = folder_;
    }
    auto kept = in->read(twin);
    auto copy = in->read(name);
    if (!kept || !copy || kept->file.status.size != copy->file.status.size) return false;
    sharing_ = std::make_unique<Sharing>(std::move(*kept), std::move(*copy), std::move(name));
    return true;
}

void FolderIndexer::share_some() {
    using State = BlockSharing::State;
    const auto shared = sharing_->sharing.share_some();
    if (shared && *shared == State::more) return;
    const std::string where = quote((path_ / sharing_->name).string());
    if (!shared) {
        NETCOPY_LOG(debug) << shared.error().context;
    } else if (*shared == State::impossible) {
        NETCOPY_LOG(debug) << where << ": its file system cannot share blocks";
        const Lock lock(mutex_);
        sharing_impossible_ = true;
        to_share_.clear();
    } else if (*shared == State::done) {
        NETCOPY_LOG(info) << where << " shares " << sharing_->sharing.shared()
                          << " bytes on the disk with " << quote(sharing_->kept.source.name());
    }
    sharing_.reset();
}

}  // namespace netcopy
