#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "crypto/digest.hpp"

namespace netcopy {

/// Digests that are computed on a thread of their own, so that a slow one (MD5) holds nobody up.
/// For crypto/ only. One user at a time.
class DigestThread {
public:
    /// Throws std::system_error when there are too many threads.
    explicit DigestThread(std::span<const DigestKind> kinds);
    ~DigestThread();

    /// Copies the bytes; waits while too many are on their way.
    void update(Bytes bytes);
    /// In the order given; no updates afterwards.
    Digests finish();

private:
    using Block = std::vector<std::byte>;

    void run();
    void end();

    std::vector<Digest> digests_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::deque<Block> waiting_;
    std::vector<Block> spare_;  // their memory is used again
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace netcopy
