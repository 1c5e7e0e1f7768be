#include <boost/asio/post.hpp>
#include <boost/date_time/posix_time/posix_time.hpp>
#include <thread>

#include "app/command.hpp"
#include "app/copy_options.hpp"
#include "app/exit_status.hpp"
#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "file/append_file.hpp"
#include "net/server.hpp"
#include "session/receive_service.hpp"

namespace netcopy::app {
namespace {

constexpr const char* folder = "received_files";
constexpr const char* log_file = "file_receiver.log";

/// As the script's logging writes a line: "2026-11-20 13:14:49,123 - INFO - TEXT".
std::string log_line(std::string_view level, std::string_view text) {
    const auto now = boost::posix_time::microsec_clock::local_time();
    std::string line =
        boost::posix_time::to_iso_extended_string(now);  // 2026-11-20T13:14:49.123456
    line.resize(19, '0');
    line[10] = ' ';
    const auto milliseconds = now.time_of_day().total_milliseconds() % 1000;
    return line + "," + std::to_string(1000 + milliseconds).substr(1) + " - " + std::string(level) +
           " - " + std::string(text);
}

/// "192.168.1.7:51234" -> "('192.168.1.7', 51234)"
std::string tuple_of(const std::string& peer) {
    const auto colon = peer.rfind(':');
    std::string host = peer.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return "('" + host + "', " + peer.substr(colon + 1) + ")";
}

std::string_view digest_name(const ReceivedFile& file) {
    const DigestKind kind = file.digests.empty() ? DigestKind::md5 : file.digests.front().first;
    if (kind == DigestKind::sha1) return "SHA-1";
    if (kind == DigestKind::sha256) return "SHA-256";
    return kind == DigestKind::md5 ? "MD5" : to_string(kind);
}

/// The script `file_receiver_service` of the document "Python File Transfer System": its folder,
/// its log, its words on stdout.
class FileReceiverService final : public Job {
public:
    void describe(Options& options) override {
        // Not on the script's command line, but NETCOPY_LISTEN.
        options.text("listen", "ENDPOINT", listen_, "");
    }

    Task<Result<int>> run(Context& context) override {
        const auto endpoint = parse_endpoint(listen_, copy_port);
        if (!endpoint) co_return endpoint.error();
        DiskPool disk(std::max(2U, std::thread::hardware_concurrency()));
        auto log = co_await disk.run([] { return AppendFile::open(log_file); });
        if (!log) co_return log.error();
        log_ = std::move(*log);
        raise_file_limit(limits::connections);

        std::optional<ReceiveService> service;
        const SessionFn session = [&](Stream& stream) { return serve(context, *service, stream); };
        Server server(context.io.get_executor(), {}, {}, session);
        const auto listening = co_await server.listen(*endpoint);
        if (!listening) co_return failed_to_start(context, listening.error());
        context.on_stop = [&server] { server.stop(); };
        context.may_end_anywhere =
            true;  // files without their names go by themselves, or can be continued
        greet(context, *listening);

        auto tree = co_await disk.run([this] { return open_folder(); });
        if (!tree) co_return tree.error();
        ReceiveRules rules;
        rules.on_begun = [this](const std::string& peer, const std::string& name,
                                std::uint64_t size) {
            write("INFO", "Receiving file: " + escape(name, SIZE_MAX) + " (" +
                              std::to_string(size) + " bytes) from " + tuple_of(peer));
        };
        rules.on_nothing = [this](const std::string& peer) {
            write("WARNING", "Client " + tuple_of(peer) + " connected but sent no data");
        };
        rules.on_file = [this](const ReceivedFile& file) { received(file); };
        service.emplace(*tree, rules, disk, Dialects::both, ReceiveTimes{});
        co_await server.run();
        if (context.stop_signal == SIGINT) {
            print(context, "\n[!] Server shutdown requested\n[*] Server stopped\n");
            write("INFO", "Server shutdown requested");
        }
        write("INFO", "Server stopped");
        co_return exit_status_of_signal(context.stop_signal);
    }

private:
    static void print(Context& context, const std::string& text) {
        (void)context.output.print(text);  // what nobody can read is no reason to stop
    }
    void write(std::string_view level, std::string_view text) const {
        log_->write_line(log_line(level, text));
    }

    Result<int> failed_to_start(Context& context, Error error) const {
        print(context, "[!] Server error: " + error.context + "\n[*] Server stopped\n");
        write("ERROR", "Server error: " + error.context);
        write("INFO", "Server stopped");
        return error;
    }

    void greet(Context& context, const Endpoint& endpoint) const {
        const std::string where = to_string(endpoint);
        context.output.listening(endpoint);
        print(context,
              "[*] File receiver service started - listening on " + where +
                  "\n[*] Files will be saved to: " + std::filesystem::absolute(folder).string() +
                  "\n[*] Press Ctrl+C to stop the service\n");
        write("INFO", "Server started - listening on " + where);
    }

    Result<Tree> open_folder() const {
        auto here = Tree::open(".");
        if (!here) return here.error();
        const auto found = here->status(folder);
        auto tree = Tree::open(folder);
        if (tree && found && !*found) {
            write("INFO", std::string("Created directory: ") + folder);
        }
        return tree;
    }

    Task<> serve(Context& context, ReceiveService& service, Stream& stream) const {
        const std::string peer = tuple_of(stream.peer());
        print(context, "[+] Connection from " + peer + "\n");
        std::exception_ptr thrown;
        try {
            co_await service.serve(stream);
        } catch (...) {
            thrown = std::current_exception();
        }
        write("INFO", "Connection with " + peer + " closed");
        if (thrown) std::rethrow_exception(thrown);
    }

    /// On any thread.
    void received(const ReceivedFile& file) const {
        const std::string peer = tuple_of(file.peer);
        const std::string name = escape(file.name, SIZE_MAX);
        if (file.outcome) {
            const std::string proof =
                file.verified ? std::string(digest_name(file)) + " verified" : "no digest";
            return write("INFO", "File " + name + " received successfully from " + peer + " (" +
                                     proof + ")");
        }
        const Error& error = file.outcome.error();
        if (error == Errc::connection_lost && !file.name.empty()) {
            write("WARNING", "Connection with " + peer + " closed prematurely");
            write("WARNING", "File transfer failed from " + peer + ": Incomplete transfer");
        } else if (error == Errc::corrupted) {
            write("WARNING", "File transfer failed from " + peer + ": " +
                                 std::string(digest_name(file)) + " mismatch");
        } else {
            write("ERROR", "Error receiving file from " + peer + ": " + error.context);
        }
    }

    std::string listen_ = "0.0.0.0:5001";
    std::optional<AppendFile> log_;
};

}  // namespace

std::unique_ptr<Job> make_file_receiver_service() {
    return std::make_unique<FileReceiverService>();
}

}  // namespace netcopy::app
