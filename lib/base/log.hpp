#pragma once

#include <boost/log/sources/record_ostream.hpp>
#include <boost/log/sources/severity_logger.hpp>
#include <boost/log/trivial.hpp>
#include <string>

/// Boost.Log, set up once. NETCOPY_LOG(info) << ...; anything from a peer goes through escape().
/// Thread-safe.
namespace netcopy::log {

using Level = boost::log::trivial::severity_level;

struct Settings {
    Level console = Level::warning;  ///< the least that goes to stderr
    Level file = Level::info;        ///< the least that goes to the file
    std::string path;                ///< empty: no file
};

/// False when the file cannot be opened. Call once, before any thread starts.
bool start(const Settings& settings);

/// Closes the log file and opens its path anew (after logrotate has moved it away).
void reopen();

bool enabled(Level level) noexcept;
boost::log::sources::severity_logger_mt<Level>& logger();

}  // namespace netcopy::log

/// The level is looked at before anything is built, so that a line below it costs one comparison. A
/// loop that runs once at most, because an `if` would take the `else` of the caller's.
#define NETCOPY_LOG(level)                                                            \
    for (bool netcopy_log_on = ::netcopy::log::enabled(::netcopy::log::Level::level); \
         netcopy_log_on; netcopy_log_on = false)                                      \
    BOOST_LOG_SEV(::netcopy::log::logger(), ::netcopy::log::Level::level)
