#include "app/send_forms.hpp"
#include "base/bytes.hpp"
#include "net/dial.hpp"
#include "session/checksum_send.hpp"

namespace netcopy::app {
namespace {

/// One thread reads and hashes while the network thread sends.
constexpr std::size_t disk_threads = 1;

/// What --checksum asks for: a checksum server keeps one digest, and md5 is the usual one.
Result<DigestKind> digest_of(const std::vector<std::string>& asked) {
    if (asked.empty()) return DigestKind::md5;
    if (asked.size() == 1 && (asked[0] == "md5" || asked[0] == "crc32")) {
        return *parse_digest_kind(asked[0]);
    }
    return make_error(Errc::usage, "with a checksum server, --checksum is either md5 or crc32");
}

}  // namespace

Task<Result<int>> send_with_checksum_server(Context& context, SendOptions& options) {
    ChecksumOperands& target = options.checksum;
    if (auto known = target.resolve(options.operands, "", ""); !known) co_return known.error();
    const auto digest = digest_of(options.digests);
    if (!digest) co_return digest.error();
    DiskPool disk(disk_threads);
    auto source = co_await disk.run([&target] { return FileSource::open(target.path); });
    if (!source) co_return source.error();

    const DialOptions dialing{options.client.connect_timeout, options.client.retry};
    ChecksumClient checksums(target.checksum_endpoint, dialing, options.client.timeout);
    const std::string file = quote(source->name());
    if (const auto ready = co_await checksums.connect(); !ready) {
        co_return for_file(ready.error(), file, "");
    }
    auto dialled = co_await dial(target.file_endpoint, dialing);
    if (!dialled) co_return for_file(dialled.error(), file, "; is a receiver running there?");
    Stream stream(std::move(dialled->socket), dialled->peer);
    context.output.event("connected", stream.peer());

    Progress progress;
    progress.total = source->size().value_or(Progress::unknown);
    const auto display = context.output.show(source->name(), progress);
    const auto began = Clock::now();
    RateLimit rate(options.bwlimit);
    const SendPlan plan{
        target.canonical_id, *digest, options.validity, {options.client.timeout}, &rate};
    const auto sent = co_await send_with_checksum(stream, disk, *source, checksums, plan, progress);
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

}  // namespace netcopy::app
