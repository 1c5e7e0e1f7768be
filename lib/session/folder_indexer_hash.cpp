#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "file/read_through.hpp"
#include "session/folder_indexer.hpp"

namespace netcopy {
namespace {

constexpr std::uint64_t stretch = 8 << 20;  // bytes between two looks at the clock
constexpr std::uint64_t large = 64 << 20;   // bytes; shown by its name while it is hashed
/// Descriptors that have run out may be there again after so long.
constexpr std::chrono::seconds try_again{5};

bool out_of_descriptors(const Error& error) {
    return error.context.ends_with(std::strerror(EMFILE)) ||
           error.context.ends_with(std::strerror(ENFILE));
}

}  // namespace

void FolderIndexer::hash_until(Time end) {
    while (Clock::now() < end) {
        if (!hashing_ && !start_hashing()) return;
        if (hashing_ && hash_some()) finish_hashing();
    }
}

/// False: none is due.
bool FolderIndexer::start_hashing() {
    Folder in;
    std::optional<PendingNames::Taken> taken;
    {
        const Lock lock(mutex_);
        in = folder_;
        if (in) taken = pending_.take(Clock::now());
    }
    if (!taken) return false;
    auto opened = in->read(taken->name);
    if (!opened) {
        const bool later = out_of_descriptors(opened.error());
        if (!later && in->look(taken->name)) {
            NETCOPY_LOG(warning) << opened.error().context << ": it is not listed";
        }
        const Lock lock(mutex_);
        pending_.give_back(*taken, 0);
        if (later) pending_.put(taken->name, taken->size, Clock::now() + try_again);
        return true;
    }
    {
        const Lock lock(mutex_);
        // Another name of it was hashed meanwhile.
        if (const KnownFile* const known = files_.find_content(opened->file)) {
            pending_.give_back(*taken, 0);
            list(taken->name, {opened->file, known->digests, known->racy});
            return true;
        }
    }
    const std::uint64_t size = opened->file.status.size;
    auto shown = size >= large ? progress_.begin(taken->name, size) : nullptr;
    hashing_.emplace(Hashing{std::move(*taken), std::move(*opened),
                             DigestSet({DigestKind::md5, DigestKind::sha256}), 0,
                             std::move(shown)});
    if (hashing_->shown) hashing_->shown->phase = Phase::hashing;
    return true;
}

/// True: it is done, one way or the other.
bool FolderIndexer::hash_some() {
    Hashing& at = *hashing_;
    {
        const Lock lock(mutex_);
        const KnownFile* const known = files_.find(at.taken.name);
        const bool learnt = known && known->file.same_content(at.opened.file);
        const bool left = at.nameless && Clock::now() > *at.nameless + times_.quiet;
        if (learnt || left) {
            pending_.give_back(at.taken, at.position);
            hashing_.reset();
            return false;
        }
    }
    const auto take = [&](Bytes bytes) {
        at.digests.update(bytes);
        progress_.bytes += bytes.size();
        if (at.shown) at.shown->bytes += bytes.size();
    };
    const std::uint64_t end = std::min(at.position + stretch, at.opened.file.status.size);
    const auto read = read_through(at.opened.source, at.position, end, buffer_, take);
    if (!read) {
        NETCOPY_LOG(warning) << read.error().context << ": it is not listed";
        stop_hashing();
        return false;
    }
    at.position = *read;
    return at.position < end || end == at.opened.file.status.size;
}

void FolderIndexer::finish_hashing() {
    Hashing at = std::move(*hashing_);
    hashing_.reset();
    const std::string& name = at.taken.name;
    const bool whole = at.opened.source.unchanged() && at.position == at.opened.file.status.size;
    const auto now = look(name);
    const Lock lock(mutex_);
    if (!whole) {
        pending_.give_back(at.taken, at.position);
        restless_.insert(name);
        if (now) pending_.put(name, now->status.size, Clock::now() + times_.quiet);
        return;
    }
    pending_.finish(at.taken, at.position);
    restless_.erase(name);
    const auto digests = ContentDigests::from(at.digests.finish());
    const FlatFile& file = at.opened.file;
    const KnownFile known{file, *digests, is_racy(file.status.mtime)};
    if (!now || !now->same_content(file)) {
        files_.remember(known);  // it was renamed, and the event is on its way
    } else if (!list(name, known)) {
        return;
    }
    remember(known);
    share_later(name);
}

/// Not under the lock.
void FolderIndexer::stop_hashing() {
    if (!hashing_) return;
    const Lock lock(mutex_);
    pending_.give_back(hashing_->taken, hashing_->position);
    hashing_.reset();
}

}  // namespace netcopy
