#include <boost/asio/post.hpp>
#include <thread>

#include "app/exit_status.hpp"
#include "app/receive_forms.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "file/sink.hpp"
#include "net/io_threads.hpp"
#include "net/server.hpp"
#include "session/checksum_receive.hpp"

namespace netcopy::app {
namespace {

std::string_view verdict_of(const Result<>& outcome) {
    if (outcome) return "ok";
    if (outcome.error() == Errc::corrupted) return "corrupted";
    if (outcome.error() == Errc::unverified) return "unverified";
    return "failed";
}

Report make_report(const Received& received, const std::string& peer, Clock::duration took) {
    Report report;
    report.bytes = received.bytes;
    report.took = took;
    for (const auto& [kind, hex] : received.digests)
        report.digests[std::string(to_string(kind))] = hex;
    report.verdict = verdict_of(received.outcome);
    report.peer = peer;
    if (!received.outcome) {
        report.error = received.outcome.error().context;
        report.exit_status = exit_status(received.outcome.error());
    }
    return report;
}

class ChecksumReceiver {
public:
    explicit ChecksumReceiver(ReceiveOptions& options) : options_(options) {}

    Task<Result<int>> run(Context& context) {
        if (auto known = target_.resolve(options_.operands, "--listen", options_.listen); !known)
            co_return known.error();
        // Whatever forbids the target to be written is better known before a sender has begun.
        if (const auto target = FileSink::create(target_.path); !target) co_return target.error();
        raise_file_limit(options_.server.max_connections * 3 +
                         64);  // a connection, a file and its folder each

        DiskPool disk(options_.keep_running ? std::max(2U, std::thread::hardware_concurrency())
                                            : 1);
        const SessionFn session = [&](Stream& stream) { return serve(stream, disk, context); };
        const IoThreads threads(
            options_.keep_running && options_.server.threads > 1 ? options_.server.threads : 0);
        Server server(context.io.get_executor(), threads.executors(),
                      {options_.server.max_connections, options_.server.max_connections_per_address,
                       options_.keep_running ? SIZE_MAX : 1},
                      session);
        const auto listening = co_await server.listen(target_.file_endpoint);
        if (!listening) co_return listening.error();
        context.on_stop = [&] { server.stop(); };
        context.output.listening(*listening);
        co_await server.run();
        co_await asio::post(context.io, UseTask());  // behind the last verdict

        if (options_.keep_running || !outcome_)
            co_return exit_status_of_signal(context.stop_signal);
        if (!*outcome_) co_return outcome_->error();
        co_return 0;
    }

private:
    Task<> serve(Stream& stream, DiskPool& disk, Context& context) {
        Progress progress;
        std::shared_ptr<Renderer::Display> display;
        if (!options_.keep_running) display = context.output.show(target_.path, progress);
        on_main(context,
                [&context, peer = stream.peer()] { context.output.event("accepted", peer); });

        const DialOptions dialing{options_.connect_timeout, 0};
        ChecksumClient checksums(target_.checksum_endpoint, dialing, limits::message);
        ReceivePlan plan{target_.path,
                         target_.canonical_id,
                         kinds(),
                         options_.max_size == 0 ? UINT64_MAX : options_.max_size,
                         {options_.server.idle_timeout},
                         &rate_};
        const auto began = Clock::now();
        auto received =
            co_await receive_with_checksum(stream, disk, checksums, std::move(plan), progress);
        if (display && received.outcome) display->finish();
        display.reset();
        on_main(context, [this, &context, outcome = received.outcome,
                          report = make_report(received, stream.peer(), Clock::now() - began)] {
            finished(context, outcome, report);
        });
    }

    /// Words belong to the main thread. The sessions of --keep-running may be on others; the single
    /// one is not.
    void on_main(Context& context, std::function<void()> say) const {
        if (!options_.keep_running) return say();
        asio::post(context.io, std::move(say));
    }

    void finished(Context& context, const Result<>& outcome, const Report& report) {
        // Without --keep-running the JSON object at the end says it all.
        const bool said_at_end = context.output.json() && !options_.keep_running;
        if (!said_at_end) context.output.verdict(outcome ? "CSUM OK" : "CSUM CORRUPTED", report);
        NETCOPY_LOG(info) << report.peer << ": " << report.verdict << ", " << report.bytes
                          << " bytes in " << report.took.count() << " s";
        if (!options_.keep_running) {
            outcome_ = outcome;
            context.report = report;
        } else if (!outcome) {
            context.output.error(outcome.error());
        }
    }

    std::vector<DigestKind> kinds() const {
        const auto one = parse_digest_kind(options_.digest);
        return one ? std::vector{*one} : std::vector{DigestKind::md5, DigestKind::crc32};
    }

    ReceiveOptions& options_;
    RateLimit rate_{options_.bwlimit};  // all clients together
    ChecksumOperands& target_ = options_.checksum;
    std::optional<Result<>> outcome_;  // of the one client, without --keep-running
};

}  // namespace

Task<Result<int>> receive_with_checksum_server(Context& context, ReceiveOptions& options) {
    ChecksumReceiver receiver(options);
    co_return co_await receiver.run(context);
}

}  // namespace netcopy::app
