#include <atomic>
#include <boost/asio/post.hpp>
#include <mutex>
#include <thread>

#include "app/exit_status.hpp"
#include "app/receive_forms.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "net/io_threads.hpp"
#include "net/server.hpp"
#include "session/receive_service.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view usual_folder = "received_files";
constexpr std::string_view usual_address = "0.0.0.0:5001";
/// Descriptors that a connection may need: its own, folders, and files that wait for their names.
constexpr std::size_t descriptors_each = 8;
constexpr std::size_t spare_descriptors = 4096;

template <class Kind>
Kind kind_of(const std::string& word,
             std::initializer_list<std::pair<std::string_view, Kind>> all) {
    for (const auto& [name, kind] : all) {
        if (name == word) return kind;
    }
    return all.begin()->second;
}

/// "10.0.0.1:5000: received 'docs/a', 1234 bytes in 0.012 s (98 KiB/s), sha256 ab12..., by
/// netcopy/1"
std::string log_line(const ReceivedFile& file) {
    const std::string name = "'" + escape(file.name, SIZE_MAX) + "'";
    const std::chrono::duration<double> took = file.took;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f s", took.count());
    const std::string amount = std::to_string(file.bytes) + " bytes in " + seconds;
    if (!file.outcome) {
        return file.peer + ": " + name + " failed after " + amount + ": " +
               file.outcome.error().context;
    }
    if (file.was_there) {
        return file.peer + ": " + name + " was there already, told after " + seconds;
    }
    std::string line = file.peer + ": received " + name + ", " + amount;
    if (took.count() > 0) {
        line += " (" + format_rate(static_cast<double>(file.bytes) / took.count()) + ")";
    }
    for (const auto& [kind, hex] : file.digests) {
        line += ", " + std::string(to_string(kind)) + " " + hex;
    }
    if (!file.verified) line += ", not verified";
    return line + ", by " + file.protocol;
}

FileReport make_report(const ReceivedFile& file) {
    FileReport report;
    report.name = file.name;
    report.outcome = !file.outcome ? "failed" : file.was_there ? "same" : "received";
    report.peer = file.peer;
    report.bytes = file.bytes;
    for (const auto& [kind, hex] : file.digests) report.digests[std::string(to_string(kind))] = hex;
    if (!file.outcome) report.error = file.outcome.error().context;
    return report;
}

class CopyReceiving {
public:
    CopyReceiving(Context& context, const ReceiveOptions& options)
        : context_(context), options_(options), rate_(options.bwlimit) {}

    Task<Result<int>> run() {
        const auto& operands = options_.operands;
        if (operands.size() > 1) co_return make_error(Errc::usage, "name one folder at the most");
        const std::string folder(operands.empty() ? usual_folder : operands[0]);
        if (folder.empty()) co_return make_error(Errc::usage, "the folder's name is empty");
        const auto endpoint = parse_endpoint(
            options_.listen.empty() ? usual_address : std::string_view(options_.listen), copy_port);
        if (!endpoint) co_return endpoint.error();

        raise_file_limit(options_.server.max_connections * descriptors_each + spare_descriptors);
        DiskPool disk(std::max(2U, std::thread::hardware_concurrency()));
        auto tree = co_await disk.run([&folder] { return Tree::open(folder); });
        if (!tree) co_return tree.error();
        const auto used = co_await disk.run([&] { return used_of(*tree); });
        if (!used) co_return used.error();
        Quota quota(options_.copy.quota, *used);
        const ReceiveRules rules = make_rules(quota);
        ReceiveService service(*tree, rules, disk, dialects(),
                               {.idle = options_.server.idle_timeout});
        co_return co_await serve(*endpoint, service);
    }

private:
    Task<Result<int>> serve(const Endpoint& endpoint, ReceiveService& service) {
        const SessionFn session = [&service](Stream& stream) { return service.serve(stream); };
        const IoThreads threads(options_.server.threads > 1 ? options_.server.threads : 0);
        Server server(
            context_.io.get_executor(), threads.executors(),
            {options_.server.max_connections, options_.server.max_connections_per_address},
            session);
        const auto listening = co_await server.listen(endpoint);
        if (!listening) co_return listening.error();
        context_.on_stop = [&server] { server.stop(); };
        context_.may_end_anywhere =
            true;  // files without their names go by themselves, or can be continued
        if (options_.copy.once) {
            service.on_client_done(
                [this, &server] { asio::post(context_.io, [&server] { server.stop(); }); });
        }
        context_.output.listening(*listening);
        co_await server.run();
        co_await asio::post(context_.io, UseTask());  // behind the last file's words
        Report& report = context_.report;
        report.bytes = bytes_;
        report.counts = {{"files", files_},
                         {"received", files_ - same_ - failed_},
                         {"same", same_},
                         {"failed", failed_}};
        if (context_.stop_signal != 0) co_return exit_status_of_signal(context_.stop_signal);
        if (failed_ == 0) co_return 0;  // only --once gets here
        const std::lock_guard lock(mutex_);
        report.error = first_failure_->context;
        co_return exit_status(failed_ < files_ ? make_error(Errc::partial, "") : *first_failure_);
    }

    Result<std::uint64_t> used_of(Tree& tree) const {
        return options_.copy.quota == 0 ? Result<std::uint64_t>(0) : tree.used_space();
    }

    ReceiveRules make_rules(Quota& quota) {
        ReceiveRules rules;
        rules.overwrite =
            kind_of<Overwrite>(options_.copy.overwrite, {{"never", Overwrite::never},
                                                         {"rename", Overwrite::rename},
                                                         {"always", Overwrite::always},
                                                         {"newer", Overwrite::newer}});
        rules.stamp = kind_of<Stamp>(
            options_.copy.timestamp,
            {{"seed", Stamp::seed}, {"always", Stamp::always}, {"never", Stamp::never}});
        if (options_.max_size != 0) rules.max_size = options_.max_size;
        if (options_.copy.quota != 0) rules.quota = &quota;
        rules.rate = &rate_;
        rules.stall = {options_.server.idle_timeout};
        rules.on_file = [this](const ReceivedFile& file) { received(file); };
        return rules;
    }

    Dialects dialects() const {
        return kind_of<Dialects>(
            options_.copy.protocol,
            {{"auto", Dialects::both}, {"netcopy", Dialects::netcopy}, {"seed", Dialects::seed}});
    }

    /// On any thread.
    void received(const ReceivedFile& file) {
        if (file.name.empty()) {  // somebody who did not get as far as a file
            if (!file.outcome) {
                NETCOPY_LOG(info) << file.peer << ": " << file.outcome.error().context;
            }
            return;
        }
        NETCOPY_LOG(info) << log_line(file);
        ++files_;
        bytes_ += file.bytes;
        if (file.was_there) ++same_;
        if (!file.outcome) fail(file.outcome.error());
        if (!context_.output.json()) return;
        asio::post(context_.io,
                   [this, report = make_report(file)] { context_.output.file(report); });
    }

    void fail(const Error& error) {
        ++failed_;
        const std::lock_guard lock(mutex_);
        if (!first_failure_) first_failure_ = error;
    }

    Context& context_;
    const ReceiveOptions& options_;
    RateLimit rate_;
    std::mutex mutex_;
    std::optional<Error> first_failure_;
    std::atomic<std::uint64_t> files_{0}, bytes_{0}, same_{0}, failed_{0};
};

}  // namespace

Task<Result<int>> receive_copies(Context& context, const ReceiveOptions& options) {
    CopyReceiving receiving(context, options);
    co_return co_await receiving.run();
}

}  // namespace netcopy::app
