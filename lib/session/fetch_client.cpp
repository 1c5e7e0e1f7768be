#include "session/fetch_client.hpp"

#include <algorithm>
#include <utility>

#include "file/commit_batch.hpp"
#include "net/together.hpp"
#include "session/fetch_bare_file.hpp"
#include "session/fetch_file.hpp"

namespace netcopy {
namespace {

/// IPv6 takes IPv4 as well, where the machine has it.
Result<UdpLink> open_link(const Executor& executor, DiskPool& disk) {
    const UdpLinkOptions options;
    auto link = UdpLink::open(executor, disk, UdpAddress(asio::ip::address_v6::any(), 0), options);
    if (link) return link;
    return UdpLink::open(executor, disk, UdpAddress(asio::ip::address_v4::any(), 0), options);
}

}  // namespace

FetchClient::FetchClient(FetchClientPlan plan, DiskPool& disk, TreeProgress& progress,
                         OnFetched on_fetched)
    : plan_(std::move(plan)),
      disk_(disk),
      progress_(progress),
      on_fetched_(std::move(on_fetched)) {}

Task<Result<>> FetchClient::run(std::deque<CatalogueEntry> entries, Tree& tree) {
    waiting_ = std::move(entries);
    if (waiting_.empty()) co_return Result<>();
    const Executor executor = co_await asio::this_coro::executor;
    auto socket = open_link(executor, disk_);
    if (!socket) co_return socket.error();
    FetchLink link(executor, *socket, plan_.receiving);
    const std::size_t workers = std::min(plan_.jobs, waiting_.size());
    FetchRun run{executor,
                 disk_,
                 link,
                 progress_,
                 plan_.overwrite,
                 plan_.timeout,
                 plan_.connect_timeout,
                 plan_.first_retries,
                 plan_.retries,
                 workers,
                 plan_.bare,
                 plan_.look_again,
                 {}};
    std::size_t left = workers;
    const auto part = [&](std::size_t number) -> Task<> {
        if (number == 0) co_return co_await link.run();
        std::exception_ptr thrown;
        try {
            co_await work(run, tree.another());
        } catch (...) {
            thrown = std::current_exception();
        }
        if (--left == 0) link.stop();
        if (thrown) std::rethrow_exception(thrown);
    };
    co_await run_together(workers + 1, part);
    co_return Result<>();
}

Task<> FetchClient::work(FetchRun& run, Tree tree) {
    while (!waiting_.empty()) {
        const CatalogueEntry entry = std::move(waiting_.front());
        waiting_.pop_front();
        const CopyOutcome outcome = co_await fetch(run, tree, entry);
        ++summary_.files;
        ++progress_.files;
        summary_.add(outcome);
        on_fetched_(entry.name, outcome);
    }
}

Task<CopyOutcome> FetchClient::fetch(FetchRun& run, Tree& tree, const CatalogueEntry& entry) {
    FetchFile file(run, tree, entry);
    Fetched fetched;
    if (entry.size && digest_of(entry)) {
        fetched = co_await file.fetch();
    } else {
        fetched = co_await fetch_bare_file(run, tree, entry);
    }
    if (!fetched.file) co_return std::move(fetched.outcome);
    const auto commit = [&fetched] {
        CommitBatch batch;
        batch.add(0, std::move(*fetched.file));
        return std::move(batch.commit().front());
    };
    const CommitBatch::Outcome committed = co_await disk_.run(commit);
    if (fetched.outcome.kind == CopyOutcome::Kind::failed) co_return std::move(fetched.outcome);
    if (!committed.name) {
        co_return failed_outcome(
            {committed.name.error().code,
             "cannot fetch " + quote(entry.name) + ": " + committed.name.error().context});
    }
    if (*committed.name != entry.name) fetched.outcome.stored_as = *committed.name;
    if (committed.was_there) fetched.outcome.kind = CopyOutcome::Kind::same;
    co_return std::move(fetched.outcome);
}

}  // namespace netcopy
