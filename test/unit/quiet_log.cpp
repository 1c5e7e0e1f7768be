// Catch2's own main() for all unit tests.
#define CATCH_CONFIG_MAIN
#include <boost/log/core.hpp>
#include <catch2/catch.hpp>

namespace {

/// What the code under test logs would stand between the results; base/log_test.cpp switches it on
/// again.
struct QuietLog {
    QuietLog() { boost::log::core::get()->set_logging_enabled(false); }
} quiet_log;

}  // namespace
