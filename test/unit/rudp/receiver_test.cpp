#include "test/unit/rudp/conversation.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

ReceiverOptions options_for(std::uint64_t size) {
    ReceiverOptions options;
    options.connection = connection;
    options.name = "file";
    options.size = size;
    options.tag = some_tag();
    options.wish = {0, size};
    return options;
}

/// A receiver, and a server's packets made by hand.
struct Fixture {
    explicit Fixture(std::uint64_t size = 10'000) : Fixture(options_for(size)) {}
    explicit Fixture(const ReceiverOptions& options) : receiver(options, start) {}
    /// Open, after a round trip for the cookie.
    static Fixture open(std::uint64_t size) {
        Fixture fixture(size);
        poll(fixture.receiver, fixture.now);
        fixture.now += round_trip;
        fixture.give_cookie();
        fixture.give_accept(size);
        return fixture;
    }

    Receiver receiver;
    Time now = start;
    std::uint64_t number = 0;

    std::optional<Data> give(const Packet& bytes) {
        last = bytes;  // content points into it
        return receiver.on_packet(now, header_of(last), last);
    }
    std::optional<Data> give_data(std::uint64_t offset, std::size_t size) {
        return give_numbered(number++, offset, size);
    }
    std::optional<Data> give_numbered(std::uint64_t with, std::uint64_t offset, std::size_t size) {
        Packet bytes(data_header_size + size);
        write_data_header({Kind::data, connection, with}, offset, bytes);
        fill(offset, MutableBytes(bytes).subspan(data_header_size));
        return give(bytes);
    }
    void give_accept(std::uint64_t size, Tag tag = some_tag()) {
        give(packet([&](MutableBytes out) {
            return write_accept({Kind::accept, connection, number++}, {size, 5, tag}, out);
        }));
    }
    void give_cookie() {
        Cookie cookie;
        cookie.fill(std::byte{3});
        give(packet([&](MutableBytes out) {
            return write_cookie({Kind::cookie, connection, 0}, cookie, out);
        }));
    }
    /// The ACK that is due now; no value: none is.
    std::optional<Ack> ack() {
        std::optional<Ack> found;
        for (const Packet& each : poll(receiver, now)) {
            if (header_of(each).kind == Kind::ack) REQUIRE(parse_ack(each, found.emplace()));
        }
        return found;
    }

    Packet last;
};

}  // namespace

TEST_CASE("a receiver asks with a request of 1200 bytes, and again with the cookie at once") {
    Fixture fixture;
    const auto first = poll(fixture.receiver, fixture.now);
    REQUIRE(first.size() == 1);
    CHECK(first[0].size() + seal_size == least_datagram);
    const auto request = parse_request(first[0]);
    REQUIRE(request);
    CHECK_FALSE(request->cookie);
    CHECK(request->name == "file");
    CHECK(request->wish == Range{0, 10'000});
    CHECK(request->tag == some_tag());

    fixture.now += round_trip;
    fixture.give_cookie();
    const auto second = poll(fixture.receiver, fixture.now);
    REQUIRE(second.size() == 1);
    REQUIRE(parse_request(second[0]));
    CHECK(parse_request(second[0])->cookie);
    CHECK(header_of(second[0]).number > header_of(first[0]).number);
    CHECK(fixture.receiver.rtt() == round_trip);
}

TEST_CASE("a server that answers every cookie with another sets no pace") {
    Fixture fixture;
    poll(fixture.receiver, fixture.now);
    fixture.give_cookie();
    CHECK(poll(fixture.receiver, fixture.now).size() == 1);
    for (int i = 0; i < 10; ++i) fixture.give_cookie();
    CHECK(poll(fixture.receiver, fixture.now).empty());
}

TEST_CASE("a receiver repeats its request with growing pauses, and gives up at its time") {
    Fixture fixture;
    std::vector<Duration> times;
    while (!fixture.receiver.ended()) {
        for ([[maybe_unused]] const Packet& each : poll(fixture.receiver, fixture.now)) {
            times.push_back(fixture.now - start);
        }
        if (fixture.receiver.finished()) break;
        fixture.now = fixture.receiver.next_deadline();
    }
    CHECK(times == std::vector<Duration>{0ms, 250ms, 750ms, 1750ms, 3750ms, 7750ms});
    CHECK(fixture.now == start + 10s);
    CHECK(fixture.receiver.ended()->code == CloseCode::idle);
    CHECK_FALSE(fixture.receiver.ended()->by_peer);
}

TEST_CASE("content is told once, wherever it lies, and what nobody wished for never") {
    Fixture fixture;
    fixture.give_accept(10'000);
    CHECK(fixture.receiver.open());
    const auto content = fixture.give_data(4000, 1000);
    REQUIRE(content);
    CHECK(content->offset == 4000);
    REQUIRE(content->bytes.size() == 1000);
    CHECK(content->bytes[999] == byte_at(4999));
    CHECK_FALSE(fixture.give_data(4000, 1000));
    CHECK_FALSE(fixture.give_data(10'000, 100));
    CHECK(fixture.receiver.outstanding() == 9000);

    const auto cut = fixture.give_data(3500, 1000);  // half of it is there
    REQUIRE(cut);
    CHECK(cut->offset == 3500);
    CHECK(cut->bytes.size() == 500);
    const auto end = fixture.give_data(9900, 1000);  // half of it is behind the end
    REQUIRE(end);
    CHECK(end->bytes.size() == 100);
    CHECK(fixture.receiver.counts().unwanted == 2);
}

TEST_CASE("content that lies across what nobody wished for is not taken at all") {
    ReceiverOptions options = options_for(10'000);
    options.wish = {0, 1000};
    Fixture fixture(options);
    fixture.give_accept(10'000);
    REQUIRE(fixture.receiver.want(fixture.now, {2000, 3000}));
    CHECK_FALSE(fixture.give_data(500, 2000));  // between both wishes lies what is nobody's
    CHECK(fixture.receiver.outstanding() == 2000);
    CHECK(fixture.give_data(900, 200)->bytes.size() == 100);
    CHECK(fixture.give_data(1900, 200)->offset == 2000);
}

TEST_CASE("content before ACCEPT counts when size and tag are known, else it was not received") {
    Fixture known;
    CHECK(known.give_data(0, 100));
    CHECK(known.receiver.open());

    ReceiverOptions options = options_for(any_size);
    options.wish = {0, UINT64_MAX};
    Fixture unknown(options);
    poll(unknown.receiver, unknown.now);
    unknown.now += round_trip;
    unknown.give_cookie();
    CHECK_FALSE(unknown.give_data(0, 100));
    unknown.give_accept(300);
    CHECK(unknown.receiver.outstanding() == 300);
    CHECK_FALSE(unknown.ack());
    unknown.now += 25ms;
    const auto later = unknown.ack();
    REQUIRE(later);
    REQUIRE(later->range_count == 1);
    CHECK(later->ranges[0] == Numbers{1, 1});  // the early one will come again
}

TEST_CASE("another file than the one that was asked for ends the connection") {
    Fixture fixture;
    Tag other = some_tag();
    other[31] ^= std::byte{1};
    fixture.give_accept(10'000, other);
    REQUIRE(fixture.receiver.ended());
    CHECK(fixture.receiver.ended()->code == CloseCode::changed);
    CHECK(kinds_of(poll(fixture.receiver, fixture.now)) == std::vector{Kind::close});
    CHECK(fixture.receiver.finished());
}

TEST_CASE("every second packet is acknowledged at once in the beginning, every sixteenth later") {
    Fixture fixture = Fixture::open(1'000'000);
    unsigned acks = 0;
    for (int i = 1; i < 100; ++i) {
        fixture.give_data(static_cast<std::uint64_t>(i) * 1000, 1000);
        acks += fixture.ack() ? 1 : 0;
    }
    CHECK(acks == 50);
    acks = 0;
    for (int i = 100; i < 260; ++i) {
        fixture.give_data(static_cast<std::uint64_t>(i) * 1000, 1000);
        acks += fixture.ack() ? 1 : 0;
    }
    CHECK(acks == 10);
}

TEST_CASE("a single packet is acknowledged after a quarter of a round trip, 10 ms at the most") {
    Fixture fixture;
    poll(fixture.receiver, fixture.now);
    fixture.now += 12ms;
    fixture.give_cookie();
    fixture.give_accept(10'000);
    CHECK_FALSE(fixture.ack());
    CHECK(fixture.receiver.next_deadline() == fixture.now + 3ms);
    fixture.now += 3ms;
    const auto ack = fixture.ack();
    REQUIRE(ack);
    CHECK(ack->delay == 3000);
    CHECK(ack->received == 12'000);
}

TEST_CASE("an acknowledgement tells which numbers came and which are missing") {
    Fixture fixture(1'000'000);
    fixture.give_accept(1'000'000);
    for (const std::uint64_t number : std::vector<std::uint64_t>{1, 2, 5, 6, 9}) {
        fixture.give_numbered(number, number * 1000, 1000);
    }
    fixture.now += 1s;
    const auto ack = fixture.ack();
    REQUIRE(ack);
    REQUIRE(ack->range_count == 3);
    CHECK(ack->ranges[0] == Numbers{9, 9});
    CHECK(ack->ranges[1] == Numbers{5, 6});
    CHECK(ack->ranges[2] == Numbers{0, 2});
}

TEST_CASE("wishes are repeated until something of them, or of a later one, has arrived") {
    Fixture fixture(1000);
    ReceiverOptions options = options_for(100'000);
    options.wish = {0, 1000};
    Fixture wishing(options);
    wishing.give_accept(100'000);
    REQUIRE(wishing.receiver.want(wishing.now, {1000, 2000}));
    REQUIRE(wishing.receiver.want(wishing.now, {2000, 3000}));
    REQUIRE(wishing.receiver.want(wishing.now, {3000, 4000}));
    auto ack = wishing.ack();
    REQUIRE(ack);
    CHECK(ack->first_wish == 1);
    CHECK(ack->wish_count == 3);

    // Nothing comes: it may have been lost.
    const Duration again = std::max(2 * wishing.receiver.rtt(), Duration(100ms));
    CHECK(wishing.receiver.next_deadline() == wishing.now + again);
    wishing.now += again;
    ack = wishing.ack();
    REQUIRE(ack);
    CHECK(ack->wish_count == 3);

    wishing.give_data(2500, 100);
    wishing.now += 1s;
    ack = wishing.ack();
    REQUIRE(ack);
    CHECK(ack->first_wish == 3);
    REQUIRE(ack->wish_count == 1);
    CHECK(ack->wishes[0] == Range{3000, 4000});
}

TEST_CASE("no more wishes are taken than an acknowledgement can say") {
    Fixture fixture(1000);
    fixture.give_accept(1000);
    for (std::uint64_t i = 0; i < most_ack_wishes; ++i) {
        CHECK(fixture.receiver.want(fixture.now, {i * 10 + 5000, i * 10 + 5010}));
    }
    CHECK_FALSE(fixture.receiver.want(fixture.now, {9000, 9010}));
    fixture.give_data(5075, 1);  // of the eighth
    CHECK(fixture.receiver.want(fixture.now, {9000, 9010}));
}

TEST_CASE("a silent server is asked each second and given up in the end") {
    ReceiverOptions options = options_for(10'000);
    options.silence = 5s;
    Fixture fixture(options);
    fixture.give_accept(10'000);
    unsigned questions = 0;
    while (!fixture.receiver.ended()) {
        fixture.now = fixture.receiver.next_deadline();
        const auto ack = fixture.ack();
        questions += ack && ack->answer ? 1 : 0;
    }
    CHECK(questions == 4);
    CHECK(fixture.receiver.ended()->code == CloseCode::idle);
    CHECK(fixture.now == start + 5s);
}

TEST_CASE("a close of the server ends it with the server's words, and nothing is said back") {
    Fixture fixture;
    fixture.give(packet([](MutableBytes out) {
        return write_close({Kind::close, connection, 0}, {CloseCode::no_such_file, "gone"}, out);
    }));
    REQUIRE(fixture.receiver.ended());
    CHECK(fixture.receiver.ended()->code == CloseCode::no_such_file);
    CHECK(fixture.receiver.ended()->text == "gone");
    CHECK(fixture.receiver.ended()->by_peer);
    CHECK(fixture.receiver.finished());
    CHECK(poll(fixture.receiver, fixture.now).empty());
}

TEST_CASE("a client that is done says so three times") {
    Fixture fixture;
    fixture.give_accept(10'000);
    fixture.receiver.close(CloseCode::done);
    CHECK_FALSE(fixture.receiver.finished());
    CHECK(kinds_of(poll(fixture.receiver, fixture.now)) ==
          std::vector{Kind::close, Kind::close, Kind::close});
    CHECK(fixture.receiver.finished());
    CHECK(fixture.receiver.next_deadline() == Time::max());
}

TEST_CASE("a token of the server goes back as it came") {
    Fixture fixture = Fixture::open(10'000);
    Path path;
    path.token.fill(std::byte{9});
    fixture.give(packet([&](MutableBytes out) {
        return write_path({Kind::path, connection, 0}, path, out);
    }));
    const auto packets = poll(fixture.receiver, fixture.now);
    REQUIRE(packets.size() == 1);
    REQUIRE(parse_path(packets[0]));
    CHECK(parse_path(packets[0])->token == path.token);
}

TEST_CASE("a server that scatters single bytes is left") {
    Fixture fixture(1'000'000);
    fixture.give_accept(1'000'000);
    for (std::uint64_t i = 0; i < 70'000 && !fixture.receiver.ended(); ++i) {
        fixture.give_data(2 * i + 1, 1);
    }
    REQUIRE(fixture.receiver.ended());
    CHECK(fixture.receiver.ended()->code == CloseCode::breach);
}
