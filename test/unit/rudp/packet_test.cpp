#include "rudp/packet.hpp"

#include <catch2/catch.hpp>

#include <memory>

#include "crypto/digest.hpp"
#include "test/golden/rudp_packets.hpp"

using namespace netcopy;
using namespace netcopy::rudp;

namespace {

using Packet = std::vector<std::byte>;

constexpr std::uint64_t connection = 0x0123456789ABCDEF;

std::vector<test::GoldenDatagram> golden() {
    return test::read_datagrams(std::string(NETCOPY_GOLDEN_DIR) + "/rudp/packets.txt");
}

Packet golden_packet(const std::string& title) {
    for (const test::GoldenDatagram& each : golden()) {
        if (each.title.starts_with(title)) return {each.bytes.begin(), each.bytes.end() - 4};
    }
    FAIL("no golden packet " << title);
    return {};
}

/// The bytes in a heap block of exactly their size, so that the sanitizer sees one too many.
class Exact {
public:
    explicit Exact(Bytes bytes) : copy_(new std::byte[bytes.size()]), size_(bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), copy_.get());
    }
    Bytes view() const { return {copy_.get(), size_}; }

private:
    std::unique_ptr<std::byte[]> copy_;
    std::size_t size_;
};

bool parses_ack(Bytes packet) {
    Ack ack;
    return parse_ack(packet, ack);
}

/// Whether the parser of its kind takes it.
bool parses(Kind kind, Bytes packet) {
    if (kind == Kind::request) return parse_request(packet).has_value();
    if (kind == Kind::cookie) return parse_cookie(packet).has_value();
    if (kind == Kind::accept) return parse_accept(packet).has_value();
    if (kind == Kind::data) return parse_data(packet).has_value();
    if (kind == Kind::ack) return parses_ack(packet);
    if (kind == Kind::close) return parse_close(packet).has_value();
    if (kind == Kind::path) return parse_path(packet).has_value();
    return parse_header(packet).has_value();  // PROBE, PING
}

template <class Write>
Packet written(Write write) {
    Packet bytes(largest_datagram);
    bytes.resize(write(MutableBytes(bytes)));
    return bytes;
}

Header header(Kind kind, std::uint64_t number) { return {kind, connection, number}; }

Tag golden_tag() {
    Tag tag;
    for (std::size_t i = 0; i < tag.size(); ++i) tag[i] = static_cast<std::byte>(0x40 + i);
    return tag;
}

Request golden_request() {
    Request request;
    request.max_datagram = 65507;
    request.receive_buffer = 1 << 20;
    request.size = 300'000;
    request.tag = golden_tag();
    request.wish = {0, 100'000};
    request.name = "a file";
    return request;
}

Packet ack_with(const Ack& ack) {
    return written([&](MutableBytes out) { return write_ack(header(Kind::ack, 1), ack, out); });
}

/// Overwrites bytes at a place.
Packet changed(Packet packet, std::size_t at, std::initializer_list<unsigned> bytes) {
    for (const unsigned each : bytes) packet.at(at++) = static_cast<std::byte>(each);
    return packet;
}

}  // namespace

TEST_CASE("the seal of a datagram is the CRC-32C of its packet, big-endian") {
    for (const auto& each : golden()) {
        Digest digest(DigestKind::crc32c);
        digest.update(Bytes(each.bytes).first(each.bytes.size() - seal_size));
        INFO(each.title);
        CHECK(digest.hex() == to_hex(Bytes(each.bytes).last(seal_size)));
    }
}

TEST_CASE("packets of every kind have the bytes of the document") {
    Request request = golden_request();
    CHECK(golden_packet("REQUEST: a client") == written([&](MutableBytes out) {
              return write_request(header(Kind::request, 0), request, out);
          }));
    Cookie cookie = *parse_cookie(golden_packet("COOKIE"));
    request.cookie = cookie;
    CHECK(golden_packet("REQUEST, now") == written([&](MutableBytes out) {
              return write_request(header(Kind::request, 1), request, out);
          }));
    CHECK(golden_packet("COOKIE") == written([&](MutableBytes out) {
              return write_cookie(header(Kind::cookie, 0), cookie, out);
          }));
    const Accept accept{300'000, 1'700'000'000'000'000'000, golden_tag()};
    CHECK(golden_packet("ACCEPT") == written([&](MutableBytes out) {
              return write_accept(header(Kind::accept, 0), accept, out);
          }));
    Packet data =
        written([&](MutableBytes out) { return write_data_header(header(Kind::data, 1), 0, out); });
    for (const char each : std::string("hello")) data.push_back(static_cast<std::byte>(each));
    CHECK(golden_packet("DATA") == data);
    CHECK(golden_packet("PROBE") == written([&](MutableBytes out) {
              return write_probe(header(Kind::probe, 2), 32 - seal_size, out);
          }));
    CHECK(golden_packet("PING") ==
          written([&](MutableBytes out) { return write_ping(header(Kind::ping, 9), out); }));
    Path path;
    for (unsigned i = 0; i < 8; ++i) path.token[i] = static_cast<std::byte>(0x11 * (i + 1));
    CHECK(golden_packet("PATH, to") ==
          written([&](MutableBytes out) { return write_path(header(Kind::path, 0), path, out); }));
    CHECK(golden_packet("CLOSE: done") == written([&](MutableBytes out) {
              return write_close(header(Kind::close, 4), {CloseCode::done, ""}, out);
          }));
    const Close close{CloseCode::no_such_file, "no such file"};
    CHECK(golden_packet("CLOSE: no such") == written([&](MutableBytes out) {
              return write_close(header(Kind::close, 0), close, out);
          }));
}

TEST_CASE("an acknowledgement has the bytes of the document, and says what they say") {
    Ack ack;
    ack.answer = true;
    ack.received = 250'000;
    ack.delay = 1500;
    ack.range_count = 3;
    ack.ranges[0] = {8, 9};
    ack.ranges[1] = {5, 5};
    ack.ranges[2] = {0, 2};
    ack.first_wish = 1;
    ack.wish_count = 1;
    ack.wishes[0] = {200'000, 300'000};
    const Packet bytes = golden_packet("ACK");
    CHECK(bytes ==
          written([&](MutableBytes out) { return write_ack(header(Kind::ack, 2), ack, out); }));
    Ack read;
    REQUIRE(parse_ack(bytes, read));
    CHECK(read.answer);
    CHECK(read.received == 250'000);
    CHECK(read.delay == 1500);
    REQUIRE(read.range_count == 3);
    CHECK(read.ranges[0] == Numbers{8, 9});
    CHECK(read.ranges[1] == Numbers{5, 5});
    CHECK(read.ranges[2] == Numbers{0, 2});
    CHECK(read.first_wish == 1);
    REQUIRE(read.wish_count == 1);
    CHECK(read.wishes[0] == Range{200'000, 300'000});
}

TEST_CASE("the fields of the document's packets are read") {
    const Packet bytes = golden_packet("REQUEST, now");
    const auto head = parse_header(bytes);
    REQUIRE(head);
    CHECK(head->kind == Kind::request);
    CHECK(head->connection == connection);
    CHECK(head->number == 1);
    const auto request = parse_request(bytes);
    REQUIRE(request);
    CHECK(request->max_datagram == 65507);
    CHECK(request->receive_buffer == 1 << 20);
    CHECK(request->size == 300'000);
    CHECK(request->tag == golden_tag());
    CHECK(request->wish == Range{0, 100'000});
    CHECK(request->cookie == parse_cookie(golden_packet("COOKIE")));
    CHECK(request->name == "a file");
    CHECK(bytes.size() + seal_size == 1200);
    CHECK(golden_packet("COOKIE").size() + seal_size == 45);
    CHECK(golden_packet("PATH, to").size() + seal_size == 29);

    const auto accept = parse_accept(golden_packet("ACCEPT"));
    REQUIRE(accept);
    CHECK(accept->size == 300'000);
    CHECK(accept->mtime == 1'700'000'000'000'000'000);
    const Packet content = golden_packet("DATA");
    const auto data = parse_data(content);
    REQUIRE(data);
    CHECK(data->offset == 0);
    CHECK(as_text(data->bytes) == "hello");
    const Packet refusal = golden_packet("CLOSE: no such");
    CHECK(parse_close(refusal)->code == CloseCode::no_such_file);
    CHECK(parse_close(refusal)->text == "no such file");
}

TEST_CASE("no packet is read that was cut, or has a byte more than its kind has") {
    for (const auto& each : golden()) {
        const Bytes whole = Bytes(each.bytes).first(each.bytes.size() - seal_size);
        const Kind kind = parse_header(whole)->kind;
        INFO(each.title);
        CHECK(parses(kind, Exact(whole).view()));
        // DATA and PROBE have any length; what is left of them is one.
        const bool any_length = kind == Kind::data || kind == Kind::probe;
        const std::size_t least = kind == Kind::data ? data_header_size + 1 : header_size;
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const bool read = parses(kind, Exact(whole.first(size)).view());
            if (read != (any_length && size >= least)) FAIL_CHECK("cut at " << size);
        }
        Packet longer(whole.begin(), whole.end());
        longer.push_back({});
        if (!any_length && kind != Kind::ping) CHECK_FALSE(parses(kind, Exact(longer).view()));
    }
}

TEST_CASE("a writer without room writes nothing, and never beyond its buffer") {
    const auto check = [](const Packet& whole, auto write) {
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            const std::unique_ptr<std::byte[]> room(new std::byte[size]);
            const std::size_t wrote = write(MutableBytes(room.get(), size));
            if (wrote != (size == whole.size() ? size : 0)) FAIL_CHECK("room for " << size);
        }
    };
    check(golden_packet("REQUEST: a client"), [](MutableBytes out) {
        return write_request(header(Kind::request, 0), golden_request(), out);
    });
    check(golden_packet("PING"),
          [](MutableBytes out) { return write_ping(header(Kind::ping, 9), out); });
    check(golden_packet("PROBE"), [](MutableBytes out) {
        return write_probe(header(Kind::probe, 2), 32 - seal_size, out);
    });
    check(golden_packet("CLOSE: no such"), [](MutableBytes out) {
        const Close close{CloseCode::no_such_file, "no such file"};
        return write_close(header(Kind::close, 0), close, out);
    });
    Ack ack;
    REQUIRE(parse_ack(golden_packet("ACK"), ack));
    check(golden_packet("ACK"),
          [&](MutableBytes out) { return write_ack(header(Kind::ack, 2), ack, out); });
}

TEST_CASE("only F1 to F9 begin a packet, and a name is none") {
    Packet bytes(header_size);
    for (unsigned first = 0; first < 256; ++first) {
        bytes[0] = static_cast<std::byte>(first);
        CHECK(parse_header(bytes).has_value() == (first >= 0xF1 && first <= 0xF9));
    }
    CHECK_FALSE(parse_header(as_bytes("a name that the seed's program asks for")));
    CHECK_FALSE(looks_like_request(as_bytes("a name that the seed's program asks for")));
}

TEST_CASE("a request of a later version looks like one, but is not read") {
    const Packet bytes = golden_packet("REQUEST: a client");
    CHECK(looks_like_request(bytes));
    const Packet later = changed(bytes, header_size + 7, {'2'});
    CHECK(looks_like_request(later));
    CHECK_FALSE(parse_request(later));
    CHECK_FALSE(looks_like_request(Bytes(bytes).first(header_size + 7)));
}

TEST_CASE("a request with senseless fields is not read") {
    const Packet bytes = golden_packet("REQUEST: a client");
    CHECK_FALSE(parse_request(changed(bytes, 25, {0x04, 0xAF})));  // takes 1199 bytes
    CHECK(parse_request(changed(bytes, 25, {0x04, 0xB0})));
    CHECK_FALSE(parse_request(changed(bytes, 71, {0xFF})));  // begins behind its end
    CHECK_FALSE(parse_request(changed(bytes, 87, {23})));    // length of the cookie
    CHECK_FALSE(parse_request(changed(bytes, 88, {0, 0})));  // of the name
    CHECK_FALSE(parse_request(changed(bytes, 88, {4, 1})));
    CHECK(parse_request(changed(bytes, 88, {4, 0}))->name.size() == 1024);
}

TEST_CASE("the longest name fits a request with a cookie") {
    Request request = golden_request();
    const std::string name(most_name, 'n');
    request.name = name;
    request.cookie.emplace();
    const Packet bytes = written(
        [&](MutableBytes out) { return write_request(header(Kind::request, 0), request, out); });
    CHECK(bytes.size() == least_datagram - seal_size);
    REQUIRE(parse_request(bytes));
    CHECK(parse_request(bytes)->name == name);
}

TEST_CASE("content is at least one byte, and ends at the greatest number") {
    Packet bytes = golden_packet("DATA");
    CHECK_FALSE(parse_data(Bytes(bytes).first(data_header_size)));
    bytes = changed(bytes, header_size, {255, 255, 255, 255, 255, 255, 255, 250});
    CHECK(parse_data(bytes));
    CHECK_FALSE(parse_data(changed(bytes, header_size + 7, {251})));
}

TEST_CASE("the largest acknowledgement fits the smallest datagram") {
    Ack ack;
    ack.range_count = most_ack_ranges + 1;
    for (std::size_t i = 0; i < ack.range_count; ++i) {
        const std::uint64_t number = 1'000'000 - 10 * i;
        ack.ranges[i] = {number, number + 3};
    }
    ack.wish_count = most_ack_wishes;
    for (std::size_t i = 0; i < ack.wish_count; ++i) ack.wishes[i] = {i, i + 1};
    const Packet bytes = ack_with(ack);
    CHECK(bytes.size() + seal_size <= least_datagram);
    Ack read;
    REQUIRE(parse_ack(bytes, read));
    CHECK(read.range_count == most_ack_ranges + 1);
    CHECK(read.ranges[most_ack_ranges] == ack.ranges[most_ack_ranges]);
    CHECK(read.wish_count == most_ack_wishes);
}

TEST_CASE("an acknowledgement of nothing is one") {
    Ack read;
    REQUIRE(parse_ack(ack_with({}), read));
    CHECK(read.range_count == 0);
    CHECK(read.wish_count == 0);
}

TEST_CASE("an acknowledgement whose ranges pass zero, touch or are empty is not read") {
    const Packet bytes = golden_packet("ACK");
    constexpr std::size_t first = header_size + 13 + 8, gap = first + 5, length = gap + 4;
    CHECK(parses_ack(bytes));
    CHECK_FALSE(parses_ack(changed(bytes, first, {0, 0, 0, 11})));  // 9 down to -1
    CHECK_FALSE(parses_ack(changed(bytes, first, {0, 0, 0, 0})));   // nothing, but ranges
    CHECK_FALSE(parses_ack(changed(bytes, gap, {0, 0, 0, 0})));
    CHECK_FALSE(parses_ack(changed(bytes, length, {0, 0, 0, 0})));
    CHECK_FALSE(parses_ack(changed(bytes, length + 4, {255, 255, 255, 255})));
    CHECK_FALSE(parses_ack(changed(bytes, length + 8, {0, 0, 0, 4})));  // down to -1
    CHECK_FALSE(parses_ack(changed(bytes, first + 4, {97})));           // more than are there
    CHECK_FALSE(parses_ack(changed(bytes, first + 4, {1})));            // fewer
}

TEST_CASE("an acknowledgement with too many wishes, or one turned round, is not read") {
    const Packet bytes = golden_packet("ACK");
    const std::size_t count = bytes.size() - 17;
    CHECK_FALSE(parses_ack(changed(bytes, count, {2})));
    CHECK_FALSE(parses_ack(changed(bytes, count, {0})));
    CHECK_FALSE(parses_ack(changed(bytes, count + 1, {1})));  // begins behind its end
    Packet many = changed(bytes, count, {17});
    many.resize(many.size() + 16 * 16);
    CHECK_FALSE(parses_ack(many));
}

TEST_CASE("the text of a close is cut at 200 bytes, and longer ones are not read") {
    const std::string text(300, 'x');
    const Packet bytes = written([&](MutableBytes out) {
        return write_close(header(Kind::close, 0), {CloseCode::refused, text}, out);
    });
    CHECK(bytes.size() + seal_size == 224);
    CHECK(parse_close(bytes)->text.size() == 200);
    Packet longer = changed(bytes, header_size + 2, {201});
    longer.push_back({});
    CHECK_FALSE(parse_close(longer));
}
