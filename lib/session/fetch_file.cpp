#include "session/fetch_file.hpp"

#include <algorithm>
#include <exception>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "file/safe_name.hpp"
#include "net/resolve.hpp"
#include "net/together.hpp"
#include "session/fetch_convert.hpp"

namespace netcopy {

struct FetchFile::Work {
    Work(FetchRun& run, const CatalogueEntry& entry, ScatteredFile file, DigestKind kind,
         std::shared_ptr<FileProgress> shown)
        : event(run.executor),
          transfer(std::make_shared<FetchTransfer>(
              FetchTransfer::Identity{entry.name, to_tag(entry.sha256)}, std::move(file), event,
              std::move(shown), run.progress)),
          hasher(transfer->file(), kind, run.disk, run.executor, event),
          peers(run.first_retries, run.retries) {}

    Event event;
    std::shared_ptr<FetchTransfer> transfer;
    FetchHasher hasher;
    FetchPeers peers;
    std::size_t sources = 0;
    std::optional<FetchPlan::Source> local;  // what an earlier attempt has left
    std::optional<FetchTrial> trial;
    std::uint64_t looked_again = 0;  // times, at the master
    std::uint64_t arrived = 0;       // bytes
};

FetchFile::FetchFile(FetchRun& run, Tree& tree, const CatalogueEntry& entry)
    : run_(run), tree_(tree), entry_(entry), expected_(digest_of(entry)) {}

FetchFile::~FetchFile() = default;

Fetched FetchFile::fail(Error error) const {
    Fetched fetched;
    fetched.name = entry_.name;
    fetched.outcome = failed_outcome(std::move(error));
    return fetched;
}

Task<Fetched> FetchFile::fetch() {
    shown_ = run_.progress.begin(entry_.name, entry_.size.value_or(0));
    shown_->phase = Phase::comparing;
    const auto look = [this] { return look_at_target(tree_, entry_, run_.overwrite); };
    const auto target = co_await run_.disk.run(look);
    if (!target) co_return fail(target.error());
    if (target->same) {
        Fetched fetched;
        fetched.name = entry_.name;
        fetched.outcome.kind = CopyOutcome::Kind::same;
        fetched.outcome.bytes = *entry_.size;
        fetched.outcome.digests = {*expected_};
        run_.progress.bytes += *entry_.size;
        co_return fetched;
    }
    const auto prepared = co_await prepare(target->existing);
    if (!prepared) co_return fail(prepared.error());
    co_await find_peers(entry_.sources);
    shown_->phase = Phase::moving;
    const auto part = [this](std::size_t number) {
        return number == 0 ? steer() : work_->hasher.run();
    };
    std::exception_ptr thrown;
    try {
        co_await run_together(2, part);
    } catch (...) {
        thrown = std::current_exception();
    }
    const auto hang_up = [this] { run_.link.hang_up(*work_->transfer); };
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await run_.link.perform(hang_up);
    if (thrown) {
        work_->transfer->file().keep();
        std::rethrow_exception(thrown);
    }
    if (verified_) co_return co_await finish();
    if (corrupted_) co_return co_await finish_corrupted();
    const auto keep = [this] {
        work_->transfer->file().keep();
        return true;
    };
    co_await run_.disk.run(keep);
    run_.progress.bytes -= work_->transfer->counted();
    co_return fail(std::move(*error_));
}

/// The partial file, and what an earlier attempt has left in it.
Task<Result<>> FetchFile::prepare(Existing existing) {
    IncomingPlan plan;
    plan.size = entry_.size;
    if (entry_.mtime) plan.mtime = *entry_.mtime;
    plan.keep_mtime = entry_.mtime.has_value();
    plan.existing = existing;
    plan.same_bytes_once = true;
    const auto create = [&] {
        return ScatteredFile::create(tree_, entry_.name, plan, expected_->second);
    };
    auto file = co_await run_.disk.run(create);
    if (!file) co_return file.error();
    std::vector<std::size_t> kept;
    const auto check = [&] {
        return file->check_some([&kept](std::size_t block) { kept.push_back(block); });
    };
    for (bool done = false; !done;) {
        const auto checked = co_await run_.disk.run(check);
        if (!checked) co_return checked.error();
        done = *checked;
    }
    work_ = std::make_unique<Work>(run_, entry_, std::move(*file), expected_->first, shown_);
    if (!kept.empty()) {
        work_->local = work_->transfer->plan().add_source();
        ++work_->sources;
        work_->transfer->had(*work_->local, kept);
        work_->transfer->plan().drop(*work_->local);
        work_->hasher.settled(kept);
        NETCOPY_LOG(info) << quote(entry_.name) << ": goes on with " << work_->transfer->counted()
                          << " bytes of an earlier attempt";
    }
    co_return Result<>();
}

/// Those that are not known yet.
Task<> FetchFile::find_peers(std::vector<CatalogueSource> sources) {
    for (const CatalogueSource& each : sources) {
        if (each.seed) continue;
        const auto found = co_await resolve(each.udp, run_.connect_timeout);
        if (!found) {
            NETCOPY_LOG(warning) << found.error().context;
            if (!error_) error_ = found.error();
            continue;
        }
        const UdpAddress address(found->front().address(), found->front().port());
        if (run_.liars.contains(address)) continue;
        if (FetchPeers::Peer* const known = work_->peers.find(address)) {
            if (known->state == FetchPeers::State::gone) known->state = FetchPeers::State::idle;
            continue;
        }
        FetchPlan::Source source = 0;
        const auto add = [&] { source = work_->transfer->plan().add_source(); };
        co_await run_.link.perform(add);
        ++work_->sources;
        work_->peers.add(address, to_string(each.udp), source);
    }
}

/// Until the file is verified, corrupted, or there is an error.
Task<> FetchFile::steer() {
    Work& work = *work_;
    for (;;) {
        auto news = work.transfer->news();
        work.arrived = news.arrived;
        work.hasher.whole(news.blocks);
        if (news.failure) error_ = std::move(news.failure);
        if (work.hasher.failure()) error_ = *work.hasher.failure();
        if (news.failure || work.hasher.failure()) break;
        for (const auto& end : news.ends) {
            if (auto* const peer = work.peers.find(end.source)) {
                work.peers.ended(*peer, end.why, end.for_good, news.arrived, Clock::now());
            }
        }
        if (news.complete) {
            if (shown_) shown_->phase = Phase::hashing;
            if (work.hasher.done()) {
                verified_ = work.hasher.hex() == expected_->second;
                if (verified_) break;
                if (!co_await try_others()) break;
                continue;
            }
        } else if (!co_await keep_calling()) {
            break;
        }
        co_await work.event.wait(work.peers.next_try());
    }
    if (verified_) name_liars();
    work.hasher.stop();
}

/// False: nobody is left who could give what is missing.
Task<bool> FetchFile::keep_calling() {
    Work& work = *work_;
    while (!work.peers.hope()) {
        if (work.trial) {
            corrupted_ = true;
            co_return false;
        }
        if (work.peers.last_error()) error_ = work.peers.last_error();
        if (!error_) error_ = make_error(Errc::unreachable, "no server is left that has it");
        if (!run_.look_again || work.arrived == 0 || work.looked_again == run_.retries) {
            // Somebody was there, and is no more.
            if (work.arrived > 0 && *error_ == Errc::unreachable) {
                error_ =
                    make_error(Errc::connection_lost, "lost the connection: " + error_->context);
            }
            error_->context = "cannot fetch " + quote(entry_.name) + ": " + error_->context;
            co_return false;
        }
        // A server that was started again may be at another port by now.
        constexpr std::chrono::milliseconds pause{500};
        co_await work.event.wait(Clock::now() + pause * (1 + work.looked_again));
        ++work.looked_again;
        co_await find_peers(co_await run_.look_again(entry_));
    }
    for (FetchPeers::Peer* const peer : work.peers.due(Clock::now())) {
        FetchCall call;
        call.transfer = work.transfer;
        call.source = peer->source;
        call.server = peer->address;
        call.shown = peer->shown;
        call.connect_timeout = run_.connect_timeout;
        call.silence = run_.timeout;
        call.shares_buffer = run_.files_at_a_time * work.peers.all().size();
        peer->state = FetchPeers::State::talking;
        const auto does = [&] { run_.link.call(std::move(call)); };
        co_await run_.link.perform(does);
    }
    co_return true;
}

/// The digest does not match. False: there is nobody else to be asked.
Task<bool> FetchFile::try_others() {
    Work& work = *work_;
    if (!work.trial) {
        NETCOPY_LOG(warning) << quote(entry_.name)
                             << ": what came has another digest than the catalogue says";
        const auto begin = [&] {
            work.trial.emplace(work.transfer->plan(), work.sources, work.local);
        };
        co_await run_.link.perform(begin);
    }
    corrupted_ = !co_await begin_trial_step();
    co_return !corrupted_;
}

Task<bool> FetchFile::begin_trial_step() {
    Work& work = *work_;
    const auto step = work.trial->next();
    if (!step) co_return false;
    for (FetchPeers::Peer& peer : work.peers.all()) {
        const bool left_out = (peer.source == step->source) != step->alone;
        if (left_out) {
            peer.state = FetchPeers::State::excluded;
        } else if (peer.state == FetchPeers::State::excluded) {
            peer.state = FetchPeers::State::idle;
        }
    }
    std::vector<std::size_t> whole;
    const auto apply = [&] {
        FetchTransfer& transfer = *work.transfer;
        for (const FetchPeers::Peer& peer : work.peers.all()) {
            if (peer.state != FetchPeers::State::excluded) continue;
            run_.link.hang_up(transfer, peer.source);
            transfer.plan().drop(peer.source);
        }
        if (step->alone) {
            transfer.plan().refetch_from(step->source);
        } else {
            transfer.plan().refetch_without(step->source);
        }
        transfer.missing_again();
        whole = transfer.whole_blocks();
    };
    co_await run_.link.perform(apply);
    work.hasher.start_over();
    work.hasher.settled(whole);
    co_return true;
}

void FetchFile::name_liars() {
    Work& work = *work_;
    if (!work.trial) return;
    for (const FetchPlan::Source each : work.trial->liars()) {
        if (const FetchPeers::Peer* const peer = work.peers.find(each)) {
            run_.liars.insert(peer->address);
            NETCOPY_LOG(warning) << peer->shown << " sent wrong bytes of " << quote(entry_.name)
                                 << "; it is not asked any more";
        } else {
            NETCOPY_LOG(warning) << "what an earlier attempt had left of " << quote(entry_.name)
                                 << " was damaged, and was fetched again";
        }
    }
}

Task<Fetched> FetchFile::finish() {
    shown_->phase = Phase::syncing;
    const auto finish = [this] { return std::move(work_->transfer->file()).finish(); };
    auto file = co_await run_.disk.run(finish);
    if (!file) co_return fail(file.error());
    Fetched fetched;
    fetched.name = entry_.name;
    fetched.outcome.bytes = *entry_.size;
    fetched.outcome.digests = {*expected_};
    fetched.file.emplace(std::move(*file));
    co_return fetched;
}

/// The file that came is kept under another name, if that is not too long.
Task<Fetched> FetchFile::finish_corrupted() {
    const std::string kept_as = entry_.name + ".corrupted";
    const bool keeps = safe_name(kept_as).has_value() && work_->transfer->plan().complete();
    run_.progress.bytes -= work_->transfer->counted();
    std::string from;
    for (const FetchPeers::Peer& peer : work_->peers.all()) {
        from += (from.empty() ? "" : ", ") + peer.shown;
    }
    Fetched fetched = fail(
        make_error(Errc::corrupted, quote(entry_.name) + " from " + from + " is corrupted: its " +
                                        std::string(to_string(expected_->first)) +
                                        " is not what the catalogue says" +
                                        (keeps ? "; kept as " + quote(kept_as) : std::string())));
    const auto finish = [&]() -> Result<IncomingFile> {
        if (keeps) work_->transfer->file().retarget(kept_as, Existing::replace);
        auto file = std::move(work_->transfer->file()).finish();
        if (file && !keeps) file->discard();
        return file;
    };
    auto file = co_await run_.disk.run(finish);
    if (file && keeps) fetched.file.emplace(std::move(*file));
    co_return fetched;
}

}  // namespace netcopy
