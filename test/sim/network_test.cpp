#include "test/sim/network.hpp"

#include <catch2/catch.hpp>

#include <cmath>

#include "test/sim/scenario.hpp"

/// That the virtual network does what it says.

using namespace netcopy;
using namespace netcopy::sim;
using namespace std::chrono_literals;

namespace {

LinkOptions plain() {
    LinkOptions options;
    options.rate = 1e6;
    options.queue = 10'000;
    options.delay = 20ms;
    return options;
}

/// How many of so many packets, far apart, arrive.
double share_arriving(const LinkOptions& options, int packets = 20'000) {
    Link link(options, 1);
    double arrived = 0;
    for (int i = 0; i < packets; ++i)
        arrived += static_cast<double>(link.carry(Time(i * 10ms), 1000).count);
    return arrived / packets;
}

}  // namespace

TEST_CASE("a link takes its rate and its delay, one packet behind the other") {
    Link link(plain(), 1);
    CHECK(link.carry(Time(1s), 1000).arrivals[0].at == Time(1s + 21ms));
    CHECK(link.carry(Time(1s), 1000).arrivals[0].at == Time(1s + 22ms));
    CHECK(link.queued(Time(1s)) == 2000);
    CHECK(link.queued(Time(1s + 2ms)) == 0);
}

TEST_CASE("a full queue drops what comes last") {
    Link link(plain(), 1);
    for (int i = 0; i < 10; ++i) CHECK(link.carry(Time(1s), 1000).count == 1);
    CHECK(link.carry(Time(1s), 1000).count == 0);
    CHECK(link.counts().overflowed == 1);
    CHECK(link.carry(Time(1s + 1ms), 1000).count == 1);
}

TEST_CASE("packets are lost, doubled and damaged as often as is said") {
    LinkOptions options = plain();
    options.faults.loss = 0.1;
    CHECK(share_arriving(options) == Approx(0.9).margin(0.01));
    options.faults = {};
    options.faults.duplicate = 0.2;
    CHECK(share_arriving(options) == Approx(1.2).margin(0.01));
    options.faults = {};
    options.faults.burst_begin = 0.01;  // 1 in 101 begins a burst of 10 on average
    options.faults.burst_end = 0.1;
    CHECK(share_arriving(options) == Approx(1 - 0.01 / 0.11).margin(0.02));
    options.faults = {};
    options.faults.mtu = 999;
    CHECK(share_arriving(options) == 0);
}

TEST_CASE("packets keep their order unless one is held back") {
    LinkOptions options = plain();
    options.jitter = 10ms;
    for (const bool reorder : {false, true}) {
        if (reorder) options.faults = {.reorder = 0.5, .reorder_by = 50ms};
        Link link(options, 1);
        Time last{};
        bool ordered = true;
        for (int i = 0; i < 1000; ++i) {
            const Time at = link.carry(Time(i * 1ms), 500).arrivals[0].at;
            ordered = ordered && at >= last;
            last = at;
        }
        CHECK(ordered == !reorder);
    }
}

TEST_CASE("a damaged packet does not get through its seal") {
    struct Sink : Host {
        void on_packet(Time, const Address&, const Address&, Bytes) override { ++count; }
        void on_wake(Time) override {}
        Time deadline() const override { return Time::max(); }
        int count = 0;
    };
    LinkOptions options = plain();
    options.faults.corrupt = 0.5;
    Link link(options, 1);
    Network network(Time(1s), 1);
    Sink sink;
    network.attach(sink, {}, 1);
    network.connect(2, 1, {&link});
    const std::vector<std::byte> packet(100);
    for (int i = 0; i < 1000; ++i)
        network.at(Time(1s + i * 1ms), [&] { network.send(2, {}, {}, packet); });
    network.run(Time(9s), [] { return false; });
    CHECK(link.counts().corrupted > 400);
    CHECK(sink.count + static_cast<int>(link.counts().corrupted) >= 1000);
    CHECK(sink.count <= 1000 - static_cast<int>(link.counts().corrupted) + 2);  // flipped back
}

TEST_CASE("who acknowledges what never came is found out before long") {
    Plan plan;
    plan.seed = 1;
    plan.start = Time(1h);
    plan.size = 20'000'000;
    plan.first_mtu = plan.last_mtu = 1500;
    plan.down = plan.up = {plain()};
    plan.calm = 30s;
    plan.liars = {Lie::everything};
    Plan::Client client;
    client.piece = client.ahead = 1'000'000;
    client.knows = true;
    client.max_datagram = 65'507;
    client.receive_buffer = 1'000'000;
    client.silence = 10s;
    client.retry_pause = 100ms;
    plan.clients = {client};
    const Tally tally = run_scenario(plan);
    CHECK(tally.done == 1);
    CHECK(tally.ended.at(rudp::CloseCode::breach) == 1);
}

TEST_CASE("the same seed is the same scenario, packet by packet") {
    for (const std::uint64_t seed : {3U, 17U, 99U}) {
        std::vector<std::string> first, second;
        for (auto* events : {&first, &second}) {
            run_scenario(draw_plan(seed), [&](Time now, const std::string& text) {
                events->push_back(std::to_string(now.time_since_epoch().count()) + text);
            });
        }
        CHECK(first.size() > 10);
        CHECK(first == second);
    }
}
