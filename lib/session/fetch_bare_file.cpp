#include "session/fetch_bare_file.hpp"

#include <exception>

#include "base/bytes.hpp"
#include "net/resolve.hpp"
#include "session/fetch_target.hpp"

namespace netcopy {
namespace {

Fetched failed(const CatalogueEntry& entry, Error error) {
    Fetched fetched;
    fetched.name = entry.name;
    fetched.outcome = failed_outcome(std::move(error));
    return fetched;
}

}  // namespace

Task<Fetched> fetch_bare_file(FetchRun& run, Tree& tree, const CatalogueEntry& entry) {
    const CatalogueSource source = entry.sources.front();
    if (!run.bare) {
        co_return failed(
            entry, make_error(Errc::refused,
                              "cannot fetch " + quote(entry.name) + ": " + to_string(source.udp) +
                                  " sends it by bare datagrams only, which cannot be "
                                  "verified; --legacy-udp takes them all the same"));
    }
    const auto look = [&] { return look_at_target(tree, entry, run.overwrite); };
    const auto target = co_await run.disk.run(look);
    if (!target) co_return failed(entry, target.error());
    const auto found = co_await resolve(source.udp, run.connect_timeout);
    if (!found) co_return failed(entry, found.error());
    IncomingPlan plan;
    plan.keep_mtime = false;
    plan.existing = target->existing;
    const auto create = [&] { return tree.create(entry.name, plan); };
    auto file = co_await run.disk.run(create);
    if (!file) co_return failed(entry, file.error());
    const Event event(run.executor);
    const UdpAddress server(found->front().address(), found->front().port());
    const auto talk = std::make_shared<FetchBareTalk>(entry.name, server, std::move(*file),
                                                      run.connect_timeout, event, run.progress);
    const auto call = [&] { run.link.call_bare(talk); };
    co_await run.link.perform(call);
    std::exception_ptr thrown;
    std::optional<Result<std::uint64_t>> result;
    try {
        while (!(result = talk->result())) co_await event.wait();
    } catch (...) {
        thrown = std::current_exception();
    }
    const auto hang_up = [&] { run.link.hang_up_bare(*talk); };
    co_await run.link.perform(hang_up);
    if (thrown) std::rethrow_exception(thrown);
    if (!*result) co_return failed(entry, result->error());
    const std::uint64_t size = **result;
    const auto finish = [&] { return talk->file().finish(size); };
    const auto finished = co_await run.disk.run(finish);
    if (!finished) co_return failed(entry, finished.error());
    Fetched fetched = failed(
        entry, make_error(Errc::unverified,
                          quote(entry.name) + " from " + to_string(source.udp) + " is stored (" +
                              std::to_string(size) +
                              " bytes), but bare datagrams have no digest: it is not verified"));
    fetched.outcome.bytes = size;
    fetched.file.emplace(std::move(talk->file()));
    co_return fetched;
}

}  // namespace netcopy
