#include "session/share_getter.hpp"

#include <algorithm>
#include <utility>

namespace netcopy {
namespace {

/// What is asked for ahead: enough to keep a long link and the disk busy, not so much that another
/// connection finds nothing left to do.
constexpr std::size_t most_open = 2048;              // files
constexpr std::uint64_t most_open_bytes = 64 << 20;  // unless it is one file
constexpr std::uint64_t most_shared_bytes = 4 << 20;
/// A share that offers a file again and again gets nowhere with us.
constexpr unsigned most_offers = 16;

const std::vector<DigestKind> digests = {DigestKind::sha256, DigestKind::md5};

/// Codes by which a share says what became of a file of its own.
std::optional<Errc> kind_of(std::string_view code) {
    if (code == "gone" || code == "changed") return Errc::connection_lost;
    if (code == "unreadable") return Errc::failed;
    return std::nullopt;
}

}  // namespace

ShareGetter::ShareGetter(ShareWishes& wishes, Tree tree, Overwrite overwrite, std::string peer,
                         std::size_t window, std::size_t window_bytes, bool alone)
    : wishes_(wishes),
      peer_(std::move(peer)),
      window_(std::min(window, most_open)),
      window_bytes_(window_bytes),
      most_open_bytes_(alone ? most_open_bytes : most_shared_bytes),
      rules_(rules(overwrite)),
      receiver_(std::move(tree), rules_, digests, peer_) {}

ShareGetter::~ShareGetter() {
    if (held_) wishes_.give_back(std::move(*held_));
    for (auto& [name, wish] : asked_) wishes_.give_back(std::move(wish));
}

ReceiveRules ShareGetter::rules(Overwrite overwrite) {
    ReceiveRules rules;
    rules.overwrite = overwrite;
    rules.flat = true;
    rules.same_bytes_once = true;
    rules.known_digest = [this](const std::string& name) -> std::optional<KnownDigest> {
        const auto asked = asked_.find(name);
        if (asked == asked_.end()) return std::nullopt;
        return KnownDigest(DigestKind::md5, asked->second.md5);
    };
    rules.on_offer = [this](const wire::CopyPut& put) { return offered(put); };
    rules.on_lack = [this](const wire::CopyLack& lack) { return lacks(lack); };
    rules.on_file = [this](const ReceivedFile& file) { arrived(file); };
    return rules;
}

Result<std::size_t> ShareGetter::consume(Bytes bytes) {
    auto used = receiver_.consume(bytes);
    heard_ += used ? *used : 0;
    show_progress();
    if (used && receiver_.peer_has_ended() && !said_last_) {
        return make_error(Errc::protocol, "the share ended before everything was asked for");
    }
    return used;
}

Result<std::size_t> ShareGetter::produce(MutableBytes buffer) {
    if (sent_ == text_.size()) {
        text_.clear();
        sent_ = 0;
        ask();
    }
    const auto rest = std::string_view(text_).substr(sent_, buffer.size());
    std::ranges::copy(as_bytes(rest), buffer.begin());
    sent_ += rest.size();
    if (sent_ < text_.size()) return rest.size();  // the receiver's lines do not come between
    const auto more = receiver_.produce(buffer.subspan(rest.size()));
    if (!more) return more.error();
    return rest.size() + *more;
}

bool ShareGetter::may_ask() const {
    if (asked_.empty()) return true;
    if (asked_.size() >= window_ || open_lines_ >= window_bytes_) return false;
    const auto current = receiver_.under_way();
    const std::uint64_t here = current ? current->position : 0;
    return open_bytes_ - std::min(here, open_bytes_) < most_open_bytes_;
}

void ShareGetter::ask() {
    while (!said_last_ && may_ask()) {
        auto wish = held_ ? std::exchange(held_, std::nullopt) : wishes_.take();
        if (!wish) break;
        if (asked_.contains(wish->name)) {  // twice the same: one after the other
            held_ = std::move(wish);
            return;
        }
        append(text_, wire::CopyGet{wish->name, wish->md5});
        wish->under_way = false;
        open_bytes_ += wish->size;
        open_lines_ += wish->name.size();
        std::string name = wish->name;
        asked_.emplace(std::move(name), std::move(*wish));
    }
    // Another connection may break, and give back what it has.
    if (!said_last_ && asked_.empty() && !held_ && wishes_.finished()) {
        append(text_, wire::CopyLast{});
        said_last_ = true;
    }
}

void ShareGetter::show_progress() {
    const auto current = receiver_.under_way();
    if (!current) return;
    const auto asked = asked_.find(std::string(current->name));
    if (asked == asked_.end()) return;
    ShareWish& wish = asked->second;
    const std::uint64_t here = std::min(current->position, wish.size);
    wishes_.progress().bytes += here - wish.counted;
    wish.counted = here;
    if (wish.shown) wish.shown->bytes = here;
}

/// A share must not plant files.
Result<> ShareGetter::offered(const wire::CopyPut& put) {
    const auto asked = asked_.find(put.name);
    if (asked == asked_.end() || asked->second.under_way || put.size != asked->second.size ||
        put.ask || ++asked->second.offers > most_offers) {
        return make_error(Errc::protocol, "the share offered '" + escape(put.name) +
                                              "', which it was not asked for in that form");
    }
    asked->second.under_way = true;
    return {};
}

void ShareGetter::arrived(const ReceivedFile& file) {
    // What was offered under this name may be stored under another.
    const auto asked = asked_.find(file.offered);
    if (asked == asked_.end()) return;
    ShareWish& wish = asked->second;
    wish.under_way = false;
    if (!file.outcome) {
        wish.failure = {file.outcome.error().code,
                        quote(wish.name) + ": " + file.outcome.error().context};
        wishes_.progress().bytes -= std::exchange(wish.counted, 0);
        return;
    }
    CopyOutcome outcome;
    outcome.kind = file.was_there ? CopyOutcome::Kind::same : CopyOutcome::Kind::sent;
    outcome.bytes = wish.size;
    outcome.digests = file.digests;
    if (file.name != wish.name) outcome.stored_as = file.name;
    settle(asked, std::move(outcome));
}

/// The last word on a file that we do not get.
Result<> ShareGetter::lacks(const wire::CopyLack& lack) {
    const auto asked = asked_.find(lack.name);
    if (asked == asked_.end() || asked->second.under_way) {
        return make_error(Errc::protocol,
                          "the share lacks '" + escape(lack.name) + "' out of place");
    }
    CopyOutcome outcome;
    outcome.kind = CopyOutcome::Kind::failed;
    const auto theirs = kind_of(lack.code);
    if (!theirs && asked->second.failure) {
        outcome.error = std::move(*asked->second.failure);
    } else {
        outcome.error = make_error(theirs.value_or(Errc::failed),
                                   quote(lack.name) + ": " + peer_ + " says " + escape(lack.text));
    }
    settle(asked, std::move(outcome));
    return {};
}

void ShareGetter::settle(Asked::iterator asked, CopyOutcome outcome) {
    ShareWish wish = std::move(asked->second);
    asked_.erase(asked);
    open_bytes_ -= wish.size;
    open_lines_ -= wish.name.size();
    ++settled_;
    wishes_.finish(std::move(wish), std::move(outcome));
}

}  // namespace netcopy
