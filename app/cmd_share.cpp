#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "app/exit_status.hpp"
#include "app/hashing_display.hpp"
#include "app/service.hpp"
#include "app/share_options.hpp"
#include "net/together.hpp"
#include "session/share_seed_server.hpp"
#include "session/shared_folder.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view usual_address = "127.0.0.1:9999";
/// Descriptors that a connection may need: its own, folders, and files that wait for their names.
constexpr std::size_t descriptors_each = 8;
constexpr std::size_t spare_descriptors = 4096;

struct ShareOptions {
    std::vector<std::string> operands;
    std::string listen;
    bool read_only = false;
    std::uint64_t max_size = 0;  ///< bytes of one upload; 0: any
    std::uint64_t quota = 0;     ///< bytes; 0: none
    std::string protocol = "auto";
    std::uint64_t bwlimit = 0;  ///< bytes a second; 0: no limit
    ServerOptions server{limits::transfer_stall};
};

class Sharing {
public:
    Sharing(Context& context, const ShareOptions& options)
        : context_(context),
          options_(options),
          rate_(options.bwlimit),
          log_(context),
          begun_(context.io.get_executor(), Clock::time_point::max()),
          hashing_(context) {}

    Task<Result<int>> run(const Endpoint& endpoint) {
        raise_file_limit(options_.server.max_connections * descriptors_each + spare_descriptors);
        const std::filesystem::path path = options_.operands[0];
        DiskPool disk(std::max(2U, std::thread::hardware_concurrency()));
        DiskPool hashing(1);  // so that no client waits behind a large file's digest
        const Executor executor = context_.io.get_executor();
        auto folder =
            co_await disk.run([&] { return SharedFolder::open(path, executor, hashing); });
        if (!folder) co_return folder.error();
        auto tree = co_await disk.run([&path] { return Tree::open(path); });
        if (!tree) co_return tree.error();
        const auto used = co_await disk.run(
            [&] { return options_.quota == 0 ? Result<std::uint64_t>(0) : tree->used_space(); });
        if (!used) co_return used.error();
        Quota quota(options_.quota, *used);
        const ShareRules rules = make_rules(quota);
        const ReceiveTimes times{.idle = options_.server.idle_timeout};
        const auto seed = [&](Stream& stream) -> Task<> {
            Tree own = tree->another();
            co_await serve_share_seed(stream, disk, **folder, own, rules, times);
        };
        ShareService service(**folder, *tree, rules, disk, dialects_of(options_.protocol), times,
                             seed);
        co_return co_await serve(endpoint, service, **folder);
    }

private:
    /// The server, what follows the folder, and what shows that on the screen, side by side.
    Task<Result<int>> serve(const Endpoint& endpoint, ShareService& service, SharedFolder& folder) {
        context_.may_end_anywhere =
            true;  // files without their names go by themselves, or can be continued
        Result<> served;
        const auto part = [&](std::size_t number) -> Task<> {
            if (number == 1) co_return co_await follow(folder);
            if (number == 2) co_return co_await hashing_.run(folder.progress());
            const SessionFn session = [&service](Stream& stream) { return service.serve(stream); };
            const auto ready = [this](Server&) {
                listening_ = true;
                begun_.cancel();
            };
            served = co_await run_server(context_, options_.server, endpoint, session, ready);
            folder.stop();
            stopped_ = true;
            begun_.cancel();
            hashing_.stop();
        };
        co_await run_together(3, part);
        if (!served) co_return served.error();
        co_await asio::post(context_.io, UseTask());  // behind the last file's words
        log_.fill(context_.report, true);
        co_return exit_status_of_signal(context_.stop_signal);
    }

    /// Not before the listening line, for it may have something to say.
    Task<> follow(SharedFolder& folder) {
        while (!listening_ && !stopped_) {
            co_await begun_.async_wait(asio::as_tuple(UseTask()));
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) co_return;
        }
        if (listening_) co_await folder.run();
    }

    ShareRules make_rules(Quota& quota) {
        ShareRules rules;
        rules.read_only = options_.read_only;
        if (options_.max_size != 0) rules.max_size = options_.max_size;
        if (options_.quota != 0) rules.quota = &quota;
        rules.receiving = rules.sending = &rate_;
        rules.stall = {options_.server.idle_timeout};
        rules.on_received = [this](const ReceivedFile& file) { log_.received(file); };
        rules.on_served = [this](const ServedFile& file) { log_.served(file); };
        return rules;
    }

    Context& context_;
    const ShareOptions& options_;
    RateLimit rate_;
    ServiceLog log_;
    Timer begun_;  // never rings: cancelled to say so
    HashingDisplay hashing_;
    bool listening_ = false;
    bool stopped_ = false;
};

class ShareJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("share DIR [--listen ENDPOINT]");
        options.operands(values_.operands, Completes::folder);
        options.group("The service");
        options.text("listen", "ENDPOINT", values_.listen,
                     "the address and port to listen on; port 0 takes a free one");
        options.flag("read-only", 0, values_.read_only, "refuse uploads");
        options.size("quota", "BYTES", values_.quota,
                     "what the folder may hold in all; 0: no quota");
        options.size("max-size", "BYTES", values_.max_size, "refuse a larger file; 0 takes any");
        describe_protocol(options, values_.protocol);
        describe_bwlimit(options, values_.bwlimit);
        values_.server.describe(options);
        options.example("netcopy share photos", "serve a folder to programs on this machine");
        options.example("netcopy share photos --listen 0.0.0.0 --read-only",
                        "serve it to everybody who reaches this machine, for reading");
    }

    Task<Result<int>> run(Context& context) override {
        if (values_.operands.size() != 1) {
            co_return make_error(Errc::usage, "name the folder to be shared: DIR");
        }
        auto endpoint = parse_endpoint(values_.listen, share_port);
        if (!endpoint) co_return endpoint.error();
        Sharing sharing(context, values_);
        co_return co_await sharing.run(*endpoint);
    }

private:
    ShareOptions values_{.operands = {}, .listen = std::string(usual_address)};
};

}  // namespace

std::unique_ptr<Job> make_share() { return std::make_unique<ShareJob>(); }

}  // namespace netcopy::app
