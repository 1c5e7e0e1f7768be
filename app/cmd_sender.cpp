#include "app/command.hpp"
#include "app/send_forms.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "net/dial.hpp"
#include "session/transfer_send.hpp"
#include "store/source_digest.hpp"

namespace netcopy::app {
namespace {

/// The script `sender` of the document "Python File Transfer System": one file by the seed's
/// protocol, in the script's words on stdout. main() has counted the operands.
class SenderJob final : public Job {
public:
    void describe(Options& options) override {
        options.operands(operands_, Completes::file);
        options.number("port", "PORT", port_, 1, UINT16_MAX, "", 'p');
    }

    Task<Result<int>> run(Context& context) override {
        DiskPool disk(2);
        auto source = co_await disk.run([this] { return FileSource::open(operands_[0]); });
        if (!source) co_return source.error();
        auto digest = co_await hash(context, disk, *source);
        if (!digest) co_return digest.error();

        const Endpoint endpoint{operands_[1], static_cast<std::uint16_t>(port_)};
        (void)context.output.print("[+] Connecting to " + escape(endpoint.host) + ":" +
                                   std::to_string(endpoint.port) + "\n");
        auto dialled = co_await dial(endpoint, {});
        if (!dialled) {
            co_return for_file(dialled.error(), quote(source->name()),
                               "; is a receiver running there?");
        }
        (void)context.output.print("[+] Connected.\n");
        Stream stream(std::move(dialled->socket), dialled->peer);
        co_return co_await send(context, disk, *source, std::move(*digest), stream);
    }

private:
    /// The protocol wants the digest first.
    static Task<Result<std::string>> hash(Context& context, DiskPool& disk, FileSource& source) {
        std::optional<DigestCache> cache;
        if (const auto folder = DigestCache::default_folder()) cache.emplace(*folder);
        Progress progress;
        const auto display = context.output.show("Hashing " + source.name(), progress);
        co_return co_await source_digest(disk, source, DigestKind::md5, cache ? &*cache : nullptr,
                                         progress);
    }

    Task<Result<int>> send(Context& context, DiskPool& disk, FileSource& source, std::string digest,
                           Stream& stream) {
        TransferPlan plan;
        plan.name = last_component(operands_[0]);
        plan.digest = std::move(digest);
        plan.answered = [this](std::string_view words) { answer_ = words; };
        Progress progress;
        auto display = context.output.show("Sending " + source.name(), progress);
        const auto sent = co_await send_transfer(stream, disk, source, plan, progress);
        if (sent) display->finish();
        display.reset();
        // Without an answer the script prints nothing behind the colon, if it gets so far.
        if (sent || !answer_.empty() || sent.error() == Errc::unverified) {
            (void)context.output.print("[+] Server response: " + answer_ + "\n");
        }
        if (!sent) co_return sent.error();
        co_return 0;
    }

    std::vector<std::string> operands_;
    std::uint64_t port_ = copy_port;
    std::string answer_;  // of the receiver
};

}  // namespace

std::unique_ptr<Job> make_sender() { return std::make_unique<SenderJob>(); }

}  // namespace netcopy::app
