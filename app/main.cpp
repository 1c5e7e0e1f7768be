#include <malloc.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "app/command.hpp"
#include "app/exit_status.hpp"
#include "app/terminal.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "net/disk_pool.hpp"

namespace netcopy::app {
namespace {

constexpr int usage_status = 2;

/// Runs one job on this thread's io_context with the signals in hand.
class Run {
public:
    Run(std::string command, CommonOptions& common, Job& job)
        : output_(command, common, io_),
          job_(job),
          context_{std::move(command), io_, output_, common, {}, 0, {}, false, {}} {
        context_.cancel = [this] { cancel_.emit(asio::cancellation_type::terminal); };
    }

    int finish() {
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) signals_.add(signal);
        await_signal();
        // The closure gets a name because GCC 12 destroys a temporary one too early (bug 107288).
        auto task = [this]() -> Task<Result<int>> {
            co_await asio::this_coro::throw_if_cancelled(false);  // cleaning up may have to wait
            co_return co_await job_.run(context_);
        };
        asio::co_spawn(io_, std::move(task),
                       asio::bind_cancellation_slot(
                           cancel_.slot(), [this](std::exception_ptr thrown, Result<int> result) {
                               end(thrown, result);
                           }));
        io_.run();
        DiskPool::wait_until_idle();  // after a second signal tasks are left, and jobs refer to
                                      // them
        return status_;
    }

private:
    void await_signal() {
        signals_.async_wait([this](const error_code& error, int signal) {
            if (error) return;
            on_signal(signal);
            await_signal();
        });
    }

    void on_signal(int signal) {
        if (signal == SIGHUP) return log::reopen();
        status_ = exit_status_of_signal(signal);
        if (context_.stop_signal != 0) {
            if (context_.may_end_anywhere) {
                screen().erase();
                std::_Exit(status_);
            }
            io_.stop();  // the second one: at once; whoever is stuck in a disk job feels the third
            signals_.clear();
            return;
        }
        context_.stop_signal = signal;
        if (context_.on_stop) {
            context_.on_stop();
        } else {
            context_.cancel();
        }
    }

    void end(const std::exception_ptr& thrown, const Result<int>& result) {
        Report& report = context_.report;
        if (thrown) {
            report_error(caught(thrown));
        } else if (!result) {
            report_error(result.error());
        } else {
            report.exit_status = *result;
        }
        status_ = report.exit_status;
        output_.end(report);
        signals_.cancel();
    }

    Error caught(const std::exception_ptr& thrown) const {
        try {
            std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& error) {
            if (error.code() == asio::error::operation_aborted && context_.stop_signal != 0) {
                return make_error(Errc::interrupted, "interrupted");
            }
            return {error.code(), error.what()};
        } catch (const std::exception& error) {
            return make_error(Errc::failed, error.what());
        }
    }

    void report_error(const Error& error) {
        output_.error(error);
        context_.report.error = error.context;
        if (context_.report.verdict.empty()) context_.report.verdict = "failed";
        context_.report.exit_status = error == Errc::interrupted
                                          ? exit_status_of_signal(context_.stop_signal)
                                          : exit_status(error);
    }

    asio::io_context io_{1};
    asio::signal_set signals_{io_};
    asio::cancellation_signal cancel_;
    Renderer output_;
    Job& job_;
    Context context_;
    int status_ = 0;
};

int fail_usage(std::string_view who, const Error& error, std::string_view where) {
    std::cerr << who << ": " << error.context;
    if (!error.context.ends_with('?')) std::cerr << "; see '" << where << "'";
    std::cerr << '\n';
    return usage_status;
}

bool start_log(const CommonOptions& common) {
    log::Settings settings;
    settings.path = common.log_file;
    if (common.quiet) settings.console = log::Level::error;
    if (common.verbose == 1) settings.console = log::Level::info;
    if (common.verbose == 2) settings.console = log::Level::debug;
    if (common.verbose > 2) settings.console = log::Level::trace;
    if (!common.log_level.empty()) {
        boost::log::trivial::from_string(common.log_level.data(), common.log_level.size(),
                                         settings.console);
        settings.file = settings.console;
    }
    return log::start(settings);
}

int run_job(const Command& command, Job& job, std::span<const std::string> arguments) {
    const std::string name(command.name);
    const std::string who = "netcopy " + name;
    CommonOptions common;
    Options options;
    job.describe(options);
    common.describe(options);
    if (const auto parsed = options.parse(arguments); !parsed) {
        return fail_usage(who, parsed.error(), "netcopy help " + name);
    }
    if (common.help) {
        std::cout << options.help(command.summary) << std::flush;
        return 0;
    }
    if (common.version) {
        std::cout << "netcopy " NETCOPY_VERSION << std::endl;
        return 0;
    }
    if (!start_log(common)) {
        const Error error = make_error(Errc::local_file,
                                       "cannot open the log file " + quote(common.log_file), errno);
        std::cerr << who << ": " << error.context << '\n';
        return exit_status(error);
    }
    return Run(name, common, job).finish();
}

int run_command(const Command& command, std::span<const std::string> arguments) {
    const auto job = command.make();
    return run_job(command, *job, arguments);
}

std::string usage_of(const Script& script, std::string_view called) {
    std::string usage(script.usage);
    if (const auto name = usage.find("{}"); name != std::string::npos)
        usage.replace(name, 2, called);
    return usage;
}

int help_of_script(const Script& script, const std::string& usage) {
    std::cout << usage << "\n\n";
    if (!script.help.empty()) std::cout << script.help << '\n';
    std::cout << script.name << " is `netcopy " << script.command
              << "` under the script's name; `netcopy help " << script.command << "` tells more.\n";
    return 0;
}

/// Of a script that knows options: what is wrong with its words, as Python's argparse says it;
/// empty: nothing. `help` becomes true when that is asked for.
std::string wrong_words(const Script& script, const std::string& usage,
                        std::span<const std::string> arguments, bool& help) {
    const auto job = script.make();  // its operands are not those of the run
    Options options;
    job->describe(options);
    options.flag("help", 'h', help, "");
    if (const auto parsed = options.parse(arguments); !parsed) return parsed.error().context;
    const auto operands = options.operands();
    if (operands.size() > script.operands) {
        return "unrecognized arguments: " + escape(operands[script.operands]);
    }
    std::string missing = usage.substr(usage.rfind("] ") + 2);
    for (std::size_t i = 0; i < operands.size(); ++i) missing.erase(0, missing.find(' ') + 1);
    if (operands.size() == script.operands) return {};
    for (auto at = missing.find(' '); at != std::string::npos; at = missing.find(' ', at + 2)) {
        missing.replace(at, 1, ", ");
    }
    return "the following arguments are required: " + missing;
}

int run_script_with_options(const Script& script, const std::string& called,
                            const std::string& usage, std::span<const std::string> arguments) {
    bool help = false;
    const std::string wrong = wrong_words(script, usage, arguments, help);
    if (help) return help_of_script(script, usage);
    if (!wrong.empty()) {
        std::cerr << usage << '\n' << called << ": error: " << wrong << '\n';
        return usage_status;
    }
    const auto job = script.make();
    return run_job(*find_command(script.command), *job, arguments);
}

int run_script(const Script& script, const std::string& called,
               std::span<const std::string> arguments) {
    const Command& command = *find_command(script.command);
    const std::string usage = usage_of(script, called);
    if (arguments.size() == 1 && arguments[0] == "--version")
        return run_command(command, arguments);
    if (arguments.size() == 1 && arguments[0] == "--help") return help_of_script(script, usage);
    if (script.words == Script::Words::options) {
        return run_script_with_options(script, called, usage, arguments);
    }
    int status = usage_status;
    const bool any = script.words == Script::Words::none;
    if (any || arguments.size() == script.operands) {
        std::vector<std::string> operands{"--"};
        if (!any) operands.insert(operands.end(), arguments.begin(), arguments.end());
        const auto job = script.make();
        status = run_job(command, *job, operands);
    }
    if (status == usage_status) std::cerr << usage << '\n';
    return status;
}

int run_program(std::string_view program, std::span<const std::string> arguments) {
    if (const Script* script = find_script(program)) {
        return run_script(*script, std::string(last_component(program)), arguments);
    }
    if (arguments.empty()) {
        std::cerr << overview();
        return usage_status;
    }
    const std::string& word = arguments[0];
    if (word == "--version") {
        std::cout << "netcopy " NETCOPY_VERSION << std::endl;
        return 0;
    }
    if (word == "--help" || word == "-h") return run_command(*find_command("help"), {});
    if (const Command* command = find_command(word))
        return run_command(*command, arguments.subspan(1));

    std::cerr << "netcopy: " << unknown_command(word).context << '\n';
    return usage_status;
}

}  // namespace
}  // namespace netcopy::app

int main(int argc, char** argv) {
    // A peer or a pipe that goes away is an error of one write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    // Left alone the C library grows and trims each thread's heap in small steps, again and again
    // (docs/benchmarks.md).
    ::mallopt(M_TOP_PAD, 1 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return netcopy::app::run_program(argv[0], arguments);
}
