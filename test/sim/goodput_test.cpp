#include "test/sim/goodput.hpp"

#include <catch2/catch.hpp>

/// How fast it is and how it shares, in virtual time: what docs/benchmarks.md shows on real links.

using namespace netcopy::sim;
using namespace std::chrono_literals;

namespace {

void check_rows(Duration round_trip, double rate = 200e6) {
    for (const GoodputRow& row : goodput_rows()) {
        if (row.round_trip != round_trip || row.rate != rate) continue;
        INFO("loss " << row.loss);
        CHECK(goodput(row, 1) >= row.least);
    }
}

}  // namespace

TEST_CASE("200 Mbit/s with a round trip of 20 ms are used, whatever is lost at random") {
    check_rows(20ms);
}

TEST_CASE("200 Mbit/s with a round trip of 100 ms are used, whatever is lost at random") {
    check_rows(100ms);
}

TEST_CASE("200 Mbit/s with a round trip of 300 ms are used by half") { check_rows(300ms); }

TEST_CASE("two flows come to share a link") {
    for (const double queue : {1.0, 4.0}) {
        const Shares shares = two_flows(20ms, queue, 1);
        INFO("queue " << queue << ": " << shares.first << " " << shares.second);
        CHECK(shares.first > 0.5);
        CHECK(shares.second > 0.5);
        CHECK(shares.first + shares.second > 1.6);
    }
}

TEST_CASE("a flow of TCP cubic beside ours keeps 30 % of its share at least") {
    for (const auto round_trip : {20ms, 100ms}) {
        for (const double queue : {1.0, 4.0}) {
            const Shares shares = beside_cubic(round_trip, queue, 1);
            INFO("queue " << queue << ": " << shares.first << " " << shares.second);
            CHECK(shares.second >= 0.3);
            CHECK(shares.first >= 0.3);  // nor does it starve us
        }
    }
}

TEST_CASE("the model of TCP cubic fills a link and shares it") {
    const Shares shares = two_cubics(20ms, 1, 1);
    CHECK(shares.first > 0.5);
    CHECK(shares.second > 0.5);
    CHECK(shares.first + shares.second > 1.8);
}
