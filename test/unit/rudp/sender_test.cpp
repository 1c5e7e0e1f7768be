#include "test/unit/rudp/conversation.hpp"

#include <algorithm>
#include <set>

using namespace netcopy;
using namespace netcopy::test;

namespace {

SenderOptions options_for(std::uint64_t size) {
    SenderOptions options;
    options.connection = connection;
    options.peer.port = 1000;
    options.wish = {0, size};
    options.max_datagram = 1472;
    options.receive_buffer = 8 << 20;
    options.file = {size, 5, some_tag()};
    options.rtt = round_trip;
    options.seed = 1;
    options.token = [] { return std::uint64_t{0x1122334455667788}; };
    options.read = fill;
    return options;
}

/// A sender, and a client's packets made by hand.
struct Fixture {
    explicit Fixture(std::uint64_t size = 1'000'000) : Fixture(options_for(size)) {}
    explicit Fixture(SenderOptions options) : sender(std::move(options), start) {}

    Sender sender;
    Time now = start;
    std::uint64_t number = 2;  // two REQUESTs were before
    Address client{{}, 1000};

    /// Everything that goes out until `until`, in order.
    std::vector<Packet> run(Time until) {
        std::vector<Packet> all;
        for (;;) {
            for (Packet& each : poll(sender, now)) all.push_back(std::move(each));
            const Time next = std::max(sender.next_deadline(), now);
            if (next > until) break;
            now = next;
            REQUIRE(all.size() < 100'000);
        }
        now = until;
        return all;
    }
    void give(const Packet& bytes, std::optional<Address> from = {}) {
        sender.on_packet(now, from.value_or(client), header_of(bytes), bytes);
    }
    void give_ack(Ack ack, std::optional<Address> from = {}) {
        give(packet([&](MutableBytes out) {
                 return write_ack({Kind::ack, connection, number++}, ack, out);
             }),
             from);
    }
    /// Acknowledges exactly these.
    void acknowledge(const std::vector<Packet>& packets) {
        std::set<std::uint64_t> numbers;
        for (const Packet& each : packets) numbers.insert(header_of(each).number);
        acknowledge_numbers(numbers);
    }
    void acknowledge_numbers(const std::set<std::uint64_t>& numbers) {
        Ack ack;
        for (auto at = numbers.rbegin(); at != numbers.rend(); ++at) {
            if (ack.range_count > 0 && ack.ranges[ack.range_count - 1].first == *at + 1) {
                ack.ranges[ack.range_count - 1].first = *at;
            } else {
                REQUIRE(ack.range_count < ack.ranges.size());
                ack.ranges[ack.range_count++] = {*at, *at};
            }
        }
        give_ack(ack);
    }
};

std::vector<Range> ranges_of(const std::vector<Packet>& packets) {
    std::vector<Range> ranges;
    for (const Packet& each : packets) {
        if (header_of(each).kind != Kind::data) continue;
        const auto data = parse_data(each);
        REQUIRE(data);
        ranges.push_back({data->offset, data->offset + data->bytes.size()});
    }
    return ranges;
}

}  // namespace

TEST_CASE("a sender begins with ACCEPT and goes on with content, without waiting") {
    Fixture fixture(3000);
    const auto packets = fixture.run(start + 20ms);
    REQUIRE(kinds_of(packets) == std::vector{Kind::accept, Kind::data, Kind::data, Kind::data});
    const auto accept = parse_accept(packets[0]);
    REQUIRE(accept);
    CHECK(accept->size == 3000);
    CHECK(accept->tag == some_tag());
    const std::size_t most = least_datagram - seal_size - data_header_size;
    CHECK(ranges_of(packets) == std::vector<Range>{{0, most}, {most, 2 * most}, {2 * most, 3000}});
    CHECK(parse_data(packets[2])->bytes[5] == byte_at(most + 5));
}

TEST_CASE("an empty file needs nothing but ACCEPT") {
    Fixture fixture(0);
    CHECK(kinds_of(fixture.run(start + 1ms)) == std::vector{Kind::accept});
    fixture.now += round_trip;
    fixture.acknowledge_numbers({0});
    CHECK(fixture.sender.idle());
}

TEST_CASE("what is lost is sent again under another number, and first") {
    Fixture fixture;
    auto packets = fixture.run(start + 50ms);
    REQUIRE(packets.size() > 20);
    const std::uint64_t lost = header_of(packets[5]).number;
    const Range range = ranges_of({packets[5]})[0];
    packets.erase(packets.begin() + 5);
    fixture.now = start + round_trip;
    fixture.acknowledge(packets);
    CHECK(fixture.sender.counts().lost == 1);
    const auto next = fixture.run(fixture.now + 20ms);
    const auto ranges = ranges_of(next);
    REQUIRE_FALSE(ranges.empty());
    CHECK(ranges[0] == range);
    for (const Packet& each : next) CHECK(header_of(each).number > lost);
}

TEST_CASE("fewer than three later packets are no loss, until the time has passed") {
    Fixture fixture(3000);
    const auto packets = fixture.run(start + 20ms);
    REQUIRE(packets.size() == 4);
    fixture.now = start + round_trip;
    fixture.acknowledge({packets[0], packets[2]});  // one later than packets[1]
    CHECK(fixture.sender.counts().lost == 0);
    fixture.run(start + round_trip * 5 / 4);
    CHECK(fixture.sender.counts().lost == 1);
}

TEST_CASE("a packet that was only late is not sent again, and the threshold grows") {
    Fixture fixture;
    auto packets = fixture.run(start + 50ms);
    REQUIRE(packets.size() > 20);
    std::vector<Packet> without = packets;
    without.erase(without.begin() + 5, without.begin() + 15);
    fixture.now = start + round_trip;
    fixture.acknowledge(without);
    REQUIRE(fixture.sender.counts().lost == 10);
    fixture.acknowledge(packets);  // before anything was sent again
    CHECK(fixture.sender.counts().spurious == 10);
    CHECK(fixture.sender.lost().empty());
    const Range late = ranges_of({packets[5]})[0];
    for (const Range& range : ranges_of(fixture.run(fixture.now + 50ms))) {
        CHECK(range.begin != late.begin);
    }
}

TEST_CASE("silence is answered with two packets, at growing pauses, and with an end") {
    SenderOptions options = options_for(3000);
    options.max_datagram = least_datagram;  // nothing to probe
    Fixture fixture(std::move(options));
    fixture.run(start + 20ms);
    fixture.acknowledge_numbers({0});
    std::vector<Time> times;
    while (!fixture.sender.ended()) {
        const Time next = fixture.sender.next_deadline();
        REQUIRE(next != Time::max());
        fixture.now = std::max(fixture.now, next);
        const std::uint64_t before = fixture.sender.counts().timeouts;
        const auto packets = poll(fixture.sender, fixture.now);
        if (fixture.sender.counts().timeouts == before) continue;
        times.push_back(fixture.now);
        CHECK(packets.size() == 2);
    }
    REQUIRE(times.size() >= 5);
    CHECK(times[2] - times[1] > times[1] - times[0]);
    CHECK(times.size() < 20);
    CHECK(fixture.sender.ended()->code == CloseCode::idle);
    CHECK(fixture.now >= start + 15s);
    CHECK(fixture.sender.finished());
}

TEST_CASE("whoever acknowledges what was never sent breaches the protocol") {
    Fixture fixture;
    fixture.run(start + 50ms);
    Ack ack;
    ack.ranges[ack.range_count++] = {0, 1'000'000};
    fixture.give_ack(ack);
    REQUIRE(fixture.sender.ended());
    CHECK(fixture.sender.ended()->code == CloseCode::breach);
    CHECK(kinds_of(poll(fixture.sender, fixture.now)) == std::vector{Kind::close});
}

TEST_CASE("some numbers are left out, and whoever acknowledges one is caught") {
    Fixture honest(20'000'000);
    std::uint64_t expected = 0;
    std::optional<std::uint64_t> left_out;
    while (!left_out) {
        const auto packets = honest.run(honest.now + 10ms);
        for (const Packet& each : packets) {
            const std::uint64_t number = header_of(each).number;
            if (number != expected && !left_out) left_out = expected;
            expected = number + 1;
        }
        if (!left_out) honest.acknowledge(packets);
        REQUIRE(expected < 10'000);
        REQUIRE_FALSE(honest.sender.ended());
    }
    honest.acknowledge_numbers({*left_out});
    REQUIRE(honest.sender.ended());
    CHECK(honest.sender.ended()->code == CloseCode::breach);
}

TEST_CASE("wishes are served in their order, each once, cut at the end of the file") {
    SenderOptions options = options_for(10'000);
    options.wish = {0, 1000};
    Fixture fixture(std::move(options));
    Ack ack;
    ack.first_wish = 1;
    ack.wish_count = 2;
    ack.wishes[0] = {5000, 6000};
    ack.wishes[1] = {9000, UINT64_MAX};
    fixture.give_ack(ack);
    fixture.give_ack(ack);  // repeated: nobody knows whether it came
    CHECK(ranges_of(fixture.run(start + 50ms)) ==
          std::vector<Range>{{0, 1000}, {5000, 6000}, {9000, 10'000}});
}

TEST_CASE("wishes with a gap before them are not taken") {
    SenderOptions options = options_for(10'000);
    options.wish = {0, 1000};
    Fixture fixture(std::move(options));
    Ack ack;
    ack.first_wish = 2;
    ack.wish_count = 1;
    ack.wishes[0] = {5000, 6000};
    fixture.give_ack(ack);
    CHECK(ranges_of(fixture.run(start + 50ms)) == std::vector<Range>{{0, 1000}});
}

TEST_CASE("what is lost in the tail is sent twice") {
    Fixture fixture(20'000);
    auto packets = fixture.run(start + 50ms);
    REQUIRE(packets.size() > 10);
    const Range range = ranges_of({packets[5]})[0];
    packets.erase(packets.begin() + 5);
    fixture.now = start + round_trip;
    fixture.acknowledge(packets);
    auto again = ranges_of(fixture.run(fixture.now + round_trip / 2));
    CHECK(again == std::vector<Range>{range, range});
}

TEST_CASE("in flight is never more than the window") {
    Fixture fixture(50'000'000);
    for (int i = 0; i < 200; ++i) {
        const auto packets = fixture.run(fixture.now + 5ms);
        CHECK(fixture.sender.sent().in_flight() <= fixture.sender.congestion().window());
        if (i % 3 == 0) fixture.acknowledge(packets);
        REQUIRE_FALSE(fixture.sender.ended());
    }
}

TEST_CASE("larger datagrams are used once one has been acknowledged") {
    Fixture fixture;
    auto packets = fixture.run(start + 50ms);
    fixture.now = start + round_trip;
    fixture.acknowledge(packets);
    packets = fixture.run(fixture.now + 1ms);
    std::vector<std::size_t> probes;
    for (const Packet& each : packets) {
        if (header_of(each).kind == Kind::probe) probes.push_back(each.size() + seal_size);
    }
    CHECK(probes == std::vector<std::size_t>{1452, 1472});
    CHECK(fixture.sender.datagram() == 1200);
    fixture.now += round_trip;
    fixture.acknowledge(packets);
    CHECK(fixture.sender.datagram() == 1472);
}

TEST_CASE("another address is asked before anything goes there") {
    Fixture fixture;
    const auto packets = fixture.run(start + 10ms);
    Address other = fixture.client;
    other.port = 2000;
    fixture.give_ack({}, other);
    Packet buffer(largest_datagram);
    Transmit transmit = fixture.sender.poll_transmit(fixture.now, buffer);
    REQUIRE(transmit.size > 0);
    CHECK(transmit.to == other);
    buffer.resize(transmit.size);
    REQUIRE(header_of(buffer).kind == Kind::path);
    CHECK(fixture.sender.peer() == fixture.client);

    Path wrong;
    fixture.give(packet([&](MutableBytes out) {
                     return write_path({Kind::path, connection, fixture.number++}, wrong, out);
                 }),
                 other);
    CHECK(fixture.sender.peer() == fixture.client);
    fixture.give(buffer, fixture.client);  // the right token from the wrong place
    CHECK(fixture.sender.peer() == fixture.client);
    fixture.give(buffer, other);
    CHECK(fixture.sender.peer() == other);
}

TEST_CASE("an old packet from elsewhere moves nothing") {
    Fixture fixture;
    fixture.run(start + 10ms);
    fixture.number = 10;
    fixture.give_ack({});
    fixture.number = 5;
    Address other = fixture.client;
    other.port = 2000;
    fixture.give_ack({}, other);
    for (const Packet& each : fixture.run(start + 20ms)) {
        CHECK(header_of(each).kind != Kind::path);
    }
}

TEST_CASE("a file that cannot be read any more ends the connection with the reason") {
    SenderOptions options = options_for(1'000'000);
    options.read = [](std::uint64_t offset, MutableBytes out) {
        return offset < 5000 && fill(offset, out);
    };
    Fixture fixture(std::move(options));
    const auto packets = fixture.run(start + 50ms);
    REQUIRE(header_of(packets.back()).kind == Kind::close);
    CHECK(parse_close(packets.back())->code == CloseCode::unreadable);
    CHECK(fixture.sender.finished());
}

TEST_CASE("a question is answered though there is nothing to send") {
    Fixture fixture(0);
    fixture.run(start + 1ms);
    fixture.now += round_trip;
    Ack ack;
    ack.answer = true;
    ack.ranges[ack.range_count++] = {0, 0};
    fixture.give_ack(ack);
    CHECK(kinds_of(poll(fixture.sender, fixture.now)).front() == Kind::ping);
}

TEST_CASE("a client's close ends the sender at once") {
    Fixture fixture;
    fixture.run(start + 10ms);
    fixture.give(packet([&](MutableBytes out) {
        return write_close({Kind::close, connection, 9}, {CloseCode::done, ""}, out);
    }));
    CHECK(fixture.sender.finished());
    CHECK(fixture.sender.ended()->by_peer);
    CHECK(poll(fixture.sender, fixture.now).empty());
}
