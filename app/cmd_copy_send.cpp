#include <algorithm>

#include "app/reported_run.hpp"
#include "app/send_forms.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "file/safe_name.hpp"
#include "session/copy_send.hpp"
#include "session/transfer_run.hpp"

namespace netcopy::app {
namespace {

constexpr std::size_t automatic_connections = 4;

Error usage(std::string what) { return make_error(Errc::usage, std::move(what)); }

/// The command line, understood.
struct Request {
    std::vector<std::filesystem::path> paths;
    bool from_stdin = false;
    Endpoint endpoint;
    WalkOptions walk;
    std::vector<DigestKind> digests;
    wire::TransferDigest seed_digest = wire::TransferDigest::none;  ///< none: it knows none of them
    std::string what;                                               ///< "'big.iso'", for errors
};

Result<> read_operands(const SendOptions& options, Request& request) {
    const auto& operands = options.operands;
    if (operands.size() < 2) return usage("name what to send, and where to: PATH... ENDPOINT");
    auto endpoint = parse_endpoint(operands.back(), static_cast<std::uint16_t>(options.copy.port));
    if (!endpoint) return endpoint.error();
    request.endpoint = std::move(*endpoint);
    for (std::size_t i = 0; i + 1 < operands.size(); ++i) {
        if (operands[i].empty()) return usage("a path is empty");
        if (operands[i] != "-") {
            request.paths.emplace_back(operands[i]);
        } else if (std::exchange(request.from_stdin, true)) {
            return usage("'-' can be read only once");
        }
    }
    request.what = operands[0] == "-" ? "standard input" : quote(operands[0]);
    if (operands.size() > 2) request.what += " and others";

    const std::string& name = options.copy.name;
    if (request.from_stdin && name.empty()) {
        return usage("standard input has no name: give it one with --name NAME");
    }
    if (!request.from_stdin && !name.empty()) return usage("--name is for standard input, '-'");
    if (!name.empty()) {
        if (const auto safe = safe_path(name); !safe) return usage(safe.error().context);
    }
    return {};
}

Result<> read_digests(const SendOptions& options, Request& request) {
    std::vector<std::string> names = options.digests;
    const bool by_default = names.empty();
    if (by_default) names = {"sha256"};
    const auto sha256 = std::ranges::find(names, "sha256");
    if (!options.copy.manifest.empty()) {
        if (sha256 == names.end())
            return usage("--manifest needs sha256 among those of --checksum");
        std::rotate(names.begin(), sha256,
                    sha256 + 1);  // the first one is what files are compared by
    }
    using wire::TransferDigest;
    for (const std::string& name : names) {
        request.digests.push_back(*parse_digest_kind(name));
        if (request.seed_digest != TransferDigest::none) continue;
        if (name == "md5") request.seed_digest = TransferDigest::md5;
        if (name == "sha1") request.seed_digest = TransferDigest::sha1;
        if (name == "sha256") request.seed_digest = TransferDigest::sha256;
    }
    if (by_default) request.seed_digest = TransferDigest::md5;
    if (options.copy.protocol == "seed" && request.seed_digest == TransferDigest::none) {
        return usage("the seed's protocol has md5, sha1 and sha256, and no other digests");
    }
    return {};
}

Result<Request> understand(const SendOptions& options) {
    Request request;
    if (auto read = read_operands(options, request); !read) return read.error();
    if (auto read = read_digests(options, request); !read) return read.error();
    if (options.copy.protocol == "seed" && options.copy.dry_run) {
        return usage("the seed's protocol cannot ask, so there is no --dry-run with it");
    }
    request.walk.recursive = options.copy.recursive;
    request.walk.links = options.copy.links;
    for (const Repeated& rule : options.copy.rules) {
        request.walk.rules.push_back({rule.option == "include", rule.value});
    }
    return request;
}

/// Looks at the operands alone: a folder without -r, or nothing that could be sent, need no
/// connection to be told.
Result<> look_at_operands(const Request& request) {
    if (request.from_stdin) return {};
    TreeWalk walk(request.paths, {.recursive = false, .links = request.walk.links, .rules = {}});
    std::optional<Error> failure;
    bool any = false;
    while (auto entry = walk.next()) {
        const bool failed = entry->kind == WalkEntry::Kind::failed;
        const bool folder = failed && entry->error == Errc::usage;
        if (folder && !request.walk.recursive) return entry->error;
        if (failed && !folder && !failure) failure = entry->error;
        any = any || !failed || folder;
    }
    if (!any && failure) return *failure;
    return {};
}

class CopySending {
public:
    CopySending(Context& context, const SendOptions& options)
        : context_(context), options_(options), rate_(options.bwlimit) {}

    Task<Result<int>> run() {
        auto request = understand(options_);
        if (!request) co_return request.error();
        request_ = std::move(*request);
        const std::size_t connections =
            options_.copy.jobs == 0 ? automatic_connections : options_.copy.jobs;
        DiskPool disk(connections + 1);
        const auto looked = co_await disk.run([this] { return look_at_operands(request_); });
        if (!looked) co_return looked.error();
        if (!options_.copy.manifest.empty()) {
            auto made = co_await disk.run(
                [this] { return ManifestWriter::create(options_.copy.manifest); });
            if (!made) co_return made.error();
            manifest_ = std::move(*made);
        }
        CopyReport report(
            context_, options_.copy.dry_run ? CopyReport::Style::dry_run : CopyReport::Style::send,
            manifest_ ? &*manifest_ : nullptr);
        CopyQueue queue(TreeWalk(request_.paths, request_.walk), progress_,
                        [&report](const CopyItem& item, const CopyOutcome& outcome) {
                            report.done(item.name, outcome);
                        });
        if (request_.from_stdin) queue.add_pipe(options_.copy.name);
        co_return co_await send(disk, queue, report);
    }

private:
    Task<Result<int>> send(DiskPool& disk, CopyQueue& queue, CopyReport& report) {
        const ReportedRun run{context_, progress_, report, peer_,
                              [&queue] { return queue.summary(); }};
        const auto work = [&] { return converse(disk, queue); };
        const auto status = co_await run_reported(run, work);
        if (status && manifest_) {
            const auto written = co_await disk.run([this] { return manifest_->commit(); });
            if (!written) co_return written.error();
        }
        co_return status;
    }

    /// By netcopy/1, unless the receiver or the user wants the seed's protocol.
    Task<Result<>> converse(DiskPool& disk, CopyQueue& queue) {
        if (options_.copy.protocol != "seed") {
            CopySend sender(copy_plan(), disk, queue);
            const auto connected = co_await sender.connect();
            if (!connected) co_return for_what(connected.error());
            if (*connected) {
                peer_ = sender.peer();
                context_.output.event("connected", peer_);
                co_return co_await sender.run();
            }
            const auto possible = can_do_without_netcopy();
            if (!possible) co_return possible.error();
        }
        co_return co_await send_by_seed(disk, queue);
    }

    CopySendPlan copy_plan() {
        CopySendPlan plan;
        plan.endpoint = request_.endpoint;
        plan.dialing = {options_.client.connect_timeout, options_.client.retry};
        plan.retries = options_.client.retries();
        plan.connections = options_.copy.jobs;
        plan.only_netcopy = options_.copy.protocol == "netcopy";
        plan.options.digests = request_.digests;
        // A manifest is of what the receiver has, so that must be known.
        plan.options.compare = options_.copy.compare == "digest" || !options_.copy.manifest.empty();
        plan.options.metadata = !options_.copy.no_metadata;
        plan.options.ask = options_.copy.dry_run;
        plan.stall = {options_.client.timeout};
        plan.rate = &rate_;
        return plan;
    }

    Result<> can_do_without_netcopy() const {
        const std::string who = to_string(request_.endpoint) + " speaks no netcopy/1";
        if (options_.copy.protocol == "netcopy") {
            return make_error(Errc::protocol, who + "; try --protocol seed");
        }
        if (options_.copy.dry_run) {
            return make_error(Errc::protocol, who + ", so it cannot be asked");
        }
        if (request_.seed_digest == wire::TransferDigest::none) {
            return make_error(Errc::protocol, who + "; its protocol has md5, sha1 and sha256");
        }
        NETCOPY_LOG(info) << "files go by the seed's protocol: without folders, mode and time";
        return {};
    }

    Task<Result<>> send_by_seed(DiskPool& disk, CopyQueue& queue) {
        std::optional<DigestCache> cache;
        const auto folder = DigestCache::default_folder();
        if (folder && !options_.copy.no_cache) cache.emplace(*folder);
        TransferRunPlan plan;
        plan.endpoint = request_.endpoint;
        plan.dialing = {options_.client.connect_timeout, options_.client.retry};
        plan.kind = request_.seed_digest;
        plan.sha256_too = manifest_.has_value();
        plan.stall = {options_.client.timeout};
        plan.rate = &rate_;
        const auto connected = [this](const std::string& peer) {
            peer_ = peer;
            context_.output.event("connected", peer_);
        };
        const auto sent = co_await send_by_transfer(queue, disk, cache ? &*cache : nullptr,
                                                    std::move(plan), connected);
        if (!sent) co_return for_what(sent.error());
        co_return Result<>();
    }

    /// "cannot connect to PEER for 'FILE': REASON; HINT"
    Error for_what(Error error) const {
        if (!(error == Errc::unreachable)) return error;
        const bool unknown = error.context.starts_with("cannot resolve");
        return for_file(
            std::move(error), request_.what,
            unknown ? "; the last operand is where to send to" : "; is a receiver running there?");
    }

    Context& context_;
    const SendOptions& options_;
    RateLimit rate_;
    Request request_;
    TreeProgress progress_;
    std::optional<ManifestWriter> manifest_;
    std::string peer_;
};

}  // namespace

Task<Result<int>> send_copies(Context& context, const SendOptions& options) {
    CopySending sending(context, options);
    co_return co_await sending.run();
}

}  // namespace netcopy::app
