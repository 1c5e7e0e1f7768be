#include "app/checksum_operands.hpp"
#include "app/command.hpp"
#include "base/bytes.hpp"
#include "net/dial.hpp"
#include "session/checksum_send.hpp"

namespace netcopy::app {
namespace {

/// One thread reads and hashes while the network thread sends.
constexpr std::size_t disk_threads = 1;

class SendJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("send SRV_IP SRV_PORT CHSUM_IP CHSUM_PORT FILE_ID PATH");
        options.usage("send PATH ENDPOINT --checksum-server ENDPOINT --id N");
        operands_.describe(options);
        options.choice("checksum", "ALGORITHM", checksum_, {"md5", "crc32"},
                       "what to place; either guards against accidents only");
        options.number("validity", "SECONDS", validity_, 0, limits::checksum_validity,
                       "how long the checksum server keeps it");
        client_.describe(options);
        options.example("netcopy send big.iso 10.0.0.2:5000 --checksum-server 10.0.0.3:9000 --id 7",
                        "send a file; its MD5 waits under 7 for the receiver");
        options.example("tar c src | netcopy send - [::1]:5000 --checksum-server [::1]:9000 --id 8",
                        "send what another program prints");
    }

    Task<Result<int>> run(Context& context) override {
        if (auto known = operands_.resolve("", ""); !known) co_return known.error();
        DiskPool disk(disk_threads);
        auto source = co_await disk.run([this] { return FileSource::open(operands_.path); });
        if (!source) co_return source.error();

        const DialOptions dialing{client_.connect_timeout, client_.retry};
        ChecksumClient checksums(operands_.checksum_endpoint, dialing, client_.timeout);
        const std::string file = quote(source->name());
        if (const auto ready = co_await checksums.connect(); !ready) {
            co_return for_file(ready.error(), file, "");
        }
        auto dialled = co_await dial(operands_.file_endpoint, dialing);
        if (!dialled) co_return for_file(dialled.error(), file, "; is a receiver running there?");
        Stream stream(std::move(dialled->socket), dialled->peer);
        context.output.event("connected", stream.peer());

        Progress progress;
        progress.total = source->size().value_or(Progress::unknown);
        const auto display = context.output.show(source->name(), progress);
        const auto began = Clock::now();
        const SendPlan plan{
            operands_.canonical_id, *parse_digest_kind(checksum_), validity_, {client_.timeout}};
        const auto sent =
            co_await send_with_checksum(stream, disk, *source, checksums, plan, progress);
        Report& report = context.report;
        report.took = Clock::now() - began;
        report.bytes = progress.bytes;
        report.peer = stream.peer();
        if (!sent) co_return sent.error();
        display->finish();
        report.verdict = "sent";
        for (const auto& [kind, hex] : sent->digests)
            report.digests[std::string(to_string(kind))] = hex;
        co_return 0;
    }

private:
    /// "cannot connect to PEER for 'FILE': REASON; HINT"
    static Error for_file(Error error, const std::string& file, std::string_view hint) {
        if (const auto reason = error.context.find(": "); reason != std::string::npos) {
            error.context.insert(reason, " for " + file);
        }
        error.context += hint;
        return error;
    }

    ChecksumOperands operands_;
    std::string checksum_ = "md5";
    std::uint64_t validity_ = 60;
    ClientOptions client_;
};

}  // namespace

std::unique_ptr<Job> make_send() { return std::make_unique<SendJob>(); }

}  // namespace netcopy::app
