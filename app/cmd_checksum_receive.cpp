#include <boost/asio/post.hpp>
#include <thread>

#include "app/checksum_operands.hpp"
#include "app/command.hpp"
#include "app/exit_status.hpp"
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

class ReceiveJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("receive SRV_IP SRV_PORT CHSUM_IP CHSUM_PORT FILE_ID PATH");
        options.usage(
            "receive PATH --listen ENDPOINT --checksum-server ENDPOINT --id N [--keep-running]");
        operands_.describe(options);
        options.choice(
            "checksum", "ALGORITHM", checksum_, {"auto", "md5", "crc32"},
            "what to compute: auto is whatever the sender may have placed; crc32 alone is faster");
        options.group("Receiving");
        options.text("listen", "ENDPOINT", listen_, "the address and port to take the file on",
                     Completes::host);
        options.flag("keep-running", 0, keep_running_,
                     "serve on, several clients at once, a verdict for each");
        options.size("max-size", "BYTES", max_size_, "refuse a larger file; 0 takes any");
        options.seconds("connect-timeout", connect_timeout_, "to reach the checksum server");
        server_.describe(options);
        options.example(
            "netcopy receive big.iso --listen 0.0.0.0:5000 --checksum-server 10.0.0.3:9000 --id 7",
            "take one file, print CSUM OK or CSUM CORRUPTED");
        options.example("netcopy receive 127.0.0.1 5000 127.0.0.1 9000 7 big.iso",
                        "the same in the assignment's own form");
    }

    Task<Result<int>> run(Context& context) override {
        if (auto known = operands_.resolve("--listen", listen_); !known) co_return known.error();
        // Whatever forbids the target to be written is better known before a sender has begun.
        if (const auto target = FileSink::create(operands_.path); !target) co_return target.error();
        raise_file_limit(server_.max_connections * 3 +
                         64);  // a connection, a file and its folder each

        DiskPool disk(keep_running_ ? std::max(2U, std::thread::hardware_concurrency()) : 1);
        const SessionFn session = [&](Stream& stream) { return serve(stream, disk, context); };
        const IoThreads threads(keep_running_ && server_.threads > 1 ? server_.threads : 0);
        Server server(context.io.get_executor(), threads.executors(),
                      {server_.max_connections, server_.max_connections_per_address,
                       keep_running_ ? SIZE_MAX : 1},
                      session);
        const auto listening = co_await server.listen(operands_.file_endpoint);
        if (!listening) co_return listening.error();
        context.on_stop = [&] { server.stop(); };
        context.output.listening(*listening);
        co_await server.run();
        co_await asio::post(context.io, UseTask());  // behind the last verdict

        if (keep_running_ || !outcome_) co_return exit_status_of_signal(context.stop_signal);
        if (!*outcome_) co_return outcome_->error();
        co_return 0;
    }

private:
    Task<> serve(Stream& stream, DiskPool& disk, Context& context) {
        Progress progress;
        std::shared_ptr<Renderer::Display> display;
        if (!keep_running_) display = context.output.show(operands_.path, progress);
        on_main(context,
                [&context, peer = stream.peer()] { context.output.event("accepted", peer); });

        const DialOptions dialing{connect_timeout_, 0};
        ChecksumClient checksums(operands_.checksum_endpoint, dialing, limits::message);
        ReceivePlan plan{operands_.path,
                         operands_.canonical_id,
                         kinds(),
                         max_size_ == 0 ? UINT64_MAX : max_size_,
                         {server_.idle_timeout}};
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
        if (!keep_running_) return say();
        asio::post(context.io, std::move(say));
    }

    void finished(Context& context, const Result<>& outcome, const Report& report) {
        // Without --keep-running the JSON object at the end says it all.
        const bool said_at_end = context.output.json() && !keep_running_;
        if (!said_at_end) context.output.verdict(outcome ? "CSUM OK" : "CSUM CORRUPTED", report);
        NETCOPY_LOG(info) << report.peer << ": " << report.verdict << ", " << report.bytes
                          << " bytes in " << report.took.count() << " s";
        if (!keep_running_) {
            outcome_ = outcome;
            context.report = report;
        } else if (!outcome) {
            context.output.error(outcome.error());
        }
    }

    std::vector<DigestKind> kinds() const {
        const auto one = parse_digest_kind(checksum_);
        return one ? std::vector{*one} : std::vector{DigestKind::md5, DigestKind::crc32};
    }

    ChecksumOperands operands_;
    std::string listen_;
    std::string checksum_ = "auto";
    bool keep_running_ = false;
    std::uint64_t max_size_ = 0;
    std::chrono::milliseconds connect_timeout_ = limits::connect;
    ServerOptions server_{limits::transfer_stall};
    std::optional<Result<>> outcome_;  // of the one client, without --keep-running
};

}  // namespace

std::unique_ptr<Job> make_receive() { return std::make_unique<ReceiveJob>(); }

}  // namespace netcopy::app
