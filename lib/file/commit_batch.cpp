#include "file/commit_batch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file/incoming_state.hpp"

namespace netcopy {
namespace {

constexpr std::size_t few_files = 4;  // a syncfs for fewer would write what is not ours

/// Whether the bytes of a file that syncfs() wrote arrived: it tells only of the file system as a
/// whole, this of the file. EINVAL, ESPIPE: what is no file on a disk has nothing to tell.
bool arrived(int file) {
    return ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) == 0 || errno == EINVAL ||
           errno == ESPIPE || errno == ENOSYS;
}

}  // namespace

void CommitBatch::add(std::uint64_t tag, IncomingFile file) {
    bytes_ += file.state_->position;
    waiting_.push_back({tag, std::move(file)});
}

/// An errno for each file that is not durable now, 0 for the others.
std::vector<int> CommitBatch::sync_files() const {
    std::vector<int> reasons(waiting_.size(), 0);
    std::vector<std::pair<dev_t, int>> synced;  // a file system, and what its syncfs() said
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        const IncomingFile::State& file = *waiting_[i].file.state_;
        if (file.stream) continue;
        if (waiting_.size() <= few_files) {
            if (::fsync(file.file.get()) != 0) reasons[i] = errno;
            continue;
        }
        const dev_t device = file.folder->device;
        auto found = std::ranges::find(synced, device, &std::pair<dev_t, int>::first);
        if (found == synced.end()) {
            const int reason = ::syncfs(file.file.get()) == 0 ? 0 : errno;
            found = synced.insert(synced.end(), {device, reason});
        }
        reasons[i] = found->second;
        if (reasons[i] == 0 && !arrived(file.file.get())) reasons[i] = errno;
    }
    return reasons;
}

std::vector<CommitBatch::Outcome> CommitBatch::commit() {
    std::vector<Outcome> outcomes;
    outcomes.reserve(waiting_.size());
    const std::vector<int> reasons = sync_files();
    std::vector<std::shared_ptr<Folder>> in_place;  // looked at once for each batch
    const auto still_there = [&in_place](const std::shared_ptr<Folder>& folder) {
        if (!in_place.empty() && in_place.back() == folder) return true;
        if (std::ranges::find(in_place, folder) != in_place.end()) return true;
        if (folder->moved || !folder->in_place()) return false;
        in_place.push_back(folder);
        return true;
    };
    std::vector<std::shared_ptr<DirtyFolders>> dirty;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        IncomingFile::State& file = *waiting_[i].file.state_;
        const bool stored = !file.stream;
        if (stored && std::ranges::find(dirty, file.dirty) == dirty.end()) {
            dirty.push_back(file.dirty);
        }
        Outcome& outcome = outcomes.emplace_back(waiting_[i].tag, std::string(), false);
        if (reasons[i] != 0) {
            outcome.name = file.failed("make durable", reasons[i]);
        } else if (stored && !still_there(file.folder)) {
            outcome.name = file.refused(": its folder was moved or removed meanwhile");
        } else {
            outcome.name = file.publish();
            outcome.was_there = file.was_there;
        }
        // What a failed sync left in memory must not be taken for what is on the disk. A file that
        // was refused is of no more use either.
        if (!outcome.name && (reasons[i] != 0 || outcome.name.error() == Errc::refused)) {
            file.discard();
        }
    }
    for (const auto& each : dirty) {
        const auto synced = each->sync();
        if (synced) continue;
        for (std::size_t i = 0; i < waiting_.size(); ++i) {
            const bool concerned = waiting_[i].file.state_->dirty == each;
            if (concerned && outcomes[i].name) outcomes[i].name = synced.error();
        }
    }
    waiting_.clear();
    bytes_ = 0;
    return outcomes;
}

}  // namespace netcopy
