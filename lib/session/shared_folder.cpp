#include "session/shared_folder.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "net/readable.hpp"
#include "session/folder_indexer.hpp"

namespace netcopy {
namespace {

constexpr auto nothrow = asio::as_tuple(UseTask());
/// The folder is gone, or descriptors have run out: it is tried again after so long.
constexpr std::chrono::seconds try_again{1};

SharedFile shown(const SharedFiles::Entry& entry) {
    const KnownFile& known = entry.second;
    return {.name = entry.first,
            .status = known.file.status,
            .md5 = std::string(known.digests.md5_text()),
            .sha256 = std::string(known.digests.sha256_text())};
}

/// Lower case; empty when it is no hex.
std::string hex_digits(std::string_view text) {
    std::string digits(text);
    for (char& c : digits) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return {};
    }
    return digits;
}

}  // namespace

class SharedFolder::State : public std::enable_shared_from_this<SharedFolder::State> {
public:
    State(std::filesystem::path path_, const Executor& executor_, DiskPool& disk_,
          std::chrono::milliseconds gather_)
        : path(std::move(path_)),
          executor(executor_),
          disk(disk_),
          gather(gather_),
          changed(executor_, Time::max()) {}

    using Time = Clock::time_point;

    Task<> run();
    Task<> follow();
    Task<> wait_for_events();
    Task<> wait_for_folder();
    void start_following();
    void wake() { changed.cancel(); }
    void wake_from_any_thread();

    const std::filesystem::path path;
    const Executor executor;
    DiskPool& disk;
    const std::chrono::milliseconds gather;
    std::unique_ptr<FolderIndexer> indexer;
    ContentClaims claims;
    std::optional<FolderWatch> watch;
    asio::cancellation_signal stop_following;
    Timer changed;  // cancelled when there is something to do
    bool following = false;
    bool stopped = false;
    std::atomic<bool> waking = false;
};

Result<std::unique_ptr<SharedFolder>> SharedFolder::open(const std::filesystem::path& folder,
                                                         const Executor& executor, DiskPool& disk,
                                                         SharedFolderTimes times) {
    auto state = std::make_shared<State>(folder, executor, disk, times.gather);
    auto indexer = FolderIndexer::open(folder, std::move(times), state->watch);
    if (!indexer) return indexer.error();
    state->indexer = std::move(*indexer);
    return std::unique_ptr<SharedFolder>(new SharedFolder(std::move(state)));
}

SharedFolder::SharedFolder(std::shared_ptr<State> state) : state_(std::move(state)) {}

SharedFolder::~SharedFolder() = default;

Task<> SharedFolder::run() { return state_->run(); }

void SharedFolder::stop() {
    state_->stopped = true;
    state_->wake();
}

Task<> SharedFolder::State::run() {
    const auto self = shared_from_this();
    indexer->start_telling();
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const auto ends = [&] {
        return stopped || cancellation.cancelled() != asio::cancellation_type::none;
    };
    if (watch) start_following();
    while (!ends()) {
        const auto due = indexer->due();
        if (!due || *due > Clock::now()) {
            changed.expires_at(due.value_or(Time::max()));
            co_await changed.async_wait(nothrow);
            continue;
        }
        co_await disk.run([this] {
            indexer->work();
            return true;
        });
    }
    while (following) {
        stop_following.emit(asio::cancellation_type::terminal);
        changed.expires_at(Time::max());
        // Our own cancellation must not end this wait.
        co_await changed.async_wait(
            asio::bind_cancellation_slot(asio::cancellation_slot(), nothrow));
    }
    co_await disk.run([this] {
        indexer->finish();
        return true;
    });
}

void SharedFolder::State::start_following() {
    following = true;
    const auto ended = [self = shared_from_this()](const std::exception_ptr&) {
        self->following = false;
        self->wake();
    };
    asio::co_spawn(executor, follow(), asio::bind_cancellation_slot(stop_following.slot(), ended));
}

/// Reads what the watch has, until it is cancelled, or there is none.
Task<> SharedFolder::State::follow() {
    while (watch) {
        co_await wait_for_events();
        const auto take = [this](std::string_view name, const NameChange& change) {
            indexer->note(name, change);
        };
        const FolderWatch::State state = watch->read(take);
        if (state == FolderWatch::State::lost) indexer->note_everything();
        if (state == FolderWatch::State::gone) co_await wait_for_folder();
        wake();
        Timer pause(executor, gather);
        co_await pause.async_wait(UseTask());
    }
}

Task<> SharedFolder::State::wait_for_events() {
    for (;;) {
        error_code reason;
        try {
            co_await wait_readable(watch->descriptor());
            co_return;
        } catch (const boost::system::system_error& error) {
            reason = error.code();
        }
        if (reason == asio::error::operation_aborted) {
            throw boost::system::system_error(reason);
        }
        Timer pause(executor, try_again);  // descriptors have run out
        co_await pause.async_wait(UseTask());
    }
}

/// Until something else has its path.
Task<> SharedFolder::State::wait_for_folder() {
    NETCOPY_LOG(error) << quote(path.string())
                       << " was removed, moved or unmounted: nothing is shared until a folder is "
                          "there again";
    indexer->detach();
    watch.reset();
    wake();
    for (bool there = false; !there;) {
        Timer pause(executor, try_again);
        co_await pause.async_wait(UseTask());
        auto attached = co_await disk.run([this] { return indexer->attach(); });
        there = attached.has_value();
        if (there) watch = std::move(*attached);
    }
    NETCOPY_LOG(warning) << quote(path.string()) << " is there again";
}

void SharedFolder::State::wake_from_any_thread() {
    if (waking.exchange(true)) return;
    asio::post(executor, [self = shared_from_this()] {
        self->waking = false;
        self->wake();
    });
}

std::vector<SharedFile> SharedFolder::page(std::string_view after, std::size_t most) const {
    return state_->indexer->ask([&](const SharedFiles& files) {
        std::vector<SharedFile> found;
        const auto& listed = files.listed();
        for (auto each = after.empty() ? listed.begin() : listed.upper_bound(after);
             each != listed.end() && found.size() < most; ++each) {
            found.push_back(shown(*each));
        }
        return found;
    });
}

std::size_t SharedFolder::count() const {
    return state_->indexer->ask([](const SharedFiles& files) { return files.listed().size(); });
}

std::optional<SharedFile> SharedFolder::find(std::string_view name) const {
    return state_->indexer->ask([&](const SharedFiles& files) -> std::optional<SharedFile> {
        const auto found = files.listed().find(name);
        if (found == files.listed().end()) return std::nullopt;
        return shown(*found);
    });
}

void SharedFolder::follow_changes(std::function<void()> changed) {
    state_->indexer->follow_changes(std::move(changed));
}

std::uint64_t SharedFolder::version() const {
    return state_->indexer->ask([](const SharedFiles& files) { return files.changes().version(); });
}

ListingChanges::Since SharedFolder::changes_since(std::uint64_t version, std::size_t most) const {
    return state_->indexer->ask(
        [&](const SharedFiles& files) { return files.changes().since(version, most); });
}

SharedFolder::Match SharedFolder::find_id(std::string_view text) const {
    const std::string digits = hex_digits(text);
    if (digits.size() < least_digits) return {};
    return state_->indexer->ask([&](const SharedFiles& files) -> Match {
        const auto* const first = files.first_id(digits);
        if (!first || !first->second.digests.md5_text().starts_with(digits)) return {};
        const std::string_view md5 = first->second.digests.md5_text();
        const auto* const next = files.first_id_behind(md5);
        if (next && next->second.digests.md5_text().starts_with(digits)) {
            return {.file = std::nullopt, .ambiguous = true};
        }
        return {.file = shown(*first), .ambiguous = false};
    });
}

Result<ContentClaims::Claim> SharedFolder::claim(const std::string& name,
                                                 const Digests& digests) const {
    const auto content = ContentDigests::from(digests);
    if (!content) return make_error(Errc::failed, "a file has to have MD5 and SHA-256");
    // Before what is listed is looked at: whose claim has gone by now is among that.
    auto claimed = state_->claims.claim(name, *content);
    if (!claimed) return claimed;
    return state_->indexer->ask([&](const SharedFiles& files) -> Result<ContentClaims::Claim> {
        const auto* const other = files.collision(content->md5_text(), content->sha256_text());
        if (other) return collides_with(other->first);
        return claimed;
    });
}

bool SharedFolder::learn(const std::string& name, std::uint64_t size, const Digests& digests) {
    const bool learnt = state_->indexer->learn(name, size, digests);
    state_->wake_from_any_thread();
    return learnt;
}

const TreeProgress& SharedFolder::progress() const { return state_->indexer->progress(); }

bool SharedFolder::at_rest() const { return state_->indexer->at_rest(); }

}  // namespace netcopy
