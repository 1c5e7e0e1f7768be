#include "app/exit_status.hpp"
#include "app/service.hpp"
#include "base/limits.hpp"
#include "session/checksum_server.hpp"
#include "store/collector.hpp"
#include "store/memory_store.hpp"

namespace netcopy::app {
namespace {

constexpr std::uint64_t most_length = 1024 * 1024;  // bytes; what is longer is no checksum
constexpr std::size_t spare_descriptors =
    64;  // beside the connections: log, standard streams, epoll

class ChecksumServerJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("checksum-server IP PORT");
        options.usage("checksum-server --listen ENDPOINT");
        options.operands(operands_, Completes::host);
        options.group("Checksums");
        options.text("listen", "ENDPOINT", listen_,
                     "the address and port to serve on; port 0 takes a free one");
        options.choice("store", "KIND", store_, {"memory"}, "where checksums are kept");
        options.number("max-entries", "N", max_entries_, 1, UINT32_MAX, "checksums kept at a time");
        options.size("max-checksum-length", "BYTES", max_length_, "bytes of one checksum");
        server_.describe(options);
        options.seconds("message-timeout", message_timeout_,
                        "one message, from its first byte to its last");
        options.example("netcopy checksum-server 127.0.0.1 9000",
                        "serve this machine on port 9000");
        options.example("netcopy checksum-server --listen '[::]:9000' --threads 4",
                        "serve everybody, on four network threads");
    }

    Task<Result<int>> run(Context& context) override {
        const auto endpoint = endpoint_of_operands();
        if (!endpoint) co_return endpoint.error();
        if (max_length_ > most_length) {
            co_return make_error(Errc::usage, "--max-checksum-length is at most 1M");
        }
        raise_file_limit(server_.max_connections + spare_descriptors);

        const auto store = std::make_shared<MemoryStore>(max_entries_);
        const Collector collector(context.io.get_executor(), store);
        const ChecksumServerLimits limits{
            {max_length_, limits::checksum_validity}, server_.idle_timeout, message_timeout_};
        const SessionFn session = [&](Stream& stream) {
            return serve_checksums(stream, *store, limits);
        };
        const auto served =
            co_await run_server(context, server_, *endpoint, session, {}, /*short_answers=*/true);
        if (!served) co_return served.error();
        co_return exit_status_of_signal(context.stop_signal);
    }

private:
    Result<Endpoint> endpoint_of_operands() const {
        if (!listen_.empty() && operands_.empty()) return parse_endpoint(listen_, std::nullopt);
        if (listen_.empty() && operands_.size() == 2)
            return parse_endpoint(operands_[0], operands_[1]);
        return make_error(Errc::usage,
                          "name the address to serve on: IP PORT, or --listen ENDPOINT");
    }

    std::vector<std::string> operands_;
    std::string listen_;
    std::string store_ = "memory";
    std::uint64_t max_entries_ = limits::checksum_entries;
    std::uint64_t max_length_ = limits::checksum_length;
    std::chrono::milliseconds message_timeout_ = limits::message;
    ServerOptions server_{limits::server_idle};
};

}  // namespace

std::unique_ptr<Job> make_checksum_server() { return std::make_unique<ChecksumServerJob>(); }

}  // namespace netcopy::app
