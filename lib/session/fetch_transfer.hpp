#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "file/scattered_file.hpp"
#include "net/event.hpp"
#include "session/fetch_plan.hpp"

namespace netcopy {

/// One file on its way: what the link's job writes of it, and what it tells the task that looks
/// after the file (FetchFile). Functions are the job's, unless they say otherwise.
class FetchTransfer {
public:
    struct Identity {
        std::string name;
        rudp::Tag tag{};  ///< zeros: any
    };
    /// `event` is raised when there is news. `progress` counts the bytes that are here.
    FetchTransfer(Identity identity, ScatteredFile file, Event event,
                  std::shared_ptr<FileProgress> shown, TreeProgress& progress);

    const std::string& name() const { return identity_.name; }
    const rudp::Tag& tag() const { return identity_.tag; }
    FetchPlan& plan() { return plan_; }

    /// Blocks that an earlier attempt has left, checked; from `source`.
    void had(FetchPlan::Source source, const std::vector<std::size_t>& blocks);
    /// Content came. The bytes must stay until write().
    void take(FetchPlan::Source source, std::uint64_t offset, Bytes bytes);
    /// Writes what was taken, and tells the news.
    void write();
    /// Ranges are missing again (see FetchPlan): their blocks are not whole any more.
    void missing_again();
    std::vector<std::size_t> whole_blocks() const;
    /// A connection of this source has ended.
    void ended(FetchPlan::Source source, Error why, bool by_peer_for_good);
    bool failed() const { return failed_; }

    /// What has happened since it was asked last.
    struct News {
        std::vector<std::size_t> blocks;  ///< whole by now
        bool complete = false;            ///< nothing is missing
        std::optional<Error> failure;     ///< the file cannot be written
        struct End {
            FetchPlan::Source source = 0;
            Error why;
            bool for_good = false;  ///< it has not what we want
        };
        std::vector<End> ends;
        std::uint64_t arrived = 0;  ///< bytes, since the beginning
    };
    /// On any thread.
    News news();

    /// For settle() and read_at() beside the job, and for all when the link has let go of it.
    ScatteredFile& file() { return file_; }
    /// What was counted for the progress in all; thread-safe.
    std::uint64_t counted() const { return counted_; }

private:
    struct Piece {
        std::uint64_t offset;
        Bytes bytes;
    };
    void fill(rudp::Range range);
    void fail(Error error);

    const Identity identity_;
    ScatteredFile file_;
    FetchPlan plan_;
    Event event_;
    std::shared_ptr<FileProgress> shown_;
    TreeProgress& progress_;
    std::vector<std::uint64_t> lacking_;  // bytes of each block
    std::vector<Piece> pieces_;           // taken and not written
    std::vector<Bytes> run_;              // neighbours among them
    std::vector<std::size_t> whole_;      // blocks that will be, once that is written
    std::uint64_t arrived_ = 0;
    std::atomic<std::uint64_t> counted_ = 0;
    bool failed_ = false;

    std::mutex mutex_;  // guards news_
    News news_;
};

}  // namespace netcopy
