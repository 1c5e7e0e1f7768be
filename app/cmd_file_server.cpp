#include <boost/asio/post.hpp>
#include <thread>

#include "app/exit_status.hpp"
#include "app/hashing_display.hpp"
#include "app/list_catalogue.hpp"
#include "app/service.hpp"
#include "base/log.hpp"
#include "net/resolve.hpp"
#include "net/together.hpp"
#include "net/udp_link.hpp"
#include "session/fetch_server.hpp"
#include "session/registry_announce.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view usual_address = "127.0.0.1:0";
constexpr std::optional<std::uint16_t> any_port = 0;
constexpr std::size_t spare_descriptors = 256;  // beside one for each connection's file

struct FileServerOptions {
    std::vector<std::string> operands;
    std::string master;
    std::string listen{usual_address};
    bool legacy_udp = false;
    std::uint64_t bwlimit = 0;  ///< bytes a second; 0: no limit
    std::uint64_t max_connections = limits::connections;
    std::uint64_t max_connections_per_address = limits::connections_per_address;
};

/// One run of the command, once its words are understood.
class Serving {
public:
    Serving(Context& context, const FileServerOptions& options, Endpoint master)
        : context_(context),
          options_(options),
          master_(std::move(master)),
          rate_(options.bwlimit),
          log_(context),
          hashing_(context) {}

    Task<Result<int>> run(const Endpoint& endpoint) {
        raise_file_limit(options_.max_connections + spare_descriptors);
        const std::filesystem::path path = options_.operands[0];
        DiskPool disk(std::max(2U, std::thread::hardware_concurrency()));
        DiskPool hashing(1);  // so that no client waits behind a large file's digest
        const Executor executor = context_.io.get_executor();
        const auto open = [&] { return SharedFolder::open(path, executor, hashing); };
        auto folder = co_await disk.run(open);
        if (!folder) co_return folder.error();
        const auto open_files = [&] { return FlatFolder::open(path); };
        auto files = co_await disk.run(open_files);
        if (!files) co_return files.error();
        const auto found = co_await resolve(endpoint, limits::connect);
        if (!found) co_return found.error();
        const UdpAddress address(found->front().address(), found->front().port());
        auto link = UdpLink::open(executor, disk, address, {});
        if (!link) co_return link.error();
        co_return co_await serve(*link, **folder, *files);
    }

private:
    /// The socket, what follows the folder, what tells the master, and the screen, side by side.
    Task<Result<int>> serve(UdpLink& link, SharedFolder& folder, const FlatFolder& files) {
        const UdpAddress local = link.local();
        FetchServerRules rules;
        rules.connections = options_.max_connections;
        rules.connections_per_address = options_.max_connections_per_address;
        rules.sending = &rate_;
        rules.bare = options_.legacy_udp;
        rules.on_served = [this](const ServedFile& file) { log_.served(file); };
        rules.on_stopped = [&link] { link.stop(); };
        FetchServer server(folder, files, std::move(rules), Clock::now());
        Announcer announcer(announcement(local), folder, context_.io.get_executor());
        context_.may_end_anywhere = true;  // nothing but the index is written
        context_.on_stop = [&] {
            announcer.stop();
            server.stop();
            link.notify();
        };
        context_.output.listening({local.address().to_string(), local.port()});
        if (options_.legacy_udp) {
            NETCOPY_LOG(warning)
                << "--legacy-udp: files are also sent by bare datagrams, to whatever address is "
                   "written on a question; nothing is repeated, nothing can be verified";
        }
        const auto part = [&](std::size_t number) -> Task<> {
            if (number == 1) co_return co_await folder.run();
            if (number == 2) co_return co_await announcer.run();
            if (number == 3) co_return co_await hashing_.run(folder.progress());
            std::exception_ptr thrown;
            try {
                co_await link.run(server);
            } catch (...) {
                thrown = std::current_exception();
            }
            announcer.stop();
            folder.stop();
            hashing_.stop();
            if (thrown) std::rethrow_exception(thrown);
        };
        co_await run_together(4, part);
        context_.on_stop = {};
        co_await asio::post(context_.io, UseTask());  // behind the last file's words
        log_.fill(context_.report, true);
        co_return exit_status_of_signal(context_.stop_signal);
    }

    AnnouncerPlan announcement(const UdpAddress& local) const {
        AnnouncerPlan plan;
        plan.master = master_;
        plan.udp_port = local.port();
        if (!local.is_unspecified()) plan.host = local.address().to_string();
        if (options_.legacy_udp) plan.dialects = Dialects::both;
        return plan;
    }

    Context& context_;
    const FileServerOptions& options_;
    const Endpoint master_;
    RateLimit rate_;
    ServiceLog log_;
    HashingDisplay hashing_;
};

class FileServerJob final : public Job {
public:
    explicit FileServerJob(FileServerOptions values = {}) : values_(std::move(values)) {}

    void describe(Options& options) override {
        options.usage("file-server DIR --master ENDPOINT [--listen ENDPOINT]");
        options.operands(values_.operands, Completes::folder);
        options.group("The service");
        options.text("master", "ENDPOINT", values_.master,
                     "the master-server that is told which files there are", Completes::host);
        options.text("listen", "ENDPOINT", values_.listen,
                     "the UDP address and port to serve at; port 0 takes a free one");
        options.number("max-connections", "N", values_.max_connections, 1, UINT32_MAX,
                       "transfers at a time");
        options.number("max-connections-per-address", "N", values_.max_connections_per_address, 1,
                       UINT32_MAX, "transfers at a time for one address");
        describe_bwlimit(options, values_.bwlimit);
        options.flag("legacy-udp", 0, values_.legacy_udp,
                     "serve the seed's bare datagrams, too: neither reliable nor safe");
        options.example("netcopy file-server photos --master 127.0.0.1",
                        "serve a folder to programs on this machine");
        options.example("netcopy file-server photos --master 10.0.0.3 --listen 0.0.0.0",
                        "serve it to everybody who reaches this machine");
    }

    Task<Result<int>> run(Context& context) override {
        if (values_.operands.size() != 1) {
            co_return make_error(Errc::usage, "name the folder to be served: DIR");
        }
        if (values_.master.empty()) {
            co_return make_error(Errc::usage, "name the master-server: --master ENDPOINT");
        }
        auto master = parse_endpoint(values_.master, master_port);
        if (!master) co_return master.error();
        const auto endpoint = parse_endpoint(values_.listen, any_port);
        if (!endpoint) co_return endpoint.error();
        Serving serving(context, values_, std::move(*master));
        co_return co_await serving.run(*endpoint);
    }

private:
    FileServerOptions values_;
};

}  // namespace

std::unique_ptr<Job> make_file_server() { return std::make_unique<FileServerJob>(); }

std::unique_ptr<Job> make_fileserver() {
    FileServerOptions values;
    values.operands = {"."};
    values.master = "127.0.0.1";
    values.legacy_udp = true;
    return std::make_unique<FileServerJob>(std::move(values));
}

}  // namespace netcopy::app
