#include "session/transfer_run.hpp"

#include "session/progress_mirror.hpp"
#include "session/transfer_reading.hpp"
#include "session/transfer_send.hpp"
#include "store/source_digest.hpp"

namespace netcopy {
namespace {

class TransferRun {
public:
    TransferRun(CopyQueue& queue, DiskPool& disk, DigestCache* cache, TransferRunPlan plan,
                std::function<void(const std::string&)> connected)
        : queue_(queue),
          disk_(disk),
          cache_(cache),
          plan_(std::move(plan)),
          connected_(std::move(connected)) {}

    Task<Result<>> run() {
        while (!queue_.finished()) {
            auto item = co_await disk_.run([this] { return queue_.take(); });
            co_await stop_if_cancelled();
            if (!item) continue;  // the walk's last step; nothing here is ever put off
            CopyOutcome outcome;
            if (item->kind != CopyItem::Kind::folder) outcome = co_await send(*item);
            if (outcome.error == Errc::unreachable && !was_connected_) co_return outcome.error;
            queue_.finish(std::move(item), std::move(outcome));
        }
        co_return Result<>();
    }

private:
    Task<CopyOutcome> send(CopyItem& item) {
        const std::string what = "cannot send " + quote(item.name);
        if (item.kind == CopyItem::Kind::link) {
            co_return failed_outcome(
                make_error(Errc::refused, what + ": the seed's protocol has no links"));
        }
        if (item.kind == CopyItem::Kind::pipe) {
            co_return failed_outcome(make_error(
                Errc::refused, what + ": the seed's protocol needs to know its size and digest "
                                      "first; send a file"));
        }
        auto source = co_await disk_.run([&item] { return FileSource::open(item.path); });
        if (!source) co_return failed_outcome(source.error());
        if (!item.shown) item.shown = queue_.progress().begin(item.name, item.status.size);
        CopyOutcome outcome;
        auto hashed = co_await hash(item, *source, outcome.digests);
        if (!hashed) co_return failed_outcome(hashed.error());
        const auto sent = co_await transfer(item, *source, outcome.digests.front().second);
        if (!sent) co_return failed_outcome(sent.error());
        outcome.bytes = *sent;
        co_return outcome;
    }

    Task<Result<>> hash(CopyItem& item, FileSource& source, Digests& digests) {
        item.shown->phase = Phase::hashing;
        std::vector<DigestKind> kinds{digest_kind(plan_.kind)};
        if (plan_.sha256_too && kinds[0] != DigestKind::sha256) {
            kinds.push_back(DigestKind::sha256);
        }
        for (const DigestKind kind : kinds) {
            item.shown->bytes = 0;
            auto hex = co_await source_digest(disk_, source, kind, cache_, *item.shown);
            if (!hex) co_return hex.error();
            digests.emplace_back(kind, std::move(*hex));
        }
        item.shown->bytes = 0;
        item.shown->phase = Phase::moving;
        co_return Result<>();
    }

    Task<Result<std::uint64_t>> transfer(CopyItem& item, FileSource& source,
                                         const std::string& digest) {
        auto dialled = co_await dial(plan_.endpoint, plan_.dialing);
        if (!dialled) co_return dialled.error();
        Stream stream(std::move(dialled->socket), dialled->peer);
        if (!std::exchange(was_connected_, true) && connected_) connected_(stream.peer());
        TransferPlan plan;
        plan.name = last_component(item.name);
        plan.kind = plan_.kind;
        plan.digest = digest;
        plan.stall = plan_.stall;
        plan.rate = plan_.rate;
        ProgressMirror mirror(co_await asio::this_coro::executor, queue_.progress(), *item.shown,
                              item.counted);
        const auto sent = co_await send_transfer(stream, disk_, source, plan, *item.shown);
        mirror.look();
        if (!sent) co_return sent.error();
        co_return sent->bytes;
    }

    CopyQueue& queue_;
    DiskPool& disk_;
    DigestCache* const cache_;
    const TransferRunPlan plan_;
    const std::function<void(const std::string&)> connected_;
    bool was_connected_ = false;
};

}  // namespace

Task<Result<>> send_by_transfer(CopyQueue& queue, DiskPool& disk, DigestCache* cache,
                                TransferRunPlan plan,
                                std::function<void(const std::string&)> connected) {
    TransferRun run(queue, disk, cache, std::move(plan), std::move(connected));
    co_return co_await run.run();
}

}  // namespace netcopy
