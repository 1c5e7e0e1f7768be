// Fuzzes the parsers of lib/rudp: what one takes, its writer writes again.

#include <array>

#include "rudp_input.hpp"

using namespace netcopy;
using namespace netcopy::rudp;
using fuzz::require;

namespace {

/// Written again and read again, it is the same.
void check_ack(const Header& header, Bytes packet) {
    Ack ack, again;
    if (!parse_ack(packet, ack)) return;
    require(ack.range_count <= most_ack_ranges + 1 && ack.wish_count <= most_ack_wishes);
    for (std::size_t i = 0; i < ack.range_count; ++i) {
        require(ack.ranges[i].first <= ack.ranges[i].last);
        if (i > 0) require(ack.ranges[i].last + 1 < ack.ranges[i - 1].first);
    }
    for (std::size_t i = 0; i < ack.wish_count; ++i)
        require(ack.wishes[i].begin <= ack.wishes[i].end);
    std::array<std::byte, least_datagram - seal_size> out;
    const std::size_t size = write_ack(header, ack, out);
    require(size == packet.size());
    require(parse_ack(Bytes(out).first(size), again));
    require(ack.answer == again.answer && ack.received == again.received);
    require(ack.delay == again.delay && ack.first_wish == again.first_wish);
    require(ack.range_count == again.range_count && ack.wish_count == again.wish_count);
    require(
        std::equal(ack.ranges.begin(), ack.ranges.begin() + ack.range_count, again.ranges.begin()));
    require(
        std::equal(ack.wishes.begin(), ack.wishes.begin() + ack.wish_count, again.wishes.begin()));
}

void check_request(const Header& header, Bytes packet) {
    const auto request = parse_request(packet);
    if (!request) return;
    require(looks_like_request(packet) || header.kind != Kind::request);
    require(packet.size() == least_datagram - seal_size);
    require(!request->name.empty() && request->name.size() <= most_name);
    require(request->max_datagram >= least_datagram);
    require(request->wish.begin <= request->wish.end);
    std::array<std::byte, least_datagram> out;
    const std::size_t size = write_request(header, *request, out);
    require(size == packet.size());
    const auto again = parse_request(Bytes(out).first(size));
    require(again && again->name == request->name && again->cookie == request->cookie);
    require(again->wish == request->wish && again->tag == request->tag);
}

/// Of those that have one form only: byte for byte.
template <class Write>
void check_same(Bytes packet, Write write) {
    std::array<std::byte, least_datagram> out;
    const std::size_t size = write(MutableBytes(out));
    require(std::ranges::equal(Bytes(out).first(size), packet.first(size)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const fuzz::Exact exact(Bytes(reinterpret_cast<const std::byte*>(data), size));
    const Bytes packet = exact.view();
    looks_like_request(packet);
    const auto header = parse_header(packet);
    if (!header) return 0;
    check_ack(*header, packet);
    check_request(*header, packet);
    if (const auto cookie = parse_cookie(packet))
        check_same(packet, [&](auto out) { return write_cookie(*header, *cookie, out); });
    if (const auto accept = parse_accept(packet))
        check_same(packet, [&](auto out) { return write_accept(*header, *accept, out); });
    if (const auto path = parse_path(packet))
        check_same(packet, [&](auto out) { return write_path(*header, *path, out); });
    if (const auto close = parse_close(packet)) {
        require(close->text.size() <= most_text);
        check_same(packet, [&](auto out) { return write_close(*header, *close, out); });
    }
    if (const auto content = parse_data(packet)) {
        require(!content->bytes.empty());
        require(content->offset + content->bytes.size() >= content->offset);
        require(content->bytes.data() + content->bytes.size() == packet.data() + packet.size());
    }
    return 0;
}
