#include "app/options.hpp"
#include "base/limits.hpp"

namespace netcopy::app {
namespace {

constexpr std::uint64_t most_connections = 1'000'000;
constexpr std::uint64_t most_threads = 256;
constexpr std::uint64_t most_retries = 1'000'000;
constexpr std::uint64_t usual_retries = 8;

}  // namespace

void CommonOptions::describe(Options& options) {
    options.group("Output and logging");
    options.count("verbose", 'v', verbose, "say more on stderr: -v informs, -vv debugs");
    options.flag("quiet", 'q', quiet, "no progress and no remarks; errors and results only");
    options.flag("json", 0, json, "JSON objects on stdout, one a line, instead of words");
    options.choice("progress", "KIND", progress, {"auto", "bar", "plain", "none"},
                   "how the progress is shown on stderr");
    options.choice("color", "WHEN", color, {"auto", "always", "never"}, "colours on stderr");
    options.text("log-file", "PATH", log_file, "append the log to this file too; SIGHUP reopens it",
                 Completes::file);
    options.choice("log-level", "LEVEL", log_level, {"trace", "debug", "info", "warning", "error"},
                   "the least that is logged");
    options.flag("help", 'h', help, "print this help");
    options.flag("version", 0, version, "print the version");
}

ClientOptions::ClientOptions()
    : timeout(limits::transfer_stall), connect_timeout(limits::connect) {}

void ClientOptions::describe(Options& options) {
    described_ = &options;
    options.group("Connection");
    options.seconds("timeout", timeout, "give up when nothing has moved for so long; 0: never");
    options.seconds("connect-timeout", connect_timeout,
                    "give up connecting after so long, names and all addresses together; 0: never");
    options.number("retry", "N", retry, 0, most_retries,
                   "try to connect so many times more, with doubling pauses");
}

std::uint64_t ClientOptions::retries() const {
    return described_ && described_->given("retry") ? retry : usual_retries;
}

void describe_bwlimit(Options& options, std::uint64_t& bytes_a_second) {
    options.rate("bwlimit", bytes_a_second, "move at most so many bytes a second; 0: no limit");
}

void describe_protocol(Options& options, std::string& protocol) {
    options.choice("protocol", "KIND", protocol, {"auto", "netcopy", "seed"},
                   "what to speak: netcopy/1, the seed's protocol, or whatever the peer knows");
}

void describe_overwrite(Options& options, std::string& overwrite) {
    options.choice("overwrite", "WHEN", overwrite, {"never", "rename", "always", "newer"},
                   "what to do when another file of that name is there");
}

ServerOptions::ServerOptions(std::chrono::milliseconds idle)
    : max_connections(limits::connections),
      max_connections_per_address(limits::connections_per_address),
      idle_timeout(idle) {}

void ServerOptions::describe(Options& options) {
    options.group("Limits");
    options.number("max-connections", "N", max_connections, 1, most_connections,
                   "serve so many connections at once");
    options.number("max-connections-per-address", "N", max_connections_per_address, 1,
                   most_connections, "and so many from one address");
    options.seconds("idle-timeout", idle_timeout,
                    "close a connection on which nothing moves for so long; 0: never");
    options.number("threads", "N", threads, 1, most_threads, "serve on so many network threads");
}

}  // namespace netcopy::app
