#include "test/unit/rudp/conversation.hpp"

#include "rudp/pacer.hpp"
#include "rudp/path_mtu.hpp"
#include "rudp/received_numbers.hpp"
#include "rudp/rtt.hpp"
#include "rudp/sent_packets.hpp"

/// The small parts of both state machines.

using namespace netcopy;
using namespace netcopy::test;

namespace {

/// What goes out together.
std::vector<std::size_t> probe_all(PathMtu& mtu) {
    std::vector<std::size_t> sizes;
    while (const std::size_t size = mtu.probe()) {
        mtu.on_probe_sent(size);
        sizes.push_back(size);
    }
    return sizes;
}

std::vector<Numbers> ranges_of(const ReceivedNumbers& numbers) {
    return {numbers.ranges().begin(), numbers.ranges().end()};
}

SentPacket in_flight(Time sent, std::uint32_t size = 100) {
    SentPacket packet;
    packet.sent = sent;
    packet.size = size;
    packet.status = SentPacket::Status::in_flight;
    return packet;
}

}  // namespace

TEST_CASE("all sizes that the peer takes are probed, and the largest that passes counts") {
    PathMtu mtu(9000);
    CHECK(mtu.size() == 1200);
    CHECK(probe_all(mtu) == std::vector<std::size_t>{1452, 1472});
    mtu.on_acked(1472);
    CHECK(mtu.size() == 1472);
    mtu.on_acked(1452);
    CHECK(mtu.size() == 1472);
    CHECK(probe_all(mtu) == std::vector<std::size_t>{4432});
    CHECK(mtu.probe() == 0);  // each larger one waits for the answer to the one before
    mtu.on_acked(4432);
    CHECK(probe_all(mtu) == std::vector<std::size_t>{8932});
    mtu.on_acked(8932);
    CHECK(probe_all(mtu) == std::vector<std::size_t>{8952});
    mtu.on_acked(8952);
    CHECK(mtu.size() == 8952);
    CHECK(mtu.probe() == 0);
}

TEST_CASE("a probe that is lost is repeated twice, and then no larger size is tried") {
    PathMtu mtu(9000);
    probe_all(mtu);
    mtu.on_acked(1472);
    CHECK(probe_all(mtu) == std::vector<std::size_t>{4432});
    mtu.on_probe_lost(4432);
    CHECK(probe_all(mtu) == std::vector<std::size_t>{4432});
    mtu.on_probe_lost(4432);
    CHECK(probe_all(mtu) == std::vector<std::size_t>{4432});
    mtu.on_probe_lost(4432);
    CHECK(mtu.probe() == 0);
    CHECK(mtu.size() == 1472);
}

TEST_CASE("what the own interface refuses is not tried, nor anything larger") {
    PathMtu mtu(largest_datagram);
    CHECK(mtu.probe() == 1452);
    mtu.on_probe_sent(1452);
    mtu.on_probe_sent(1472);
    mtu.on_too_big(4432);
    CHECK(mtu.probe() == 0);
    mtu.on_acked(1472);
    mtu.on_too_big(1472);  // the interface has changed
    CHECK(mtu.size() == 1471);
}

TEST_CASE("a path that swallows large datagrams is noticed, and searched again after a minute") {
    PathMtu mtu(1472);
    probe_all(mtu);
    mtu.on_acked(1472);
    for (int i = 0; i < 15; ++i) CHECK_FALSE(mtu.on_lost(start, 1472));
    mtu.on_acked(1472);  // it was chance
    for (int i = 0; i < 15; ++i) CHECK_FALSE(mtu.on_lost(start, 1472));
    CHECK_FALSE(mtu.on_lost(start, 1200));
    CHECK(mtu.on_lost(start, 1472));
    CHECK(mtu.size() == 1200);
    CHECK(mtu.probe() == 0);
    CHECK(mtu.next_search() == start + 60s);
    mtu.search_again();
    CHECK(probe_all(mtu) == std::vector<std::size_t>{1452, 1472});
    CHECK(mtu.next_search() == Time::max());
}

TEST_CASE("three time-outs in a row are a black hole, for those who send large datagrams") {
    PathMtu mtu(1472);
    CHECK_FALSE(mtu.on_timeouts(start, 3));
    probe_all(mtu);
    mtu.on_acked(1452);
    CHECK_FALSE(mtu.on_timeouts(start, 2));
    CHECK(mtu.on_timeouts(start, 3));
    CHECK(mtu.size() == 1200);
}

TEST_CASE("a pacer sends bursts whose mean is the rate, and saves up no more than one") {
    Pacer pacer(start);
    constexpr std::uint64_t rate = 1'000'000;
    constexpr std::size_t burst = 10'000;
    Time now = start;
    std::size_t sent = 0;
    while (now < start + 1s) {
        std::size_t together = 0;
        while (pacer.may_send(now)) {
            pacer.on_sent(now, 1000, rate, burst);
            together += 1000;
        }
        CHECK(together <= 2 * burst);
        sent += together;
        REQUIRE(pacer.ready() > now);
        now = pacer.ready();
    }
    CHECK(sent >= 990'000);
    CHECK(sent <= 1'030'000);
    now += 10s;  // nothing to send for a while
    std::size_t together = 0;
    for (; pacer.may_send(now); together += 1000) pacer.on_sent(now, 1000, rate, burst);
    CHECK(together <= 2 * burst);
}

TEST_CASE("a pacer that is asked late catches up, with five milliseconds at the most") {
    Pacer pacer(start);
    constexpr std::uint64_t rate = 10'000'000;
    constexpr std::size_t burst = 10'000;  // a millisecond
    const auto send = [&](Time now) {
        std::size_t together = 0;
        for (; pacer.may_send(now); together += 1000) pacer.on_sent(now, 1000, rate, burst);
        return together;
    };
    CHECK(send(start) <= burst + 1000);
    CHECK(send(start + 4ms) >= 3 * burst);
    CHECK(send(start + 60ms) <= 6 * burst + 1000);
}

TEST_CASE("a pacer follows a higher rate at once") {
    Pacer pacer(start);
    for (; pacer.may_send(start);) pacer.on_sent(start, 1000, 1'000'000, 50'000);
    REQUIRE(pacer.ready() >= start + 50ms);
    pacer.on_rate(start + 1ms, 50'000'000, 50'000);
    CHECK(pacer.ready() <= start + 2ms);
}

TEST_CASE("a pacer that is asked late makes up for it") {
    Pacer pacer(start);
    constexpr std::uint64_t rate = 25'000'000;
    constexpr std::size_t burst = 25'000;  // 1 ms
    Time now = start;
    std::size_t sent = 0;
    while (now < start + 1s) {
        for (; pacer.may_send(now); sent += 1250) pacer.on_sent(now, 1250, rate, burst);
        now = pacer.ready() + 70us;  // as late as timers are
    }
    CHECK(sent >= 24'750'000);
    CHECK(sent <= 25'250'000);
}

TEST_CASE("numbers that arrive in any order become few ranges") {
    ReceivedNumbers numbers;
    for (const std::uint64_t each : std::vector<std::uint64_t>{5, 3, 4, 9, 7, 0}) {
        CHECK(numbers.add(each));
    }
    CHECK(ranges_of(numbers) == std::vector<Numbers>{{9, 9}, {7, 7}, {3, 5}, {0, 0}});
    CHECK(numbers.add(8));
    CHECK(numbers.add(6));
    CHECK(ranges_of(numbers) == std::vector<Numbers>{{3, 9}, {0, 0}});
    CHECK_FALSE(numbers.add(3));
    CHECK_FALSE(numbers.add(6));
    CHECK(numbers.add(1));
    CHECK(ranges_of(numbers) == std::vector<Numbers>{{3, 9}, {0, 1}});
}

TEST_CASE("of more ranges than an acknowledgement says the oldest are forgotten") {
    ReceivedNumbers numbers;
    for (std::uint64_t i = 0; i < 200; ++i) CHECK(numbers.add(10 * i));
    const auto ranges = numbers.ranges();
    REQUIRE(ranges.size() == most_ack_ranges + 1);
    CHECK(ranges.front() == Numbers{1990, 1990});
    CHECK(ranges.back() == Numbers{10 * (199 - most_ack_ranges), 10 * (199 - most_ack_ranges)});
    CHECK_FALSE(numbers.add(5));  // older than all of them
    CHECK(numbers.add(1985));
    CHECK(numbers.ranges().size() == most_ack_ranges + 1);
}

TEST_CASE("the round trip is smoothed as RFC 9002 says, without the peer's delay") {
    RoundTrip rtt(100ms);
    CHECK(rtt.smoothed() == 100ms);
    CHECK(rtt.sample(180ms, 0ms) == 180ms);
    CHECK(rtt.smoothed() == 110ms);
    CHECK(rtt.sample(140ms, 30ms) == 110ms);
    CHECK(rtt.latest() == 110ms);
    CHECK(rtt.sample(105ms, 50ms) == 105ms);  // less than the least: the delay is not believed
    CHECK(rtt.loss_delay() > rtt.smoothed());
    CHECK(rtt.probe_timeout() > rtt.smoothed() + 25ms);
}

TEST_CASE("sent packets are remembered until they are settled") {
    SentPackets sent;
    for (int i = 0; i < 1000; ++i) sent.push(in_flight(start + i * 1ms));
    CHECK(sent.in_flight() == 100'000);
    CHECK(sent.packets_in_flight() == 1000);
    CHECK(sent[999].sent == start + 999ms);
    for (std::uint64_t number : {0U, 1U, 2U, 4U}) {
        sent.set_status(number, SentPacket::Status::acked);
    }
    sent.set_status(3, SentPacket::Status::lost);
    CHECK(sent.in_flight() == 99'500);
    sent.forget(start);  // the lost one may still arrive
    CHECK(sent.first() == 3);
    sent.forget(start + 4ms);
    CHECK(sent.first() == 5);
    CHECK(sent.next() == 1000);
}

TEST_CASE("the memory of sent packets is bounded") {
    SentPackets sent;
    while (!sent.full()) sent.push(in_flight(start));
    CHECK(sent.next() == SentPackets::most);
    sent.set_status(0, SentPacket::Status::lost);
    sent.forget(start - 1h);
    CHECK_FALSE(sent.full());
    sent.push(in_flight(start));
    CHECK(sent.full());
    CHECK(sent[SentPackets::most].sent == start);
}
