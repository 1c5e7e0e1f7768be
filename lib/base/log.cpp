#include "base/log.hpp"

#include <algorithm>
#include <atomic>
#include <boost/core/null_deleter.hpp>
#include <boost/log/attributes/clock.hpp>
#include <boost/log/core.hpp>
#include <boost/log/expressions.hpp>
#include <boost/log/sinks/sync_frontend.hpp>
#include <boost/log/sinks/text_ostream_backend.hpp>
#include <boost/log/support/date_time.hpp>
#include <boost/make_shared.hpp>
#include <fstream>
#include <iostream>
#include <mutex>

namespace netcopy::log {
namespace {

namespace expr = boost::log::expressions;
using Backend = boost::log::sinks::text_ostream_backend;
using Sink = boost::log::sinks::synchronous_sink<Backend>;

std::atomic<int> lowest{static_cast<int>(Level::warning)};
std::mutex reopening;
std::string file_path;
boost::shared_ptr<Sink> file_sink;
boost::shared_ptr<std::ostream> file_stream;

boost::shared_ptr<Sink> add_sink(const boost::shared_ptr<std::ostream>& stream, Level level) {
    auto backend = boost::make_shared<Backend>();
    backend->add_stream(stream);
    backend->auto_flush(true);
    auto sink = boost::make_shared<Sink>(backend);
    sink->set_filter(expr::attr<Level>("Severity") >= level);
    sink->set_formatter(expr::stream << expr::format_date_time<boost::posix_time::ptime>(
                                            "TimeStamp", "%Y-%m-%d %H:%M:%S.%f")
                                     << " [" << expr::attr<Level>("Severity") << "] "
                                     << expr::smessage);
    boost::log::core::get()->add_sink(sink);
    return sink;
}

boost::shared_ptr<std::ostream> open_file() {
    return boost::make_shared<std::ofstream>(file_path, std::ios::app);
}

}  // namespace

bool start(const Settings& settings) {
    boost::log::core::get()->add_global_attribute("TimeStamp",
                                                  boost::log::attributes::local_clock());
    add_sink(boost::shared_ptr<std::ostream>(&std::clog, boost::null_deleter()), settings.console);
    lowest = static_cast<int>(settings.console);
    if (settings.path.empty()) return true;

    file_path = settings.path;
    file_stream = open_file();
    if (!*file_stream) return false;
    file_sink = add_sink(file_stream, settings.file);
    lowest = static_cast<int>(std::min(settings.console, settings.file));
    return true;
}

void reopen() {
    const std::lock_guard guard(reopening);
    if (!file_sink) return;
    auto fresh = open_file();
    if (!*fresh) {
        NETCOPY_LOG(error) << "cannot reopen the log file " << file_path << "; keeping the old one";
        return;
    }
    const auto backend = file_sink->locked_backend();
    backend->remove_stream(file_stream);
    backend->add_stream(fresh);
    file_stream = std::move(fresh);
}

bool enabled(Level level) noexcept {
    return static_cast<int>(level) >= lowest.load(std::memory_order_relaxed);
}

boost::log::sources::severity_logger_mt<Level>& logger() {
    static boost::log::sources::severity_logger_mt<Level> instance;
    return instance;
}

}  // namespace netcopy::log
