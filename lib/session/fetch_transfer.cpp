#include "session/fetch_transfer.hpp"

#include <algorithm>
#include <utility>

namespace netcopy {

FetchTransfer::FetchTransfer(Identity identity, ScatteredFile file, Event event,
                             std::shared_ptr<FileProgress> shown, TreeProgress& progress)
    : identity_(std::move(identity)),
      file_(std::move(file)),
      plan_(file_.size()),
      event_(std::move(event)),
      shown_(std::move(shown)),
      progress_(progress) {
    missing_again();
}

/// What is missing of each block is counted anew.
void FetchTransfer::missing_again() {
    const std::uint64_t before = counted_;
    const std::uint64_t here = plan_.size() - plan_.missing();
    lacking_.assign(file_.blocks(), 0);
    for (std::size_t block = 0; block < lacking_.size(); ++block) {
        const std::uint64_t begin = block * file_.block_size();
        const std::uint64_t end = std::min(begin + file_.block_size(), file_.size());
        lacking_[block] = plan_.missing_within({begin, end});
    }
    counted_ = here;
    progress_.bytes += here - before;
    if (shown_) shown_->bytes = here;
    const std::lock_guard lock(mutex_);
    news_.blocks.clear();
    news_.complete = plan_.complete();
}

std::vector<std::size_t> FetchTransfer::whole_blocks() const {
    std::vector<std::size_t> whole;
    for (std::size_t block = 0; block < lacking_.size(); ++block) {
        if (lacking_[block] == 0) whole.push_back(block);
    }
    return whole;
}

void FetchTransfer::had(FetchPlan::Source source, const std::vector<std::size_t>& blocks) {
    for (const std::size_t block : blocks) {
        const std::uint64_t begin = block * file_.block_size();
        plan_.had(source, {begin, begin + file_.block_size()});
    }
    missing_again();
}

void FetchTransfer::take(FetchPlan::Source source, std::uint64_t offset, Bytes bytes) {
    if (failed_) return;
    plan_.arrived(source, {offset, offset + bytes.size()}, [&](rudp::Range fresh) {
        pieces_.push_back({fresh.begin, bytes.subspan(fresh.begin - offset, fresh.size())});
        fill(fresh);
    });
}

/// These bytes are here.
void FetchTransfer::fill(rudp::Range range) {
    arrived_ += range.size();
    const std::uint64_t block_size = file_.block_size();
    while (range.begin < range.end) {
        const std::size_t block = range.begin / block_size;
        const std::uint64_t end = std::min((block + 1) * block_size, range.end);
        lacking_[block] -= end - range.begin;
        if (lacking_[block] == 0) whole_.push_back(block);
        range.begin = end;
    }
}

void FetchTransfer::write() {
    std::ranges::sort(pieces_, {}, &Piece::offset);
    std::uint64_t written = 0;
    for (std::size_t i = 0; i < pieces_.size() && !failed_;) {
        const std::uint64_t offset = pieces_[i].offset;
        std::uint64_t end = offset;
        run_.clear();
        for (; i < pieces_.size() && pieces_[i].offset == end; ++i) {
            run_.push_back(pieces_[i].bytes);
            end += pieces_[i].bytes.size();
        }
        if (const auto done = file_.write(offset, run_); !done) fail(done.error());
        written += end - offset;
    }
    pieces_.clear();
    if (failed_ || written == 0) return;
    counted_ += written;
    progress_.bytes += written;
    if (shown_) shown_->bytes += written;
    const bool complete = plan_.complete();
    {
        const std::lock_guard lock(mutex_);
        news_.arrived = arrived_;
        news_.complete = complete;
        news_.blocks.insert(news_.blocks.end(), whole_.begin(), whole_.end());
    }
    if (complete || !whole_.empty()) event_.raise();
    whole_.clear();
}

void FetchTransfer::fail(Error error) {
    failed_ = true;
    const std::lock_guard lock(mutex_);
    news_.failure = std::move(error);
    event_.raise();
}

void FetchTransfer::ended(FetchPlan::Source source, Error why, bool by_peer_for_good) {
    plan_.drop(source);
    const std::lock_guard lock(mutex_);
    news_.ends.push_back({source, std::move(why), by_peer_for_good});
    event_.raise();
}

FetchTransfer::News FetchTransfer::news() {
    const std::lock_guard lock(mutex_);
    News taken = std::exchange(news_, {});
    news_.complete = taken.complete;
    news_.arrived = taken.arrived;
    return taken;
}

}  // namespace netcopy
