#include "app/service.hpp"

#include <boost/asio/post.hpp>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "net/io_threads.hpp"

namespace netcopy::app {
namespace {

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

std::string log_line(const ServedFile& file) {
    const std::string name = "'" + escape(file.name, SIZE_MAX) + "'";
    if (!file.outcome) {
        return file.peer + ": " + name + " was not sent: " + file.outcome.error().context;
    }
    if (file.was_there) return file.peer + ": " + name + " was with the client already";
    return file.peer + ": sent " + name + ", " + std::to_string(file.bytes) + " bytes, by " +
           file.protocol;
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

FileReport make_report(const ServedFile& file) {
    FileReport report;
    report.name = file.name;
    report.outcome = !file.outcome ? "failed" : file.was_there ? "same" : "sent";
    report.peer = file.peer;
    report.bytes = file.bytes;
    if (!file.outcome) report.error = file.outcome.error().context;
    return report;
}

}  // namespace

Dialects dialects_of(const std::string& protocol) {
    if (protocol == "netcopy") return Dialects::netcopy;
    return protocol == "seed" ? Dialects::seed : Dialects::both;
}

Overwrite overwrite_of(const std::string& when) {
    if (when == "rename") return Overwrite::rename;
    if (when == "always") return Overwrite::always;
    return when == "newer" ? Overwrite::newer : Overwrite::never;
}

Task<Result<>> run_server(Context& context, const ServerOptions& options, Endpoint endpoint,
                          SessionFn session, std::function<void(Server&)> ready,
                          bool short_answers) {
    // One thread serves on the main io_context; more get their own, and the main one only accepts.
    const IoThreads threads(options.threads > 1 ? options.threads : 0);
    ServerLimits limits;
    limits.connections = options.max_connections;
    limits.connections_per_address = options.max_connections_per_address;
    limits.short_answers = short_answers;
    Server server(context.io.get_executor(), threads.executors(), limits, std::move(session));
    const auto listening = co_await server.listen(std::move(endpoint));
    if (!listening) co_return listening.error();
    context.on_stop = [&server] { server.stop(); };
    context.output.listening(*listening);
    if (ready) ready(server);
    co_await server.run();
    context.on_stop = {};
    co_return Result<>();
}

void ServiceLog::received(const ReceivedFile& file) {
    if (file.name.empty()) {  // somebody who did not get as far as a file
        if (!file.outcome) {
            NETCOPY_LOG(info) << file.peer << ": " << file.outcome.error().context;
        }
        return;
    }
    NETCOPY_LOG(info) << log_line(file);
    ++files_;
    bytes_ += file.bytes;
    if (!file.outcome) {
        fail(file.outcome.error());
    } else {
        ++(file.was_there ? same_ : received_);
    }
    if (context_.output.json()) tell(make_report(file));
}

void ServiceLog::served(const ServedFile& file) {
    NETCOPY_LOG(info) << log_line(file);
    ++files_;
    if (!file.outcome) {
        fail(file.outcome.error());
    } else if (file.was_there) {
        ++same_;
    } else {
        ++sent_;
        bytes_ += file.bytes;
    }
    if (context_.output.json()) tell(make_report(file));
}

void ServiceLog::tell(FileReport report) {
    asio::post(context_.io, [this, file = std::move(report)] { context_.output.file(file); });
}

void ServiceLog::fail(const Error& error) {
    ++failed_;
    const std::lock_guard lock(mutex_);
    if (!first_failure_) first_failure_ = error;
}

void ServiceLog::fill(Report& report, bool sends) {
    report.bytes = bytes_;
    report.counts = {{"files", files_}, {"received", received_}};
    if (sends) report.counts.emplace_back("sent", sent_);
    report.counts.emplace_back("same", same_);
    report.counts.emplace_back("failed", failed_);
}

Error ServiceLog::first_failure() {
    const std::lock_guard lock(mutex_);
    return *first_failure_;
}

}  // namespace netcopy::app
