#include "net/udp_batch.hpp"

#include <catch2/catch.hpp>

#include "crypto/crc32c.hpp"
#include "net/udp_seal.hpp"
#include "test/unit/sample.hpp"

namespace netcopy::test {
namespace {

UdpPath path(const char* host, std::uint16_t port) {
    return {UdpAddress(asio::ip::make_address(host), port), {}};
}

void add(UdpBatch& batch, const UdpPath& to, std::size_t size) {
    const MutableBytes room = batch.room(size);
    REQUIRE(room.size() == size);
    std::ranges::fill(room, std::byte(batch.packets()));
    batch.add(to, size);
}

/// `count x segment = bytes` of each piece.
std::string shape(const UdpBatch& batch) {
    std::string out;
    for (const auto& piece : batch.pieces()) {
        out += std::to_string(piece.count) + "x" + std::to_string(piece.segment) + "=" +
               std::to_string(piece.bytes) + " ";
    }
    return out;
}

}  // namespace

TEST_CASE("A seal is the big-endian CRC-32C of the packet, behind it") {
    std::string text = "123456789....";
    const MutableBytes datagram = std::as_writable_bytes(std::span(text));
    seal_datagram(datagram);
    CHECK(to_hex(as_bytes(text).subspan(9)) == "e3069283");  // RFC 3720, appendix B.4
    REQUIRE(open_seal(datagram));
    CHECK(as_text(*open_seal(datagram)) == "123456789");
}

TEST_CASE("A seal shows any flipped bit and any cut") {
    std::string text = sample(60) + "....";
    const MutableBytes datagram = std::as_writable_bytes(std::span(text));
    seal_datagram(datagram);
    for (std::size_t bit = 0; bit < 8 * datagram.size(); ++bit) {
        datagram[bit / 8] ^= std::byte(1 << (bit % 8));
        CHECK_FALSE(open_seal(datagram));
        datagram[bit / 8] ^= std::byte(1 << (bit % 8));
    }
    for (std::size_t size = 0; size < datagram.size(); ++size) {
        CHECK_FALSE(open_seal(Bytes(datagram).first(size)));
    }
    CHECK(open_seal(datagram));
}

TEST_CASE("CRC-32C goes on where it stopped") {
    const std::string text = sample(5000);
    const std::uint32_t whole = crc32c(as_bytes(text));
    for (const unsigned cut : {0U, 1U, 63U, 64U, 4999U, 5000U}) {
        const Bytes all = as_bytes(text);
        CHECK(crc32c(all.subspan(cut), crc32c(all.first(cut))) == whole);
    }
}

TEST_CASE("Neighbours of one size and path leave in one piece, a shorter one last") {
    UdpBatch batch;
    const auto a = path("10.0.0.1", 1), b = path("10.0.0.1", 2);
    add(batch, a, 96);
    add(batch, a, 96);
    add(batch, a, 46);
    CHECK(shape(batch) == "3x100=250 ");
    add(batch, a, 46);  // behind a shorter one nothing may follow
    CHECK(shape(batch) == "3x100=250 1x50=50 ");
    add(batch, a, 96);  // nor a longer one
    CHECK(shape(batch) == "3x100=250 1x50=50 1x100=100 ");
    add(batch, b, 96);
    add(batch, {b.remote, UdpAddress(asio::ip::make_address("10.0.0.9"), 1)}, 96);
    CHECK(shape(batch) == "3x100=250 1x50=50 1x100=100 1x100=100 1x100=100 ");
    CHECK(batch.packets() == 7);
    batch.clear();
    CHECK(batch.empty());
    CHECK(shape(batch).empty());
}

TEST_CASE("A piece has as many datagrams as the kernel takes, and as many bytes") {
    UdpBatch batch;
    const auto to = path("::1", 1);
    for (int i = 0; i < 65; ++i) add(batch, to, 96);
    CHECK(shape(batch) == "64x100=6400 1x100=100 ");
    batch.clear();
    for (int i = 0; i < 3; ++i) add(batch, to, 32'000 - udp_seal_size);
    CHECK(shape(batch) == "2x32000=64000 1x32000=32000 ");
}

TEST_CASE("A batch takes so many bytes and packets and no more") {
    UdpBatch batch;
    const auto to = path("::1", 1);
    CHECK_FALSE(batch.fits(max_packet + 1));
    CHECK(batch.room(max_packet + 1).empty());
    std::size_t packets = 0;
    for (; batch.fits(max_packet); ++packets) add(batch, to, max_packet);
    CHECK(packets == UdpBatch::capacity / max_datagram);
    CHECK(batch.room(max_packet).empty());
    batch.clear();
    for (packets = 0; batch.fits(1); ++packets) add(batch, to, 1);
    CHECK(packets == UdpBatch::max_packets);
}

TEST_CASE("Every datagram of a batch is sealed with what was written last") {
    UdpBatch batch;
    const auto to = path("::1", 1);
    const MutableBytes first = batch.room(100);
    batch.add(to, 100);
    const MutableBytes second = batch.room(100);
    batch.add(to, 60);
    batch.room(5)[0] = std::byte('x');
    batch.add_bare(to, 1);
    const std::string text = sample(160);
    std::ranges::copy(as_bytes(text).first(100), first.begin());
    std::ranges::copy(as_bytes(text).last(60), second.begin());
    batch.seal();
    REQUIRE(shape(batch) == "2x104=168 1x1=1 ");
    const Bytes sent = batch.of(batch.pieces()[0]);
    REQUIRE(open_seal(sent.first(104)));
    CHECK(as_text(*open_seal(sent.first(104))) == text.substr(0, 100));
    REQUIRE(open_seal(sent.subspan(104)));
    CHECK(as_text(*open_seal(sent.subspan(104))) == text.substr(100));
    CHECK(as_text(batch.of(batch.pieces()[1])) == "x");
}

TEST_CASE("An IPv4 address and the IPv6 address that stands for it are one") {
    const UdpAddress v4(asio::ip::make_address("10.1.2.3"), 4660);
    const UdpAddress mapped(asio::ip::make_address("::ffff:10.1.2.3"), 4660);
    CHECK(v4 == mapped);
    CHECK(v4.is_v4());
    CHECK(to_string(mapped) == "10.1.2.3:4660");
    CHECK(to_hex(v4.bytes()) == "00000000000000000000ffff0a010203123400000000");
    CHECK(std::hash<UdpAddress>()(v4) == std::hash<UdpAddress>()(mapped));
    CHECK(v4 != UdpAddress(v4.address(), 4661));
    CHECK(v4.endpoint() == Udp::endpoint(asio::ip::make_address("10.1.2.3"), 4660));
    CHECK(to_string(UdpAddress(asio::ip::make_address("2001:db8::1"), 5)) == "[2001:db8::1]:5");
    CHECK(UdpAddress(asio::ip::make_address("0.0.0.0"), 5).is_unspecified());
    CHECK(UdpAddress(asio::ip::make_address("::"), 5).is_unspecified());
    CHECK_FALSE(v4.is_unspecified());
}

}  // namespace netcopy::test
