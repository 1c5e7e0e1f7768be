// What stands before all unit tests; main() is Catch2's own.
#include <boost/log/core.hpp>

namespace {

/// What the code under test logs would stand between the results; base/log_test.cpp switches it on
/// again.
struct QuietLog {
    QuietLog() { boost::log::core::get()->set_logging_enabled(false); }
} quiet_log;

}  // namespace
