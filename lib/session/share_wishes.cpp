#include "session/share_wishes.hpp"

#include <utility>

namespace netcopy {
namespace {

constexpr std::uint64_t shown_size = 1 << 20;  // bytes; smaller files are gone before one reads

}  // namespace

ShareWishes::ShareWishes(TreeProgress& progress, OnFetched on_fetched)
    : progress_(progress), on_fetched_(std::move(on_fetched)) {}

void ShareWishes::add(std::string name, std::string md5, std::uint64_t size) {
    const std::lock_guard guard(mutex_);
    ShareWish& wish = waiting_.emplace_back();
    wish.name = std::move(name);
    wish.md5 = std::move(md5);
    wish.size = size;
    ++progress_.files_total;
    progress_.total += size;
}

std::optional<ShareWish> ShareWishes::take() {
    const std::lock_guard guard(mutex_);
    progress_.counting = false;
    if (waiting_.empty()) return std::nullopt;
    ShareWish wish = std::move(waiting_.front());
    waiting_.pop_front();
    ++taken_;
    if (wish.size >= shown_size) wish.shown = progress_.begin(wish.name, wish.size);
    return wish;
}

void ShareWishes::give_back(ShareWish wish) {
    const std::lock_guard guard(mutex_);
    --taken_;
    wish.shown.reset();
    progress_.bytes -= std::exchange(wish.counted, 0);
    waiting_.push_front(std::move(wish));
    tell_change();
}

void ShareWishes::finish(ShareWish wish, CopyOutcome outcome) {
    const std::lock_guard guard(mutex_);
    --taken_;
    wish.shown.reset();
    if (outcome.kind == CopyOutcome::Kind::failed) {
        progress_.bytes -= wish.counted;
        progress_.total -= wish.size;
    } else {
        progress_.bytes += wish.size - wish.counted;
    }
    count(wish, outcome);
    if (taken_ == 0 && waiting_.empty()) tell_change();
}

void ShareWishes::count(const ShareWish& wish, const CopyOutcome& outcome) {
    ++summary_.files;
    ++progress_.files;
    summary_.add(outcome);
    if (on_fetched_) on_fetched_(wish, outcome);
}

bool ShareWishes::finished() const {
    const std::lock_guard guard(mutex_);
    return taken_ == 0 && waiting_.empty();
}

bool ShareWishes::has_more() const {
    const std::lock_guard guard(mutex_);
    return !waiting_.empty();
}

void ShareWishes::on_change(std::function<void()> call) {
    const std::lock_guard guard(mutex_);
    on_change_.push_back(std::move(call));
}

void ShareWishes::tell_change() {
    for (const auto& call : on_change_) call();
}

CopySummary ShareWishes::summary() const {
    const std::lock_guard guard(mutex_);
    return summary_;
}

}  // namespace netcopy
