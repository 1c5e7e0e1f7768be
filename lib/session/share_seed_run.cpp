#include "session/share_seed_run.hpp"

#include "base/bytes.hpp"
#include "net/together.hpp"
#include "session/progress_mirror.hpp"

namespace netcopy {
namespace {

/// All connections of an upload.
class Uploads {
public:
    Uploads(CopyQueue& queue, DiskPool& disk, std::function<void(const std::string&)> connected)
        : queue_(queue), disk_(disk), connected_(std::move(connected)) {}

    Task<> run(ShareSeedClient& client) {
        while (!unreachable_) {
            auto item = co_await disk_.run([this] { return queue_.take(); });
            co_await stop_if_cancelled();
            // Nothing here is ever put off: a queue without an item is at its end, or at the
            // walk's last step.
            if (!item && !queue_.has_more()) co_return;
            if (!item) continue;
            CopyOutcome outcome;
            if (item->kind != CopyItem::Kind::folder) outcome = co_await upload(client, *item);
            if (outcome.error == Errc::unreachable && !was_connected_) {
                unreachable_ = outcome.error;
                queue_.give_back(std::move(item));
                co_return;
            }
            queue_.finish(std::move(item), std::move(outcome));
        }
    }

    const std::optional<Error>& unreachable() const { return unreachable_; }

private:
    Task<CopyOutcome> upload(ShareSeedClient& client, CopyItem& item) {
        if (item.kind != CopyItem::Kind::file) {
            co_return failed_outcome(make_error(Errc::refused, "cannot upload " + quote(item.name) +
                                                                   ": the seed's protocol takes "
                                                                   "files only"));
        }
        auto source = co_await disk_.run([&item] { return FileSource::open(item.path); });
        if (!source) co_return failed_outcome(source.error());
        if (!item.shown) item.shown = queue_.progress().begin(item.name, item.status.size);
        ProgressMirror mirror(co_await asio::this_coro::executor, queue_.progress(), *item.shown,
                              item.counted);
        std::string name = item.name.substr(item.name.rfind('/') + 1);  // npos + 1 is 0: all of it
        auto uploaded = co_await client.upload(*source, std::move(name), *item.shown);
        mirror.look();
        const bool reached = uploaded || !(uploaded.error() == Errc::unreachable);
        if (reached && !std::exchange(was_connected_, true) && connected_) {
            connected_(client.peer());
        }
        if (!uploaded) co_return failed_outcome(uploaded.error());
        CopyOutcome outcome;
        outcome.bytes = item.shown->bytes;
        outcome.digests = std::move(uploaded->digests);
        co_return outcome;
    }

    CopyQueue& queue_;
    DiskPool& disk_;
    const std::function<void(const std::string&)> connected_;
    bool was_connected_ = false;
    std::optional<Error> unreachable_;
};

/// One connection of a download.
Task<> download(ShareSeedClient& client, ShareWishes& wishes, Tree tree, Existing existing) {
    const Executor executor = co_await asio::this_coro::executor;
    while (auto wish = wishes.take()) {
        if (!wish->shown) wish->shown = wishes.progress().begin(wish->name, wish->size);
        ShareSeedFile file;
        file.id = wish->md5;
        file.name = wish->name;
        file.size = wish->size;
        ShareSeedTarget target;
        target.tree = &tree;
        target.existing = existing;
        std::optional<Result<ShareSeedDownloaded>> came;
        {
            ProgressMirror mirror(executor, wishes.progress(), *wish->shown, wish->counted);
            came = co_await client.download(std::move(file), std::move(target), *wish->shown);
            mirror.look();
        }
        CopyOutcome outcome;
        if (!*came) {
            outcome = failed_outcome(came->error());
        } else {
            const ShareSeedDownloaded& found = **came;
            outcome.kind = found.same ? CopyOutcome::Kind::same : CopyOutcome::Kind::sent;
            outcome.bytes = wish->size;
            outcome.digests = found.digests;
            if (found.name != wish->name) outcome.stored_as = found.name;
        }
        wishes.finish(std::move(*wish), std::move(outcome));
    }
}

Existing existing_of(Overwrite overwrite) {
    switch (overwrite) {
        case Overwrite::rename:
            return Existing::rename;
        case Overwrite::always:
            return Existing::replace;
        case Overwrite::never:
        case Overwrite::newer:
            return Existing::keep;
    }
    return Existing::keep;
}

}  // namespace

Task<Result<>> upload_by_seed(CopyQueue& queue, DiskPool& disk, ShareSeedPlan plan,
                              std::size_t connections,
                              std::function<void(const std::string&)> connected) {
    Uploads uploads(queue, disk, std::move(connected));
    const auto worker = [&](std::size_t) -> Task<> {
        ShareSeedClient client(plan, disk);
        co_await uploads.run(client);
        co_await client.close();
    };
    co_await run_together(connections, worker);
    if (uploads.unreachable()) co_return *uploads.unreachable();
    co_return Result<>();
}

Task<> download_by_seed(ShareWishes& wishes, const Tree& tree, Overwrite overwrite, DiskPool& disk,
                        ShareSeedPlan plan, std::size_t connections) {
    const auto worker = [&](std::size_t) -> Task<> {
        ShareSeedClient client(plan, disk);
        co_await download(client, wishes, tree.another(), existing_of(overwrite));
        co_await client.close();
    };
    co_await run_together(connections, worker);
}

}  // namespace netcopy
