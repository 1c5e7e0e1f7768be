// Load generator for the benchmarks: the same requests, written and timed in the same way, to a
// checksum server and to redis. Checks every reply; prints one JSON object.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sys/resource.h>

#include "load_run.hpp"

namespace {

constexpr std::string_view usage =
    R"(usage: load --server HOST:PORT --protocol checksum|redis WORK [OPTIONS]

WORK is one of
  --op insert|lookup   keys drawn from [0, M); look-ups expect what insertions stored
  --fill N             insert each key of [0, N) once

  --requests R         stop after R requests, or
  --seconds S          start nothing new after S seconds (default 3)
  --connections N      connections that are measured (50)
  --in-flight K        requests written at once on each, then awaited (1)
  --keys M             number of different keys (100000)
  --value-bytes B      length of every value (32)
  --validity S         seconds that an entry lives (60)
  --idle-connections I silent connections, open meanwhile (0)
  --trickling T        connections that send a byte a second of an endless message (0)
  --reply-timeout S    seconds without a reply that fail the run (10)

Exit status: 0 all replies right, 1 some wrong or missing, 2 usage.
)";

struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

double parse_number(std::string_view name, const std::string& text) {
    std::size_t used = 0;
    double number = -1;
    try {
        number = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != text.size() || number < 0 || number > 1e15) {
        throw UsageError(std::string(name) + ": not a number: '" + text + "'");
    }
    return number;
}

template <class T>
T parse_count(std::string_view name, const std::string& text) {
    const double number = parse_number(name, text);
    const auto most = static_cast<double>(std::numeric_limits<T>::max());
    return static_cast<T>(std::min(number, most));
}

template <class T>
T choose(std::string_view name, const std::string& text, std::string_view first, T if_first,
         std::string_view second, T if_second) {
    if (text == first) {
        return if_first;
    }
    if (text == second) {
        return if_second;
    }
    throw UsageError(std::string(name) + ": unknown '" + text + "'");
}

void set_option(load::Workload& work, const std::string& name, const std::string& text) {
    if (name == "--server") {
        work.server = text;
    } else if (name == "--protocol") {
        work.protocol = choose(name, text, "checksum", load::Protocol::checksum, "redis",
                               load::Protocol::redis);
    } else if (name == "--op") {
        work.operation = choose(name, text, "insert", load::Operation::insert, "lookup",
                                load::Operation::lookup);
    } else if (name == "--fill") {
        work.operation = load::Operation::insert;
        work.in_order = true;
        work.requests = parse_count<std::uint64_t>(name, text);
    } else if (name == "--requests") {
        work.requests = parse_count<std::uint64_t>(name, text);
    } else if (name == "--seconds") {
        work.seconds = parse_number(name, text);
    } else if (name == "--connections") {
        work.connections = parse_count<unsigned>(name, text);
    } else if (name == "--in-flight") {
        work.in_flight = std::max(1U, parse_count<unsigned>(name, text));
    } else if (name == "--keys") {
        work.keys = std::max<std::uint64_t>(1, parse_count<std::uint64_t>(name, text));
    } else if (name == "--value-bytes") {
        work.value_bytes = parse_count<std::size_t>(name, text);
    } else if (name == "--validity") {
        work.validity = parse_count<unsigned>(name, text);
    } else if (name == "--idle-connections") {
        work.idle = parse_count<unsigned>(name, text);
    } else if (name == "--trickling") {
        work.trickling = parse_count<unsigned>(name, text);
    } else if (name == "--reply-timeout") {
        work.reply_timeout = parse_number(name, text);
    } else {
        throw UsageError("unknown option '" + name + "'");
    }
}

load::Workload parse(int argc, char** argv) {
    load::Workload work;
    bool protocol = false;
    bool operation = false;
    for (int i = 1; i < argc; i += 2) {
        const std::string name = argv[i];
        if (i + 1 == argc) {
            throw UsageError("no value for '" + name + "'");
        }
        set_option(work, name, argv[i + 1]);
        protocol = protocol || name == "--protocol";
        operation = operation || name == "--op" || name == "--fill";
    }
    if (work.server.empty() || !protocol || !operation) {
        throw UsageError("--server, --protocol and --op or --fill are needed");
    }
    if (work.requests == 0 && work.seconds <= 0) {
        work.seconds = 3;
    }
    return work;
}

// A thousand connections do not fit in the usual soft limit of 1024 descriptors with the rest.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

void print(const load::Outcome& outcome) {
    const auto microseconds = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
    const double rate =
        outcome.seconds > 0 ? static_cast<double>(outcome.requests) / outcome.seconds : 0;
    std::cout << std::fixed << "{\"requests\":" << outcome.requests
              << ",\"failed\":" << outcome.failed << ",\"seconds\":" << outcome.seconds
              << ",\"rate\":" << rate
              << ",\"p50_us\":" << microseconds(outcome.latency.quantile(0.50))
              << ",\"p99_us\":" << microseconds(outcome.latency.quantile(0.99))
              << ",\"max_us\":" << microseconds(outcome.latency.max())
              << ",\"cpu_seconds\":" << cpu_seconds()
              << ",\"trickled_bytes\":" << outcome.trickled_bytes
              << ",\"trickling_reopened\":" << outcome.trickling_reopened << ",\"error\":";
    if (outcome.error.empty()) {
        std::cout << "null";
    } else {
        std::cout << '"' << outcome.error << '"';
    }
    std::cout << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const load::Workload work = parse(argc, argv);
        raise_descriptor_limit();
        const load::Outcome outcome = load::run(work);
        print(outcome);
        return outcome.failed == 0 && outcome.requests > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const UsageError& error) {
        std::cerr << "load: " << error.what() << '\n' << usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "load: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
