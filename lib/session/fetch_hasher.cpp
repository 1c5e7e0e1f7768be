#include "session/fetch_hasher.hpp"

#include <algorithm>

namespace netcopy {
namespace {

/// So that a job gives its thread back soon, and a signal is seen.
constexpr std::uint64_t most_at_once = 64 << 20;  // bytes
constexpr std::size_t piece_size = 256 * 1024;    // bytes read at a time

}  // namespace

FetchHasher::FetchHasher(ScatteredFile& file, DigestKind kind, DiskPool& disk,
                         const Executor& executor, Event event)
    : file_(file),
      kind_(kind),
      disk_(disk),
      event_(std::move(event)),
      wake_(executor),
      digest_(kind),
      settled_(file.blocks()),
      buffer_(piece_size) {}

void FetchHasher::settled(const std::vector<std::size_t>& blocks) {
    for (const std::size_t block : blocks) settled_[block] = true;
    wake_.raise();
}

void FetchHasher::whole(const std::vector<std::size_t>& blocks) {
    waiting_.insert(waiting_.end(), blocks.begin(), blocks.end());
    wake_.raise();
}

void FetchHasher::start_over() {
    digest_ = Digest(kind_);
    next_ = 0;
    waiting_.clear();
    settled_.assign(file_.blocks(), false);
}

/// What the next job is to do. False: nothing.
bool FetchHasher::take() {
    const bool can_hash = next_ < settled_.size() && settled_[next_];
    if (waiting_.empty() && !can_hash) return false;
    const std::size_t most = std::max<std::size_t>(most_at_once / file_.block_size(), 1);
    const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), most));
    std::ranges::sort(waiting_);
    taken_.assign(waiting_.begin(), waiting_.begin() + count);
    waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    return true;
}

Task<> FetchHasher::run() {
    while (!stopped_ && !failure_) {
        if (!take()) {
            co_await wake_.wait();
            continue;
        }
        busy_ = true;
        const auto result = co_await disk_.run([this] { return work(); });
        busy_ = false;
        if (!result) failure_ = result.error();
        event_.raise();
    }
}

void FetchHasher::stop() {
    stopped_ = true;
    wake_.raise();
}

Result<> FetchHasher::work() {
    std::size_t done = 0;
    for (const std::size_t block : taken_) {
        const bool in_turn = block == next_;
        const auto also = [&](Bytes bytes) {
            if (in_turn) digest_.update(bytes);
        };
        if (const auto settled = file_.settle(block, also); !settled) return settled;
        settled_[block] = true;
        if (in_turn) ++next_;
        ++done;
    }
    const std::size_t most = std::max<std::size_t>(most_at_once / file_.block_size(), 1);
    while (done++ < most && next_ < settled_.size() && settled_[next_]) {
        if (const auto hashed = hash_block(next_); !hashed) return hashed;
        ++next_;
    }
    return {};
}

Result<> FetchHasher::hash_block(std::size_t block) {
    std::uint64_t at = block * file_.block_size();
    const std::uint64_t end = std::min(at + file_.block_size(), file_.size());
    while (at < end) {
        const auto part =
            MutableBytes(buffer_).first(std::min<std::uint64_t>(end - at, piece_size));
        const auto got = file_.read_at(at, part);
        if (!got) return got.error();
        if (*got != part.size()) {
            return make_error(Errc::local_file, "cannot read back " + file_.name() +
                                                    ": it is shorter than what was written");
        }
        digest_.update(part);
        at += part.size();
    }
    return {};
}

std::string FetchHasher::hex() { return digest_.hex(); }

}  // namespace netcopy
