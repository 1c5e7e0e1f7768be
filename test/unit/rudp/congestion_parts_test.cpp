#include <catch2/catch.hpp>

#include "rudp/cubic_ceiling.hpp"
#include "rudp/delivery_rate.hpp"
#include "rudp/dispersion.hpp"
#include "rudp/loss_test.hpp"
#include "rudp/windowed_max.hpp"

// The parts of congestion control, each by itself.

using namespace netcopy::rudp;
using namespace std::chrono_literals;

TEST_CASE("windowed maximum: forgets what is older than the window") {
    WindowedMax most(10);
    most.reset(0, 5);
    most.update(1, 3);
    CHECK(most.best() == 5);
    most.update(4, 4);
    most.update(10, 1);
    CHECK(most.best() == 5);
    most.update(11, 2);
    CHECK(most.best() == 4);
    most.update(40, 1);
    CHECK(most.best() == 1);
    most.update(40, 9);
    CHECK(most.best() == 9);
}

TEST_CASE("delivery rate: bytes acknowledged since a packet was sent, by the time that took") {
    const Time start{1000s};
    DeliveryRate rate(start);
    const SendState first = rate.on_sent(start, 1000, 0);
    const SendState second = rate.on_sent(start + 10ms, 1000, 1000);
    rate.on_acked(start + 100ms, 1000, start, first);
    CHECK(rate.take(1ms).rate == Approx(1000 / 0.1));
    rate.on_acked(start + 110ms, 1000, start + 10ms, second);
    const RateSample sample = rate.take(1ms);
    CHECK(sample.rate == Approx(2000 / 0.11));
    CHECK(sample.prior_delivered == 0);
    CHECK(sample.prior_in_flight == 2000);
    CHECK(rate.take(1ms).rate == 0);  // nothing new
}

TEST_CASE("delivery rate: acknowledgements in a heap pretend no rate") {
    const Time start{1000s};
    DeliveryRate rate(start);
    std::vector<SendState> states;
    for (int i = 0; i < 10; ++i) {
        states.push_back(rate.on_sent(start + i * 100ms, 1000, static_cast<unsigned>(i) * 1000));
    }
    for (int i = 0; i < 10; ++i) {
        rate.on_acked(start + 1000ms, 1000, start + i * 100ms, states[static_cast<unsigned>(i)]);
    }
    CHECK(rate.take(1ms).rate <= 10'000 / 0.9);
}

TEST_CASE("delivery rate: samples say when the application had nothing to send") {
    const Time start{1000s};
    DeliveryRate rate(start);
    const SendState first = rate.on_sent(start, 1000, 0);
    CHECK_FALSE(first.app_limited);
    rate.on_app_limited(1000);
    const SendState second = rate.on_sent(start + 1ms, 1000, 1000);
    CHECK(second.app_limited);
    rate.on_acked(start + 10ms, 1000, start, first);
    CHECK_FALSE(rate.take(1ms).app_limited);
    rate.on_acked(start + 11ms, 1000, start + 1ms, second);
    CHECK(rate.take(1ms).app_limited);
    CHECK_FALSE(rate.on_sent(start + 12ms, 1000, 0).app_limited);
}

TEST_CASE("dispersion: the rate at which a train arrives, lost acknowledgements or not") {
    Dispersion dispersion;
    CHECK(dispersion.rate(1) == 0);
    dispersion.on_ack(1, 2000, 500'000);
    CHECK(dispersion.rate(1) == 0);
    dispersion.on_ack(1, 4000, 500'100);
    dispersion.on_ack(1, 20'000, 500'900);  // those between were lost
    dispersion.on_ack(1, 22'000, 501'000);
    CHECK(dispersion.rate(1) == Approx(20e6));
    CHECK(dispersion.rate(100'000) == 0);  // too few
}

TEST_CASE("dispersion: the time between trains does not count") {
    Dispersion dispersion;
    for (std::uint32_t train = 0; train < 4; ++train) {
        for (std::uint64_t i = 1; i <= 10; ++i) {
            dispersion.on_ack(train, train * 10'000 + i * 1000, train * 1'000'000 + i * 100);
        }
    }
    CHECK(dispersion.rate(1) == Approx(10e6).epsilon(0.02));
}

TEST_CASE("dispersion: packets taken from the socket together have one time") {
    Dispersion dispersion;
    for (std::uint64_t sent = 1000; sent <= 8000; sent += 1000) dispersion.on_ack(1, sent, 1000);
    CHECK(dispersion.rate(1) == 0);
    for (std::uint64_t sent = 9000; sent <= 16'000; sent += 1000) dispersion.on_ack(1, sent, 1800);
    CHECK(dispersion.rate(1) == Approx(10e6));
}

TEST_CASE("dispersion: a clock that jumps back is not followed") {
    Dispersion dispersion;
    dispersion.on_ack(1, 1000, 5000);
    dispersion.on_ack(1, 11'000, 6000);
    dispersion.on_ack(1, 12'000, 10);
    dispersion.on_ack(1, 21'000, 7000);
    CHECK(dispersion.rate(1) == Approx(10e6));
}

TEST_CASE("loss test: what is lost at random is no congestion, also with a queue") {
    LossTest test;
    test.count_random(50'000, 950'000, 1000);  // 5 % of 1000 packets
    CHECK(test.random_share() == Approx(0.05));
    test.count_queued(25'000, 475'000, 300'000);
    CHECK_FALSE(test.congested(1000));
    test.count_queued(80'000, 420'000, 400'000);
    CHECK(test.congested(1000));
    CHECK(test.answer() == 400'000);
    CHECK_FALSE(test.congested(1000));
}

TEST_CASE("loss test: one in a hundred with a queue is congestion where nothing is lost without") {
    LossTest test;
    test.count_random(0, 4'000'000, 1000);
    test.count_queued(10'000, 990'000, 500'000);
    CHECK(test.congested(1000));
}

TEST_CASE("loss test: two lost packets are no evidence") {
    LossTest test;
    test.count_random(0, 4'000'000, 1000);
    test.count_queued(2000, 18'000, 20'000);
    CHECK_FALSE(test.congested(1000));
}

TEST_CASE("loss test: an answer was a mistake when the path turns out to lose so much") {
    LossTest test;
    test.count_queued(30'000, 270'000, 500'000);
    REQUIRE(test.congested(1000));
    test.answer();
    CHECK_FALSE(test.mistaken(1000));
    test.count_random(0, 500'000, 1000);
    CHECK_FALSE(test.mistaken(1000));
    test.count_random(300'000, 2'000'000, 1000);
    CHECK(test.mistaken(1000));
}

TEST_CASE("loss test: a share that a standing queue disproves is forgotten") {
    LossTest test;
    test.count_random(30'000, 70'000, 1000);
    test.count_at_most(60'000, 140'000, 1000);  // it may be so
    CHECK(test.random_share() == Approx(0.3));
    test.count_at_most(1000, 299'000, 1000);
    CHECK(test.random_share() < 0.01);
}

TEST_CASE(
    "cubic ceiling: seven tenths, back at the old height after the cube root's time, and on") {
    constexpr std::size_t segment = 1000;
    const Time start{1000s};
    CubicCeiling ceiling;
    ceiling.on_acked(start, 5000);
    CHECK(ceiling.bytes() == 0);
    ceiling.on_congestion(start, 1'000'000, segment);
    CHECK(ceiling.bytes() == 700'000);
    // RFC 9438: K = cbrt(1000 * 0.3 / 0.4) = 9.09 s; a round trip of 100 ms
    std::uint64_t at_k = 0;
    for (int round = 1; round <= 200; ++round) {
        const std::uint64_t before = ceiling.bytes();
        ceiling.on_acked(start + round * 100ms, before);
        CHECK(ceiling.bytes() >= before);
        CHECK(ceiling.bytes() <= before + before / 2);
        if (round == 91) at_k = ceiling.bytes();
    }
    CHECK(static_cast<double>(at_k) == Approx(1'000'000).epsilon(0.01));
    CHECK(ceiling.bytes() > 1'400'000);
    ceiling.lift();
    CHECK(ceiling.bytes() == 0);
}

TEST_CASE("cubic ceiling: on a short path it grows as Reno would") {
    const Time start{1000s};
    CubicCeiling ceiling;
    ceiling.on_congestion(start, 100'000, 1000);
    // A round trip of 1 ms: half a segment each, 0.7 s for 30 segments is far less than K = 4.2 s.
    for (int round = 1; round <= 100; ++round) {
        ceiling.on_acked(start + round * 1ms, ceiling.bytes());
    }
    CHECK(ceiling.bytes() >= 100'000);
}
