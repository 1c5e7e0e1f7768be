#include "crypto/digest_thread.hpp"

#include <algorithm>

namespace netcopy {
namespace {

constexpr std::size_t block_size = 128 * 1024;  // bytes; stays in the second-level cache
constexpr std::size_t most_waiting = 16;        // blocks

}  // namespace

DigestThread::DigestThread(std::span<const DigestKind> kinds)
    : digests_(kinds.begin(), kinds.end()) {
    thread_ = std::thread([this] { run(); });
}

DigestThread::~DigestThread() {
    {
        const std::lock_guard guard(mutex_);
        waiting_.clear();
    }
    end();
}

void DigestThread::update(Bytes bytes) {
    while (!bytes.empty()) {
        const Bytes part = bytes.first(std::min(bytes.size(), block_size));
        bytes = bytes.subspan(part.size());
        Block block;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return waiting_.size() < most_waiting; });
            if (!spare_.empty()) {
                block = std::move(spare_.back());
                spare_.pop_back();
            }
        }
        block.assign(part.begin(), part.end());
        {
            const std::lock_guard guard(mutex_);
            waiting_.push_back(std::move(block));
        }
        changed_.notify_all();
    }
}

Digests DigestThread::finish() {
    end();
    Digests out;
    for (Digest& digest : digests_) out.emplace_back(digest.kind(), digest.hex());
    return out;
}

void DigestThread::end() {
    {
        const std::lock_guard guard(mutex_);
        ended_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void DigestThread::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        Block block = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        changed_.notify_all();
        for (Digest& digest : digests_) digest.update(block);
        lock.lock();
        spare_.push_back(std::move(block));
    }
}

}  // namespace netcopy
