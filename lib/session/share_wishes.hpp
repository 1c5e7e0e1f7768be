#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "session/copy_queue.hpp"

namespace netcopy {

/// A file of a share that a client wants. Belongs to the connection that has taken it, or to the
/// list.
struct ShareWish {
    std::string name;        ///< as the share lists it
    std::string md5;         ///< its id: 32 lower-case hex digits
    std::uint64_t size = 0;  ///< bytes

    std::optional<Error> failure;         ///< of the last attempt
    unsigned offers = 0;                  ///< by the share; it may try again after a failure
    bool under_way = false;               ///< offered, and without an answer
    std::uint64_t counted = 0;            ///< bytes shown as done so far
    std::shared_ptr<FileProgress> shown;  ///< while it is under way, if it takes long
};

/// Called for each wish when it is done, one call at a time, on any thread. CopyOutcome::sent: it
/// arrived; `same`: it was there; `digests` and `stored_as` are ours.
using OnFetched = std::function<void(const ShareWish&, const CopyOutcome&)>;

/// What is to be fetched from a share, by all connections of a run together, in the order of add().
/// Thread-safe.
class ShareWishes {
public:
    ShareWishes(TreeProgress& progress, OnFetched on_fetched);

    /// Before the run. 200 bytes of memory for each.
    void add(std::string name, std::string md5, std::uint64_t size);

    /// None: nothing waits at present.
    std::optional<ShareWish> take();
    /// Its connection broke: it is to be asked for again.
    void give_back(ShareWish wish);
    void finish(ShareWish wish, CopyOutcome outcome);
    /// Everything has been taken and finished.
    bool finished() const;
    bool has_more() const;  ///< something waits that nobody has taken

    /// Called, on any thread, when there may be something to take() or finished() has become true.
    void on_change(std::function<void()> call);
    CopySummary summary() const;
    TreeProgress& progress() { return progress_; }

private:
    void count(const ShareWish& wish, const CopyOutcome& outcome);
    void tell_change();

    mutable std::mutex mutex_;  // guards all that follows, and the order of on_fetched_
    std::deque<ShareWish> waiting_;
    std::size_t taken_ = 0;
    TreeProgress& progress_;
    OnFetched on_fetched_;
    std::vector<std::function<void()>> on_change_;
    CopySummary summary_;
};

}  // namespace netcopy
