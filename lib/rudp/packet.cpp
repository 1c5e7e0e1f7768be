#include "rudp/packet.hpp"

#include "rudp/fields.hpp"

namespace netcopy::rudp {

namespace {

constexpr std::string_view magic = "NETCOPY1";
constexpr std::size_t request_size = least_datagram - seal_size;

FieldReader behind_header(Bytes packet) {
    return FieldReader(packet.subspan(std::min(packet.size(), header_size)));
}

FieldWriter begin(const Header& header, MutableBytes out) {
    FieldWriter writer(out);
    writer.number(static_cast<std::uint8_t>(header.kind));
    writer.number(header.connection);
    writer.number(header.number);
    return writer;
}

// The numbers that have arrived, from the largest downwards; false when that passes zero.
bool read_ranges(FieldReader& reader, Ack& ack) {
    const auto largest = reader.number<std::uint64_t>();
    const auto first = reader.number<std::uint32_t>();
    const auto more = reader.number<std::uint8_t>();
    if (!reader.good() || more > most_ack_ranges || (first == 0 && more > 0)) return false;
    ack.range_count = 0;
    if (first == 0) return true;
    if (first - 1 > largest) return false;
    ack.ranges[ack.range_count++] = {largest - (first - 1), largest};
    for (std::size_t i = 0; i < more; ++i) {
        const std::uint64_t gap = reader.number<std::uint32_t>();
        const std::uint64_t length = reader.number<std::uint32_t>();
        const std::uint64_t above = ack.ranges[ack.range_count - 1].first;
        if (!reader.good() || gap == 0 || length == 0 || gap + length > above) return false;
        const std::uint64_t last = above - gap - 1;
        ack.ranges[ack.range_count++] = {last - (length - 1), last};
    }
    return true;
}

bool read_wishes(FieldReader& reader, Ack& ack) {
    ack.first_wish = reader.number<std::uint32_t>();
    ack.wish_count = reader.number<std::uint8_t>();
    if (ack.wish_count > most_ack_wishes) return false;
    for (std::size_t i = 0; i < ack.wish_count; ++i) {
        Range& wish = ack.wishes[i];
        wish.begin = reader.number<std::uint64_t>();
        wish.end = reader.number<std::uint64_t>();
        if (wish.begin > wish.end) return false;
    }
    return reader.whole();
}

// Up to the first one that 32 bits cannot tell; only a server that jumps wildly makes such.
std::size_t sayable_ranges(const Ack& ack) {
    for (std::size_t i = 1; i < ack.range_count; ++i) {
        const std::uint64_t above = ack.ranges[i - 1].last - ack.ranges[i - 1].first;
        const std::uint64_t gap = ack.ranges[i - 1].first - ack.ranges[i].last - 1;
        if (above >= UINT32_MAX || gap > UINT32_MAX) return i;
    }
    return ack.range_count;
}

}  // namespace

std::optional<Header> parse_header(Bytes packet) {
    FieldReader reader(packet);
    Header header;
    const auto kind = reader.number<std::uint8_t>();
    header.connection = reader.number<std::uint64_t>();
    header.number = reader.number<std::uint64_t>();
    if (!reader.good() || kind < static_cast<std::uint8_t>(Kind::request) ||
        kind > static_cast<std::uint8_t>(Kind::path)) {
        return std::nullopt;
    }
    header.kind = static_cast<Kind>(kind);
    return header;
}

bool looks_like_request(Bytes packet) {
    return packet.size() >= header_size + magic.size() &&
           packet[0] == static_cast<std::byte>(Kind::request) &&
           as_text(packet.subspan(header_size, magic.size() - 1)) == magic.substr(0, 7);
}

std::optional<Request> parse_request(Bytes packet) {
    FieldReader reader = behind_header(packet);
    if (packet.size() != request_size || as_text(reader.bytes(magic.size())) != magic) {
        return std::nullopt;
    }
    Request request;
    request.max_datagram = reader.number<std::uint16_t>();
    request.receive_buffer = reader.number<std::uint32_t>();
    request.size = reader.number<std::uint64_t>();
    reader.copy(request.tag);
    request.wish.begin = reader.number<std::uint64_t>();
    request.wish.end = reader.number<std::uint64_t>();
    const auto cookie_length = reader.number<std::uint8_t>();
    if (cookie_length == cookie_size) {
        reader.copy(request.cookie.emplace());
    } else if (cookie_length != 0) {
        return std::nullopt;
    }
    const auto name_length = reader.number<std::uint16_t>();
    if (name_length == 0 || name_length > most_name) return std::nullopt;
    request.name = as_text(reader.bytes(name_length));
    if (!reader.good() || request.max_datagram < least_datagram ||
        request.wish.begin > request.wish.end) {
        return std::nullopt;
    }
    return request;
}

std::optional<Cookie> parse_cookie(Bytes packet) {
    FieldReader reader = behind_header(packet);
    Cookie cookie;
    reader.copy(cookie);
    if (!reader.whole()) return std::nullopt;
    return cookie;
}

std::optional<Accept> parse_accept(Bytes packet) {
    FieldReader reader = behind_header(packet);
    Accept accept;
    accept.size = reader.number<std::uint64_t>();
    accept.mtime = static_cast<std::int64_t>(reader.number<std::uint64_t>());
    reader.copy(accept.tag);
    if (!reader.whole()) return std::nullopt;
    return accept;
}

std::optional<Data> parse_data(Bytes packet) {
    FieldReader reader = behind_header(packet);
    Data data;
    data.offset = reader.number<std::uint64_t>();
    data.bytes = reader.rest();
    if (!reader.good() || data.bytes.empty() || data.offset > UINT64_MAX - data.bytes.size()) {
        return std::nullopt;
    }
    return data;
}

bool parse_ack(Bytes packet, Ack& ack) {
    FieldReader reader = behind_header(packet);
    ack.answer = (reader.number<std::uint8_t>() & 1) != 0;
    ack.received = reader.number<std::uint64_t>();
    ack.delay = reader.number<std::uint32_t>();
    return read_ranges(reader, ack) && read_wishes(reader, ack);
}

std::optional<Close> parse_close(Bytes packet) {
    FieldReader reader = behind_header(packet);
    Close close;
    close.code = static_cast<CloseCode>(reader.number<std::uint16_t>());
    const auto length = reader.number<std::uint8_t>();
    close.text = as_text(reader.bytes(length));
    if (!reader.whole() || length > most_text) return std::nullopt;
    return close;
}

std::optional<Path> parse_path(Bytes packet) {
    FieldReader reader = behind_header(packet);
    Path path;
    reader.copy(path.token);
    if (!reader.whole()) return std::nullopt;
    return path;
}

std::size_t write_request(const Header& header, const Request& request, MutableBytes out) {
    FieldWriter writer = begin(header, out);
    writer.bytes(as_bytes(magic));
    writer.number(request.max_datagram);
    writer.number(request.receive_buffer);
    writer.number(request.size);
    writer.bytes(request.tag);
    writer.number(request.wish.begin);
    writer.number(request.wish.end);
    writer.number(static_cast<std::uint8_t>(request.cookie ? cookie_size : 0));
    if (request.cookie) writer.bytes(*request.cookie);
    writer.number(static_cast<std::uint16_t>(request.name.size()));
    writer.bytes(as_bytes(request.name));
    writer.zeros_to(request_size);
    return writer.size();
}

std::size_t write_cookie(const Header& header, const Cookie& cookie, MutableBytes out) {
    FieldWriter writer = begin(header, out);
    writer.bytes(cookie);
    return writer.size();
}

std::size_t write_accept(const Header& header, const Accept& accept, MutableBytes out) {
    FieldWriter writer = begin(header, out);
    writer.number(accept.size);
    writer.number(static_cast<std::uint64_t>(accept.mtime));
    writer.bytes(accept.tag);
    return writer.size();
}

std::size_t write_data_header(const Header& header, std::uint64_t offset, MutableBytes out) {
    FieldWriter writer = begin(header, out);
    writer.number(offset);
    return writer.size();
}

std::size_t write_probe(const Header& header, std::size_t size, MutableBytes out) {
    FieldWriter writer = begin(header, out);
    writer.zeros_to(size);
    return writer.size();
}

std::size_t write_ping(const Header& header, MutableBytes out) { return begin(header, out).size(); }

std::size_t write_ack(const Header& header, const Ack& ack, MutableBytes out) {
    FieldWriter writer = begin(header, out);
    writer.number(static_cast<std::uint8_t>(ack.answer ? 1 : 0));
    writer.number(ack.received);
    writer.number(ack.delay);
    const std::size_t ranges = sayable_ranges(ack);
    const auto length = [&](std::size_t i) {
        return static_cast<std::uint32_t>(
            std::min<std::uint64_t>(ack.ranges[i].last - ack.ranges[i].first + 1, UINT32_MAX));
    };
    writer.number(ranges > 0 ? ack.ranges[0].last : std::uint64_t{0});
    writer.number(ranges > 0 ? length(0) : std::uint32_t{0});
    writer.number(static_cast<std::uint8_t>(ranges > 0 ? ranges - 1 : 0));
    for (std::size_t i = 1; i < ranges; ++i) {
        const std::uint64_t gap = ack.ranges[i - 1].first - ack.ranges[i].last - 1;
        writer.number(static_cast<std::uint32_t>(gap));
        writer.number(length(i));
    }
    writer.number(ack.first_wish);
    writer.number(static_cast<std::uint8_t>(ack.wish_count));
    for (std::size_t i = 0; i < ack.wish_count; ++i) {
        writer.number(ack.wishes[i].begin);
        writer.number(ack.wishes[i].end);
    }
    return writer.size();
}

std::size_t write_close(const Header& header, const Close& close, MutableBytes out) {
    FieldWriter writer = begin(header, out);
    const std::string_view text = close.text.substr(0, most_text);
    writer.number(static_cast<std::uint16_t>(close.code));
    writer.number(static_cast<std::uint8_t>(text.size()));
    writer.bytes(as_bytes(text));
    return writer.size();
}

std::size_t write_path(const Header& header, const Path& path, MutableBytes out) {
    FieldWriter writer = begin(header, out);
    writer.bytes(path.token);
    return writer.size();
}

}  // namespace netcopy::rudp
