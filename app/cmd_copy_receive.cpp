#include <boost/asio/post.hpp>
#include <thread>

#include "app/exit_status.hpp"
#include "app/receive_forms.hpp"
#include "app/service.hpp"
#include "session/receive_service.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view usual_folder = "received_files";
constexpr std::string_view usual_address = "0.0.0.0:5001";
/// Descriptors that a connection may need: its own, folders, and files that wait for their names.
constexpr std::size_t descriptors_each = 8;
constexpr std::size_t spare_descriptors = 4096;

Stamp stamp_of(const std::string& when) {
    if (when == "always") return Stamp::always;
    return when == "never" ? Stamp::never : Stamp::seed;
}

class CopyReceiving {
public:
    CopyReceiving(Context& context, const ReceiveOptions& options)
        : context_(context), options_(options), rate_(options.bwlimit), log_(context) {}

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
        ReceiveService service(*tree, rules, disk, dialects_of(options_.copy.protocol),
                               {.idle = options_.server.idle_timeout});
        co_return co_await serve(*endpoint, service);
    }

private:
    Task<Result<int>> serve(const Endpoint& endpoint, ReceiveService& service) {
        context_.may_end_anywhere =
            true;  // files without their names go by themselves, or can be continued
        const SessionFn session = [&service](Stream& stream) { return service.serve(stream); };
        const auto ready = [&](Server& server) {
            if (!options_.copy.once) return;
            service.on_client_done(
                [this, &server] { asio::post(context_.io, [&server] { server.stop(); }); });
        };
        const auto served =
            co_await run_server(context_, options_.server, endpoint, session, ready);
        if (!served) co_return served.error();
        co_await asio::post(context_.io, UseTask());  // behind the last file's words
        log_.fill(context_.report, false);
        if (context_.stop_signal != 0) co_return exit_status_of_signal(context_.stop_signal);
        if (log_.failed() == 0) co_return 0;  // only --once gets here
        const Error failure = log_.first_failure();
        context_.report.error = failure.context;
        co_return exit_status(log_.failed() < log_.files() ? make_error(Errc::partial, "")
                                                           : failure);
    }

    Result<std::uint64_t> used_of(Tree& tree) const {
        return options_.copy.quota == 0 ? Result<std::uint64_t>(0) : tree.used_space();
    }

    ReceiveRules make_rules(Quota& quota) {
        ReceiveRules rules;
        rules.overwrite = overwrite_of(options_.copy.overwrite);
        rules.stamp = stamp_of(options_.copy.timestamp);
        if (options_.max_size != 0) rules.max_size = options_.max_size;
        if (options_.copy.quota != 0) rules.quota = &quota;
        rules.rate = &rate_;
        rules.stall = {options_.server.idle_timeout};
        rules.on_file = [this](const ReceivedFile& file) { log_.received(file); };
        return rules;
    }

    Context& context_;
    const ReceiveOptions& options_;
    RateLimit rate_;
    ServiceLog log_;
};

}  // namespace

Task<Result<int>> receive_copies(Context& context, const ReceiveOptions& options) {
    CopyReceiving receiving(context, options);
    co_return co_await receiving.run();
}

}  // namespace netcopy::app
