// netcopy_sim: reliable UDP on a seeded virtual network; docs/testing.md, "Simulation".

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "test/sim/goodput.hpp"
#include "test/sim/scenario.hpp"

namespace {

using namespace netcopy::sim;

struct Options {
    std::uint64_t count = 1;
    std::uint64_t seed = 1;
    bool verbose = false;
    bool keep_going = false;
    bool goodput = false;
    bool fairness = false;
    bool good = true;
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto number = [&](std::uint64_t& value) {
            char* end = nullptr;
            if (++i < argc) value = std::strtoull(argv[i], &end, 10);
            options.good = options.good && end != nullptr && *end == '\0';
        };
        if (word == "--count") {
            number(options.count);
        } else if (word == "--seed") {
            number(options.seed);
        } else if (word == "-v") {
            options.verbose = true;
        } else if (word == "--keep-going") {
            options.keep_going = true;
        } else if (word == "--goodput") {
            options.goodput = true;
        } else if (word == "--fairness") {
            options.fairness = true;
        } else {
            options.good = false;
        }
    }
    return options;
}

Trace printing(const Plan& plan) {
    return [start = plan.start](Time now, const std::string& text) {
        std::printf("%11.6f  %s\n", std::chrono::duration<double>(now - start).count(),
                    text.c_str());
    };
}

/// Returns how many failed.
std::uint64_t run(const Options& options, Tally& tally) {
    std::uint64_t failures = 0;
    for (std::uint64_t i = 0; i < options.count; ++i) {
        const Plan plan = draw_plan(options.seed + i);
        if (options.verbose) std::printf("%s\n", describe(plan).c_str());
        try {
            tally += run_scenario(plan, options.verbose ? printing(plan) : Trace{});
        } catch (const std::exception& violation) {
            std::fflush(stdout);
            std::fprintf(stderr, "seed %llu: %s\n    %s\n    again: netcopy_sim --seed %llu -v\n",
                         static_cast<unsigned long long>(plan.seed), violation.what(),
                         describe(plan).c_str(), static_cast<unsigned long long>(plan.seed));
            ++failures;
            if (!options.keep_going) return failures;
        }
    }
    return failures;
}

double milliseconds(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

int print_goodput(std::uint64_t seed) {
    std::printf("Mbit/s   RTT ms   loss %%   promised   goodput\n");
    bool good = true;
    for (const GoodputRow& row : goodput_rows()) {
        const double got = goodput(row, seed);
        good = good && got >= row.least;
        std::printf("%6.0f %8.0f %8.1f %10.2f %9.3f%s\n", row.rate * 1e-6,
                    milliseconds(row.round_trip), row.loss * 100, row.least, got,
                    got < row.least ? "  too low" : "");
        std::fflush(stdout);
    }
    return good ? 0 : 1;
}

int print_fairness(std::uint64_t seed) {
    std::printf("RTT ms   queue BDP   two of ours    ours, cubic    two cubics\n");
    for (const auto round_trip : {std::chrono::milliseconds(20), std::chrono::milliseconds(100)}) {
        for (const double queue : {0.5, 1.0, 2.0, 4.0}) {
            const Shares two = two_flows(round_trip, queue, seed);
            const Shares cubic = beside_cubic(round_trip, queue, seed);
            const Shares model = two_cubics(round_trip, queue, seed);
            std::printf("%6.0f %11.1f   %5.2f  %5.2f   %5.2f  %5.2f   %5.2f  %5.2f\n",
                        milliseconds(round_trip), queue, two.first, two.second, cubic.first,
                        cubic.second, model.first, model.second);
            std::fflush(stdout);
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    if (!options.good) {
        std::fprintf(stderr,
                     "usage: netcopy_sim [--count N] [--seed S] [--keep-going] [-v]\n"
                     "       netcopy_sim --goodput | --fairness [--seed S]\n");
        return 2;
    }
    if (options.goodput) return print_goodput(options.seed);
    if (options.fairness) return print_fairness(options.seed);
    Tally tally;
    const auto begin = std::chrono::steady_clock::now();
    const std::uint64_t failures = run(options, tally);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    print(tally);
    std::printf("%-28s %14.1f\n", "seconds", took.count());
    if (failures != 0)
        std::fprintf(stderr, "%llu failures\n", static_cast<unsigned long long>(failures));
    return failures == 0 ? 0 : 1;
}
