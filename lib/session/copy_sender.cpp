#include "session/copy_sender.hpp"

#include <algorithm>

namespace netcopy {
namespace {

/// Offers run ahead of bodies by so much: enough to fill a long link with small files, not so much
/// that another connection finds nothing left to do.
constexpr std::size_t most_ahead = 2048;  // files
constexpr std::size_t least_ahead = 16;   // whatever their size
constexpr std::uint64_t most_ahead_bytes = 64 << 20;
constexpr std::size_t offers_at_once = 64;
constexpr std::size_t offers_in_one_piece = 16 * 1024;  // bytes
constexpr std::size_t least_room = 8192;                // bytes of a buffer worth filling

DigestKind compared_kind(const CopySenderOptions& options) { return options.digests.front(); }

}  // namespace

CopySender::CopySender(CopyQueue& queue, CopySenderOptions options, std::string peer,
                       std::function<void(int)> on_starved)
    : queue_(queue),
      options_(std::move(options)),
      peer_(std::move(peer)),
      on_starved_(std::move(on_starved)),
      busy_(wire::line_of(wire::CopyBusy{})) {}

CopySender::~CopySender() {
    if (held_) queue_.give_back(std::move(held_));
    for (auto& [n, pending] : pending_) {
        if (pending.item->kind == CopyItem::Kind::pipe && !pending.ahead && !pending.own_error) {
            pending.own_error =
                make_error(Errc::connection_lost, "lost the connection to " + peer_ +
                                                      "; standard input cannot be read again");
        }
        if (pending.own_error) {
            CopyOutcome outcome;
            outcome.kind = CopyOutcome::Kind::failed;
            outcome.error = std::move(*pending.own_error);
            queue_.finish(std::move(pending.item), std::move(outcome));
        } else {
            queue_.give_back(std::move(pending.item));
        }
    }
}

Result<std::size_t> CopySender::produce(MutableBytes buffer) {
    idle_ = false;
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        if (text_sent_ < text_.size()) {
            const auto rest = std::string_view(text_).substr(text_sent_, buffer.size() - filled);
            std::ranges::copy(as_bytes(rest), buffer.begin() + static_cast<std::ptrdiff_t>(filled));
            filled += rest.size();
            text_sent_ += rest.size();
            continue;
        }
        text_.clear();
        text_sent_ = 0;
        if (buffer.size() - filled < least_room || busy()) break;
        // Offers alone go out early, so that the receiver looks them up while we walk on.
        if (!body_ && wanted_.empty() && filled >= offers_in_one_piece) break;
        if (body_) {
            const std::size_t before = filled;
            advance_body(buffer.subspan(filled), filled);
            if (filled == before && text_.empty()) break;  // starved, or hashing
            continue;
        }
        if (may_offer()) offer_some();
        if (text_.empty() && !begin_next_body() && text_.empty()) break;
    }
    if (filled > 0 || !text_.empty()) return filled;
    // As long as answers come by themselves the receiver had better gather more for one sync.
    const bool full = pending_.size() >= options_.window;
    if (unsynced_ && !body_ && (ahead_ == 0 || full)) {
        unsynced_ = false;
        append(text_, wire::CopySync{});
    } else if (pending_.empty() && !held_ && !ending_ && queue_.finished()) {
        ending_ = true;
        append(text_, wire::CopyEnd{});
    }
    idle_ = text_.empty() && !body_;
    return text_.empty() ? 0 : produce(buffer);
}

bool CopySender::may_offer() const {
    if (peer_stops_ || stopping_ || ending_ || pending_.size() >= options_.window) return false;
    if (held_ && !pending_.empty() && pending_lines_ + held_line_ > options_.window_bytes) {
        return false;
    }
    return ahead_ < least_ahead || (ahead_ < most_ahead && ahead_bytes_ < most_ahead_bytes);
}

void CopySender::no_longer_ahead(Pending& pending) {
    if (!std::exchange(pending.ahead, false)) return;
    --ahead_;
    ahead_bytes_ -= pending.item->status.size;
}

void CopySender::offer_some() {
    for (std::size_t i = 0; i < offers_at_once && may_offer(); ++i) {
        CopyItemPtr item = held_ ? std::move(held_) : queue_.take();
        held_.reset();
        if (!item) return;
        const bool decidable =
            item->kind == CopyItem::Kind::file || item->kind == CopyItem::Kind::pipe;
        if (options_.ask && !decidable) {
            queue_.finish(std::move(item), CopyOutcome{});
        } else {
            offer(std::move(item));
        }
    }
}

void CopySender::offer(CopyItemPtr item) {
    const std::uint64_t n = ++last_n_;
    const std::size_t before = text_.size();
    const FileStatus& status = item->status;
    switch (item->kind) {
        case CopyItem::Kind::folder:
            append(text_,
                   wire::CopyFolder{n, status.mode, status.mtime, item->name, !options_.metadata});
            break;
        case CopyItem::Kind::link:
            append(text_, wire::CopyLink{n, status.mtime, item->name, item->target});
            break;
        default: {
            wire::CopyPut put;
            put.n = n;
            if (item->kind == CopyItem::Kind::file) put.size = status.size;
            put.mode = status.mode & 0777;
            put.mtime = status.mtime;
            put.name = item->name;
            put.sparse = status.sparse;
            put.compare = options_.compare;
            put.bare = !options_.metadata;
            put.ask = options_.ask;
            append(text_, put);
        }
    }
    const std::size_t longest = std::max(item->name.size(), item->target.size());
    if (longest > wire::copy_name_limit || text_.size() - before > wire::copy_line_limit) {
        text_.resize(before);
        --last_n_;
        CopyOutcome outcome;
        outcome.kind = CopyOutcome::Kind::failed;
        outcome.error = make_error(Errc::refused, quote(item->name) + ": the path is too long");
        return queue_.finish(std::move(item), std::move(outcome));
    }
    Pending pending;
    pending.line = text_.size() - before;
    if (!pending_.empty() && pending_lines_ + pending.line > options_.window_bytes) {
        text_.resize(before);
        --last_n_;
        held_line_ = pending.line;
        held_ = std::move(item);
        return;
    }
    pending_lines_ += pending.line;
    pending.ahead = item->kind == CopyItem::Kind::file || item->kind == CopyItem::Kind::pipe;
    if (pending.ahead) {
        ++ahead_;
        ahead_bytes_ += status.size;
    } else {
        unsynced_ = true;  // folders and links are confirmed by the next sync
    }
    pending.item = std::move(item);
    pending_.emplace(n, std::move(pending));
}

/// Opens the next file that is wanted; one that cannot be read is dropped. False: none is wanted.
bool CopySender::begin_next_body() {
    while (!wanted_.empty()) {
        const std::uint64_t n = wanted_.front();
        wanted_.pop_front();
        const auto found = pending_.find(n);
        if (found == pending_.end() || found->second.step != Step::wanted) continue;
        Pending& pending = found->second;
        no_longer_ahead(pending);
        if (pending.want.offset == 0 || (early_ && early_->n() != n)) early_.reset();
        if (!early_) {
            auto body = OutgoingBody::open(pending.item, n, options_.digests, queue_.progress());
            if (!body) {
                drop(n, body.error());
                continue;
            }
            early_.emplace(std::move(*body));
        }
        body_ = std::exchange(early_, std::nullopt);
        body_->resume_at(pending.want.offset, pending.want.crc64);
        return true;
    }
    return false;
}

/// The receiver reads back what it has of a file: we read as much of ours at the same time. Why it
/// cannot be read is told when it is wanted.
void CopySender::read_ahead(std::uint64_t n, std::uint64_t offset) {
    if (body_ || !wanted_.empty()) return;
    auto body = OutgoingBody::open(pending_.at(n).item, n, options_.digests, queue_.progress());
    if (!body) return;
    early_.emplace(std::move(*body));
    early_->read_ahead(offset);
}

void CopySender::advance_body(MutableBytes buffer, std::size_t& filled) {
    const auto made = body_->produce(buffer);
    if (!made) return drop(body_->n(), made.error());
    filled += *made;
    sent_ += *made;
    if (body_->ended()) return end_body();
    if (body_->starved() && on_starved_) on_starved_(body_->descriptor());
}

void CopySender::end_body() {
    auto sum = body_->sum();
    if (!sum) return drop(body_->n(), sum.error());
    append(text_, *sum);
    Pending& pending = pending_.at(body_->n());
    pending.step = Step::confirming;
    pending.bytes = body_->size();
    pending.digests = body_->digests();
    if (pending.item->shown) pending.item->shown->phase = Phase::syncing;
    unsynced_ = true;
    body_.reset();
}

/// Gives a file up, for a reason of ours; the receiver's NO ends it.
void CopySender::drop(std::uint64_t n, const CopyFailure& failure) {
    append(text_, wire::CopyDrop{n, std::string(failure.code), failure.error.context});
    Pending& pending = pending_.at(n);
    pending.step = Step::dropped;
    no_longer_ahead(pending);
    pending.own_error = failure.error;
    if (body_ && body_->n() == n) body_.reset();
}

bool CopySender::busy() const {
    return (body_ && body_->busy()) || !to_compare_.empty() || (early_ && early_->busy());
}

Result<> CopySender::work() {
    if (!to_compare_.empty()) return compare_some();
    if (body_ && body_->busy()) {
        if (const auto done = body_->work(); !done) drop(body_->n(), done.error());
    } else if (early_ && !early_->work()) {
        early_.reset();
    }
    return {};
}

/// HAVE: what is there may be what we would send.
Result<> CopySender::compare_some() {
    const std::uint64_t n = to_compare_.front();
    const auto found = pending_.find(n);
    if (found == pending_.end()) {  // refused meanwhile
        hasher_.reset();
        to_compare_.pop_front();
        return {};
    }
    Pending& pending = found->second;
    const auto give_up = [&](const Error& error) {
        drop(n, {"unreadable", error});
        hasher_.reset();
        to_compare_.pop_front();
    };
    if (!hasher_) {
        auto source = FileSource::open_no_follow(pending.item->path);
        if (!source) {
            give_up(source.error());
            return {};
        }
        hasher_.emplace(std::move(*source), compared_kind(options_));
        if (pending.item->shown) pending.item->shown->phase = Phase::comparing;
    }
    const auto done = hasher_->hash_some();
    if (!done) {
        give_up(done.error());
        return {};
    }
    if (pending.item->shown) pending.item->shown->bytes = hasher_->position();
    if (!*done) return {};
    const std::string hex = hasher_->hex();
    const bool equal =
        pending.theirs.first == to_string(compared_kind(options_)) && pending.theirs.second == hex;
    pending.step = Step::offered;
    if (equal) pending.digests = {{compared_kind(options_), hex}};
    equal ? append(text_, wire::CopyKeep{n}) : append(text_, wire::CopyOther{n});
    if (pending.item->shown) {
        pending.item->shown->phase = Phase::moving;
        pending.item->shown->bytes = 0;
    }
    unsynced_ = true;
    hasher_.reset();
    to_compare_.pop_front();
    return {};
}

/// A retry is not work, but it is the moment to look into the queue again, if nothing else is to be
/// sent: else it would be called for again and again.
Clock::time_point CopySender::due() const {
    return idle_ && may_offer() ? queue_.next_retry() : Clock::time_point::max();
}

}  // namespace netcopy
