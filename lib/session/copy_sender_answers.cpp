#include <algorithm>

#include "base/log.hpp"
#include "session/copy_error.hpp"
#include "session/copy_sender.hpp"

/// What a sender makes of the receiver's answers.
namespace netcopy {
namespace {

constexpr unsigned most_busy_retries = 8;
/// We speak again after so many answers, so that both sides work at the same time.
constexpr unsigned most_messages = 512;
/// A peer that does not take what we say is not listened to either.
constexpr std::size_t most_text = 256 * 1024;  // bytes

Errc kind_of(std::string_view code) {
    if (code == "corrupted") return Errc::corrupted;
    if (code == "failed") return Errc::failed;
    if (code == "stopped") return Errc::interrupted;
    return Errc::refused;
}

}  // namespace

Result<std::size_t> CopySender::consume(Bytes bytes) {
    std::size_t used = 0;
    const std::uint64_t enough = messages_ + most_messages;
    while (used < bytes.size() && !busy() && !ended_ && messages_ < enough &&
           text_.size() < most_text) {
        auto parsed = wire::parse_copy_answer(as_text(bytes.subspan(used)));
        if (!parsed) return parsed.error();
        if (parsed->verdict == wire::Verdict::need_more) break;
        used += parsed->used;
        ++messages_;
        const auto taken =
            std::visit([this](const auto& answer) { return take(answer); }, parsed->message);
        if (!taken) return taken.error();
    }
    return used;
}

Result<CopySender::Pending*> CopySender::find(std::uint64_t n) {
    const auto found = pending_.find(n);
    if (found == pending_.end()) return out_of_place("something", n);
    return &found->second;
}

Result<> CopySender::take(const wire::CopyKept& kept) {
    const auto pending = find(kept.n);
    if (!pending) return pending.error();
    if ((*pending)->step != Step::offered || (*pending)->item->kind != CopyItem::Kind::file ||
        kept.offset > (*pending)->item->status.size) {
        return out_of_place("KEPT", kept.n);
    }
    read_ahead(kept.n, kept.offset);
    return {};
}

Result<> CopySender::take(const wire::CopyWant& want) {
    const auto pending = find(want.n);
    if (!pending) return pending.error();
    if ((*pending)->step != Step::offered || (*pending)->item->kind == CopyItem::Kind::folder ||
        (*pending)->item->kind == CopyItem::Kind::link) {
        return out_of_place("WANT", want.n);
    }
    if (want.offset > (*pending)->item->status.size) return out_of_place("such a WANT", want.n);
    if (options_.ask) {
        CopyOutcome outcome;
        outcome.bytes = (*pending)->item->status.size;
        settle(want.n, std::move(outcome));
        return {};
    }
    (*pending)->step = Step::wanted;
    (*pending)->want = want;
    wanted_.push_back(want.n);
    return {};
}

Result<> CopySender::take(const wire::CopyHave& have) {
    const auto pending = find(have.n);
    if (!pending) return pending.error();
    if ((*pending)->step != Step::offered || (*pending)->item->kind != CopyItem::Kind::file) {
        return out_of_place("HAVE", have.n);
    }
    (*pending)->step = Step::comparing;
    (*pending)->theirs = have.digest;
    to_compare_.push_back(have.n);
    return {};
}

Result<> CopySender::take(const wire::CopySame& same) {
    const auto pending = find(same.n);
    if (!pending) return pending.error();
    if ((*pending)->step != Step::offered) return out_of_place("SAME", same.n);
    CopyOutcome outcome;
    outcome.kind = CopyOutcome::Kind::same;
    outcome.bytes = (*pending)->item->status.size;
    outcome.digests = std::move((*pending)->digests);
    outcome.stored_as = same.name;
    settle(same.n, std::move(outcome));
    return {};
}

Result<> CopySender::take(const wire::CopyDone& done) {
    const auto pending = find(done.n);
    if (!pending) return pending.error();
    const bool body = (*pending)->item->kind == CopyItem::Kind::file ||
                      (*pending)->item->kind == CopyItem::Kind::pipe;
    if ((*pending)->step != (body ? Step::confirming : Step::offered)) {
        return out_of_place("DONE", done.n);
    }
    CopyOutcome outcome;
    outcome.bytes = (*pending)->bytes;
    outcome.digests = std::move((*pending)->digests);
    if (done.name != (*pending)->item->name) outcome.stored_as = done.name;
    for (const auto& [kind, ours] : outcome.digests) {
        const auto theirs =
            std::ranges::find(done.digests, to_string(kind), &wire::CopyDigest::first);
        if (theirs == done.digests.end() || theirs->second == ours) continue;
        outcome.kind = CopyOutcome::Kind::failed;
        outcome.error = make_error(Errc::corrupted, quote((*pending)->item->name) + ": " + peer_ +
                                                        " has stored it with the " + theirs->first +
                                                        " " + theirs->second + ", not " + ours);
    }
    settle(done.n, std::move(outcome));
    return {};
}

Result<> CopySender::take(const wire::CopyNo& no) {
    if (no.n == 0) {
        return make_error(Errc::protocol, peer_ + " ended the conversation: " + escape(no.text));
    }
    const auto pending = find(no.n);
    if (!pending) return pending.error();
    if (body_ && body_->n() == no.n) {  // it will take no more of it
        append(text_, wire::CopyDrop{no.n, "stopped", "refused"});
        body_.reset();
        unsynced_ = true;
    }
    refuse(no.n, no);
    return {};
}

/// The words of a failure at the receiver, unless it is to be tried again.
void CopySender::refuse(std::uint64_t n, const wire::CopyNo& no) {
    Pending& pending = pending_.at(n);
    const bool restartable = pending.item->kind != CopyItem::Kind::pipe && !pending.own_error;
    if (restartable && ((no.code == "busy" && pending.item->retries < most_busy_retries) ||
                        (no.code == "corrupted" && pending.item->retries == 0))) {
        NETCOPY_LOG(warning) << quote(pending.item->name) << ": " << peer_ << " says "
                             << escape(no.text) << "; it is sent again";
        queue_.retry_later(forget(n).item);
        return;
    }
    CopyOutcome outcome;
    outcome.kind = CopyOutcome::Kind::failed;
    if (pending.own_error) {
        outcome.error = std::move(*pending.own_error);
    } else {
        const Errc kind = kind_of(no.code);
        const std::string verb = kind == Errc::refused     ? " was refused by "
                                 : kind == Errc::corrupted ? " arrived corrupted at "
                                                           : " failed at ";
        outcome.error =
            make_error(kind, quote(pending.item->name) + verb + peer_ + ": " + escape(no.text));
    }
    if (options_.on_get) {
        append(text_, wire::CopyLack{pending.item->name, no.code, no.text});
    }
    settle(n, std::move(outcome));
}

/// At most a window of them is open, so that what waits here has a limit.
Result<> CopySender::take(const wire::CopyGet& get) {
    if (!options_.on_get || peer_has_asked_all_) {
        return make_error(Errc::protocol, "the peer asked for a file out of place");
    }
    if (asked_ >= options_.window) {
        return make_error(Errc::protocol, "the peer has asked for too many files");
    }
    const auto lack = options_.on_get(get);
    lack ? append(text_, *lack) : void(++asked_);
    return {};
}

Result<> CopySender::take(const wire::CopyLast&) {
    if (!options_.on_get || peer_has_asked_all_) {
        return make_error(Errc::protocol, "the peer said LAST out of place");
    }
    peer_has_asked_all_ = true;
    queue_.close();
    return {};
}

Result<> CopySender::take(const wire::CopyStop&) {
    peer_stops_ = true;
    return {};
}

Result<> CopySender::take(const wire::CopyBye&) {
    if (!ending_) return make_error(Errc::connection_lost, peer_ + " said good-bye too early");
    ended_ = true;
    return {};
}

CopySender::Pending CopySender::forget(std::uint64_t n) {
    const auto found = pending_.find(n);
    Pending pending = std::move(found->second);
    pending_.erase(found);
    pending_lines_ -= pending.line;
    no_longer_ahead(pending);
    if (early_ && early_->n() == n) early_.reset();
    return pending;
}

void CopySender::settle(std::uint64_t n, CopyOutcome outcome) {
    Pending pending = forget(n);
    ++settled_;
    if (asked_ > 0) --asked_;
    queue_.finish(std::move(pending.item), std::move(outcome));
}

}  // namespace netcopy
