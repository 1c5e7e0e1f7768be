#include "app/exit_status.hpp"
#include "app/list_catalogue.hpp"
#include "app/service.hpp"
#include "session/registry_service.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view usual_address = "127.0.0.1:1234";
constexpr std::size_t spare_descriptors =
    64;  // beside the connections: log, standard streams, epoll

class MasterServerJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("master-server [--listen ENDPOINT]");
        options.operands(operands_, Completes::nothing);
        options.group("The catalogue");
        options.text("listen", "ENDPOINT", listen_,
                     "the address and port to listen on; port 0 takes a free one");
        options.number("max-files", "N", max_files_, 1, UINT32_MAX,
                       "keep so many files of all file servers");
        options.number("max-files-per-server", "N", max_server_files_, 1, UINT32_MAX,
                       "and so many of one");
        describe_protocol(options, protocol_);
        server_.describe(options);
        options.example("netcopy master-server", "a master for programs on this machine");
        options.example("netcopy master-server --listen 0.0.0.0",
                        "one for all file servers and clients that reach this machine");
    }

    Task<Result<int>> run(Context& context) override {
        if (!operands_.empty()) {
            co_return make_error(Errc::usage, "takes no operands; the address is --listen's");
        }
        const auto endpoint = parse_endpoint(listen_, master_port);
        if (!endpoint) co_return endpoint.error();
        raise_file_limit(server_.max_connections + spare_descriptors);
        RegistryCatalogue catalogue({limits::registry_servers, max_server_files_, max_files_});
        RegistryRules rules;
        rules.dialects = dialects_of(protocol_);
        rules.idle = server_.idle_timeout;
        RegistryService service(catalogue, rules);
        const SessionFn session = [&service](Stream& stream) { return service.serve(stream); };
        context.may_end_anywhere = true;  // nothing is kept on disk
        const auto served = co_await run_server(context, server_, *endpoint, session);
        if (!served) co_return served.error();
        co_return exit_status_of_signal(context.stop_signal);
    }

private:
    std::vector<std::string> operands_;
    std::string listen_{usual_address};
    std::uint64_t max_files_ = limits::registry_files;
    std::uint64_t max_server_files_ = limits::registry_server_files;
    std::string protocol_ = "auto";
    ServerOptions server_{limits::transfer_stall};
};

}  // namespace

std::unique_ptr<Job> make_master_server() { return std::make_unique<MasterServerJob>(); }

}  // namespace netcopy::app
