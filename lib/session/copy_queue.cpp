#include "session/copy_queue.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace netcopy {
namespace {

constexpr std::chrono::milliseconds first_pause{250};
constexpr unsigned most_doublings = 5;  // 8 s
constexpr std::uint64_t shown_size = 1
                                     << 20;  // bytes; smaller files are gone before one could read

}  // namespace

/// A folder and how much below it is not done yet.
struct CopyFolderNode {
    CopyItemPtr item;         // its `folder` is the parent
    std::size_t pending = 1;  // the walk itself, until it leaves
};

CopyOutcome failed_outcome(Error error) {
    CopyOutcome outcome;
    outcome.kind = CopyOutcome::Kind::failed;
    outcome.error = std::move(error);
    return outcome;
}

void CopySummary::add(const CopyOutcome& outcome) {
    switch (outcome.kind) {
        case CopyOutcome::Kind::sent:
            ++sent;
            bytes += outcome.bytes;
            break;
        case CopyOutcome::Kind::same:
            ++same;
            break;
        case CopyOutcome::Kind::failed:
            if (failed++ == 0) first_failure = outcome.error;
            all_alike = all_alike && outcome.error.code == first_failure.code;
            NETCOPY_LOG(info) << outcome.error.context;
            break;
    }
}

CopyQueue::CopyQueue(TreeWalk walk, TreeProgress& progress, OnCopied on_copied)
    : walk_(std::move(walk)), progress_(progress), on_copied_(std::move(on_copied)) {}

CopyQueue::CopyQueue(TreeProgress& progress, OnCopied on_copied)
    : progress_(progress), on_copied_(std::move(on_copied)) {}

void CopyQueue::add(CopyItemPtr item) {
    const std::lock_guard guard(mutex_);
    ++progress_.files_total;
    if (progress_.total != Progress::unknown) progress_.total += item->status.size;
    ready_.push_back(std::move(item));
}

void CopyQueue::close() {
    const std::lock_guard guard(mutex_);
    walking_ = false;
    progress_.counting = false;
}

void CopyQueue::add_pipe(std::string name) {
    const std::lock_guard guard(mutex_);
    auto item = std::make_shared<CopyItem>();
    item->kind = CopyItem::Kind::pipe;
    item->name = std::move(name);
    item->path = "-";
    item->status.kind = FileStatus::Kind::regular;
    item->status.mode = 0644;
    ++progress_.files_total;
    progress_.total = Progress::unknown;
    ready_.push_back(std::move(item));
}

CopyItemPtr CopyQueue::take() {
    const std::lock_guard guard(mutex_);
    CopyItemPtr item;
    const auto now = Clock::now();
    const auto due =
        std::ranges::find_if(later_, [now](const auto& each) { return each.first <= now; });
    if (!ready_.empty()) {
        item = std::move(ready_.front());
        ready_.pop_front();
    } else if (due != later_.end()) {
        item = std::move(due->second);
        later_.erase(due);
    } else {
        item = walk_on();
    }
    if (!item) return nullptr;
    ++taken_;
    if (item->status.size >= shown_size && !item->shown) {
        item->shown = progress_.begin(item->name, item->status.size);
    }
    return item;
}

CopyItemPtr CopyQueue::walk_on() {
    while (walking_ && walk_) {
        if (!ready_.empty()) {  // a folder that ended empty-handed
            auto item = std::move(ready_.front());
            ready_.pop_front();
            return item;
        }
        auto entry = walk_->next();
        if (!entry) {
            walking_ = false;
            progress_.counting = false;
            tell_change();
            break;
        }
        switch (entry->kind) {
            case WalkEntry::Kind::folder_begin:
                enter(std::move(*entry));
                continue;
            case WalkEntry::Kind::folder_end:
                leave();
                continue;
            case WalkEntry::Kind::left_out:
                ++summary_.left_out;
                NETCOPY_LOG(warning) << entry->error.context;
                continue;
            case WalkEntry::Kind::failed:
                fail(entry->name, entry->path, std::move(entry->error));
                continue;
            case WalkEntry::Kind::file:
            case WalkEntry::Kind::link:
                break;
        }
        auto item = std::make_shared<CopyItem>();
        item->kind =
            entry->kind == WalkEntry::Kind::link ? CopyItem::Kind::link : CopyItem::Kind::file;
        item->name = std::move(entry->name);
        item->path = std::move(entry->path);
        item->status = entry->status;
        item->target = std::move(entry->target);
        if (item->kind == CopyItem::Kind::link) item->status.size = 0;
        if (!open_.empty()) {
            item->folder = open_.back();
            ++item->folder->pending;
        }
        ++progress_.files_total;
        if (progress_.total != Progress::unknown) progress_.total += item->status.size;
        return item;
    }
    if (ready_.empty()) return nullptr;
    auto item = std::move(ready_.front());
    ready_.pop_front();
    return item;
}

void CopyQueue::enter(WalkEntry entry) {
    auto node = std::make_shared<CopyFolderNode>();
    node->item = std::make_shared<CopyItem>();
    node->item->kind = CopyItem::Kind::folder;
    node->item->name = std::move(entry.name);
    node->item->path = std::move(entry.path);
    node->item->status = entry.status;
    node->item->status.size = 0;
    if (!open_.empty()) {
        node->item->folder = open_.back();
        ++open_.back()->pending;
    }
    open_.push_back(std::move(node));
}

void CopyQueue::leave() {
    auto node = std::move(open_.back());
    open_.pop_back();
    release(std::move(node));
}

/// One thing less below the folder; without any it is itself ready to be sent. The root of an
/// operand like "." has no name and is not sent.
void CopyQueue::release(std::shared_ptr<CopyFolderNode> node) {
    while (node && --node->pending == 0) {
        if (!node->item->name.empty()) {
            ready_.push_back(std::move(node->item));
            return;
        }
        node = std::move(node->item->folder);
    }
}

void CopyQueue::fail(const std::string& name, const std::filesystem::path& path, Error error) {
    CopyItem item;
    item.name = name;
    item.path = path;
    ++progress_.files_total;
    CopyOutcome outcome;
    outcome.kind = CopyOutcome::Kind::failed;
    outcome.error = std::move(error);
    count(item, outcome);
}

void CopyQueue::give_back(CopyItemPtr item) {
    const std::lock_guard guard(mutex_);
    --taken_;
    item->shown.reset();
    progress_.bytes -= std::exchange(item->counted, 0);
    ready_.push_back(std::move(item));
    tell_change();
}

void CopyQueue::retry_later(CopyItemPtr item) {
    const std::lock_guard guard(mutex_);
    --taken_;
    item->shown.reset();
    progress_.bytes -= std::exchange(item->counted, 0);
    const auto pause = first_pause * (1U << std::min(item->retries++, most_doublings));
    later_.emplace_back(Clock::now() + pause, std::move(item));
    tell_change();
}

void CopyQueue::finish(CopyItemPtr item, CopyOutcome outcome) {
    const std::lock_guard guard(mutex_);
    --taken_;
    item->shown.reset();
    if (outcome.kind == CopyOutcome::Kind::failed) {
        progress_.bytes -= item->counted;
        if (progress_.total != Progress::unknown) progress_.total -= item->status.size;
    } else {
        progress_.bytes += outcome.bytes - item->counted;
    }
    if (item->kind != CopyItem::Kind::folder || outcome.kind == CopyOutcome::Kind::failed) {
        count(*item, outcome);
    }
    const bool had_ready = !ready_.empty();  // then everybody knows
    release(std::move(item->folder));
    if (taken_ == 0 || (!had_ready && !ready_.empty())) tell_change();
}

void CopyQueue::count(const CopyItem& item, const CopyOutcome& outcome) {
    if (item.kind != CopyItem::Kind::folder) {
        ++summary_.files;
        ++progress_.files;
    }
    summary_.add(outcome);
    if (on_copied_) on_copied_(item, outcome);
}

bool CopyQueue::finished() const {
    const std::lock_guard guard(mutex_);
    return !walking_ && taken_ == 0 && ready_.empty() && later_.empty();
}

bool CopyQueue::has_more() const {
    const std::lock_guard guard(mutex_);
    return walking_ || !ready_.empty() || !later_.empty();
}

Clock::time_point CopyQueue::next_retry() const {
    const std::lock_guard guard(mutex_);
    auto next = Clock::time_point::max();
    for (const auto& [time, item] : later_) next = std::min(next, time);
    return next;
}

void CopyQueue::on_change(std::function<void()> call) {
    const std::lock_guard guard(mutex_);
    on_change_.push_back(std::move(call));
}

void CopyQueue::tell_change() {
    for (const auto& call : on_change_) call();
}

CopySummary CopyQueue::summary() const {
    const std::lock_guard guard(mutex_);
    return summary_;
}

}  // namespace netcopy
