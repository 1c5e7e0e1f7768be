#include "session/copy_receiver.hpp"

#include <algorithm>

namespace netcopy {
namespace {

/// How long complete files wait for others to be made durable with.
constexpr std::chrono::milliseconds sync_pause{200};
constexpr std::uint64_t most_unsynced = 64 << 20;  // bytes
/// A sender that does not take its answers is not listened to either.
constexpr std::size_t most_text = 256 * 1024;  // bytes
/// Answers go out after so many requests, so that both sides work at the same time.
constexpr unsigned most_messages = 512;

std::vector<DigestKind> joined(std::vector<DigestKind> kinds, const std::vector<DigestKind>& more) {
    for (const DigestKind kind : more) {
        if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
    }
    return kinds;
}

}  // namespace

CopyReceiver::CopyReceiver(Tree tree, const ReceiveRules& rules, std::vector<DigestKind> digests,
                           std::string peer)
    : tree_(std::move(tree)),
      rules_(rules),
      digests_(std::move(digests)),
      hashed_(joined(digests_, rules.digests)),
      peer_(std::move(peer)),
      busy_(wire::line_of(wire::CopyBusy{})) {}

CopyReceiver::~CopyReceiver() = default;

Result<std::size_t> CopyReceiver::consume(Bytes bytes) {
    std::size_t used = 0;
    const std::uint64_t enough = messages_ + most_messages;
    while (used < bytes.size() && !said_last_ && !busy() && text_.size() < most_text &&
           messages_ < enough) {
        if (body_ && body_->left > 0) {
            const auto count =
                static_cast<std::size_t>(std::min<std::uint64_t>(body_->left, bytes.size() - used));
            take_bytes(bytes.subspan(used, count));
            used += count;
            continue;
        }
        auto parsed = wire::parse_copy_request(as_text(bytes.subspan(used)));
        if (!parsed) return parsed.error();
        if (parsed->verdict == wire::Verdict::need_more) break;
        used += parsed->used;
        ++messages_;
        const auto taken =
            std::visit([this](const auto& request) { return take(request); }, parsed->message);
        if (!taken) return taken.error();
    }
    return used;
}

Result<std::size_t> CopyReceiver::produce(MutableBytes buffer) {
    if (stopping_ && !ending_ && !said_last_ && !body_ && !working_on_) {
        if (something_waits()) {
            sync_ = true;
        } else {
            append(text_, wire::CopyStop{});
            said_last_ = true;
        }
    }
    const auto rest = std::string_view(text_).substr(text_sent_, buffer.size());
    std::ranges::copy(as_bytes(rest), buffer.begin());
    text_sent_ += rest.size();
    if (text_sent_ == text_.size()) {
        text_.clear();
        text_sent_ = 0;
    }
    return rest.size();
}

bool CopyReceiver::busy() const {
    if (working_on_ || sync_) return true;
    return batch_.files() >= CommitBatch::most_files || batch_.bytes() >= most_unsynced ||
           made_.size() >= CommitBatch::most_files;
}

Clock::time_point CopyReceiver::due() const {
    return oldest_ == Clock::time_point::max() ? oldest_ : oldest_ + sync_pause;
}

Result<> CopyReceiver::work() {
    if (!working_on_) {
        commit();
        return {};
    }
    const std::uint64_t n = *working_on_;
    switch (requests_.at(n).step) {
        case Step::checking:
            check_some(n);
            break;
        case Step::hashing:
            hash_some(n);
            break;
        case Step::filling:
            fill_some();
            break;
        case Step::verifying:
            verify_some();
            break;
        default:
            working_on_.reset();
    }
    return {};
}

/// The bytes of files, their names, the folders; then the word.
void CopyReceiver::commit() {
    sync_ = false;
    oldest_ = Clock::time_point::max();
    const auto outcomes = batch_.commit();
    const auto folders = tree_.sync_folders();
    for (const auto& outcome : outcomes) confirm(outcome, folders);
    for (const std::uint64_t n : std::exchange(made_, {})) {
        if (folders) {
            append(text_, wire::CopyDone{n, {}, {}});
        } else {
            append(text_, wire::CopyNo{n, "failed", folders.error().context});
        }
    }
    if (ending_ && !said_last_) say_last();
}

/// Files that were there may have been written by somebody who did not make them durable.
void CopyReceiver::say_last() {
    const auto synced = said_same_ ? tree_.sync_all() : Result<>();
    if (synced) {
        append(text_, wire::CopyBye{});
    } else {
        append(text_, wire::CopyNo{0, "failed", synced.error().context});
    }
    said_last_ = true;
}

void CopyReceiver::confirm(const CommitBatch::Outcome& outcome, const Result<>& folders) {
    const auto found = requests_.find(outcome.tag);
    Request request = std::move(found->second);
    names_ -= request.put.name.size();
    requests_.erase(found);
    Result<std::string> stored_as = outcome.name;
    if (!folders) stored_as = folders.error();
    if (stored_as) {  // of the whole name the commit decides the last component
        const std::string& name = request.put.name;
        *stored_as = name.substr(0, name.size() - last_component(name).size()) + *stored_as;
    }
    report(request, stored_as, false);
    if (stored_as) {
        request.quota.use_up();
        const bool renamed = *stored_as != request.put.name;
        wire::CopyDone done{outcome.tag, renamed ? *stored_as : std::string(), {}};
        if (rules_.say_digests) {
            done.name = *stored_as;
            for (const auto& [kind, hex] : request.digests) {
                done.digests.emplace_back(to_string(kind), hex);
            }
        }
        append(text_, done);
    } else {
        const bool refused = stored_as.error() == Errc::refused;
        append(text_,
               wire::CopyNo{outcome.tag, refused ? "exists" : "failed", stored_as.error().context});
    }
}

void CopyReceiver::wait_for_sync() {
    if (oldest_ == Clock::time_point::max()) oldest_ = Clock::now();
}

Result<> CopyReceiver::take(const wire::CopySync&) {
    sync_ = something_waits();
    return {};
}

Result<> CopyReceiver::take(const wire::CopyEnd&) {
    const bool open = std::ranges::any_of(
        requests_, [](const auto& each) { return each.second.step != Step::complete; });
    if (open || ending_) {
        return make_error(Errc::protocol, "the peer said END before everything was done");
    }
    ending_ = true;
    sync_ = true;
    return {};
}

std::optional<CopyReceiver::UnderWay> CopyReceiver::under_way() const {
    if (!body_) return std::nullopt;
    return UnderWay{requests_.at(body_->n).put.name, body_->position};
}

Result<> CopyReceiver::take(const wire::CopyLack& lack) {
    if (rules_.on_lack) return rules_.on_lack(lack);
    return make_error(Errc::protocol, "the peer lacks what it was not asked for");
}

/// Refuses a request. A body that is under way is read away until the sender has understood.
void CopyReceiver::no(std::uint64_t n, std::string_view code, const Error& error) {
    append(text_, wire::CopyNo{n, std::string(code), error.context});
    const auto found = requests_.find(n);
    Request& request = found->second;
    if (working_on_ == n) working_on_.reset();
    if (request.file && !(body_ && body_->n == n)) --open_files_;
    if (code != "busy") report(request, error, false);  // that one comes again
    request.file.reset();
    if (body_ && body_->n == n && !body_->sum) {
        request.step = Step::skipping;
        return;
    }
    if (body_ && body_->n == n) body_.reset();
    names_ -= request.put.name.size();
    requests_.erase(found);
}

/// The word for what the file layer says.
std::string_view CopyReceiver::code_of(const Error& error) {
    // Descriptors come free when another connection commits.
    if (is_busy(error) || is_out_of_descriptors(error)) return "busy";
    if (is_out_of_space(error)) return "space";
    return error == Errc::refused ? "name" : "failed";
}

void CopyReceiver::fail(std::uint64_t n, const Error& error) { no(n, code_of(error), error); }

void CopyReceiver::same(std::uint64_t n, std::string stored_as) {
    const auto found = requests_.find(n);
    const Request& request = found->second;
    append(text_, wire::CopySame{n, stored_as});
    if (request.put.size.value_or(0) >= resumable_size) tree_.forget_partial(request.put.name);
    said_same_ = true;
    report(request, stored_as.empty() ? request.put.name : std::move(stored_as), true);
    names_ -= request.put.name.size();
    requests_.erase(found);
}

void CopyReceiver::report(const Request& request, const Result<std::string>& stored_as,
                          bool was_there) {
    if (request.put.ask) return;
    files_ += stored_as ? 1 : 0;
    bytes_ += request.bytes;
    if (!rules_.on_file) return;
    ReceivedFile file;
    file.peer = peer_;
    file.offered = request.put.name;
    file.name = stored_as ? *stored_as : request.put.name;
    if (!stored_as) file.outcome = stored_as.error();
    file.size = request.put.size.value_or(request.bytes);
    file.bytes = request.bytes;
    if (request.began != Clock::time_point()) file.took = Clock::now() - request.began;
    file.digests = request.digests;
    file.was_there = was_there;
    rules_.on_file(file);
}

}  // namespace netcopy
