#include "test/sim/liar.hpp"

#include <algorithm>

namespace netcopy::sim {

namespace {

using namespace std::chrono_literals;

std::vector<std::byte> random_bytes(Random& random, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::byte& each : bytes) each = static_cast<std::byte>(random.below(256));
    return bytes;
}

// Uneven: small ones often, enormous ones too.
std::uint64_t any_number(Random& random) { return random.next() >> random.below(64); }

}  // namespace

LiarHost::LiarHost(Network& network, LiarOptions options)
    : network_(network),
      options_(std::move(options)),
      random_(options_.seed),
      connection_(random_.next()),
      next_(network.now()) {
    network_.attach(*this, options_.address, options_.site);
}

Time LiarHost::deadline() const { return next_ < options_.until ? next_ : Time::max(); }

void LiarHost::send(Bytes packet) {
    network_.send(options_.site, options_.address, options_.server, packet);
}

void LiarHost::send_request() {
    std::array<std::byte, rudp::least_datagram> out;
    rudp::Request request;
    request.max_datagram = 65507;
    request.receive_buffer = 1 << 20;
    request.wish = {0, UINT64_MAX};
    request.cookie = cookie_;
    request.name = options_.name;
    send(Bytes(out).first(rudp::write_request(header(rudp::Kind::request), request, out)));
}

void LiarHost::on_packet(Time now, const Address&, const Address&, Bytes packet) {
    const auto head = rudp::parse_header(packet);
    if (!head || head->connection != connection_ || now >= options_.until) return;
    if (head->kind == rudp::Kind::cookie) {
        const bool first = !cookie_;
        cookie_ = rudp::parse_cookie(packet);
        if (first && cookie_) send_request();
    } else if (head->kind == rudp::Kind::close) {
        if (const auto close = rudp::parse_close(packet)) closed_ = close->code;
    } else if (!closed_) {
        open_ = true;
        largest_ = std::max(largest_, head->number);
        if (random_.chance(0.25)) send_ack();
    }
}

void LiarHost::on_wake(Time now) {
    next_ = now + (open_ ? 20ms : 250ms);
    if (open_ && !closed_) send_ack();
    if (!open_) send_request();
    if (closed_) next_ = Time::max();
}

void LiarHost::fill_wild(rudp::Ack& ack) {
    std::uint64_t next = any_number(random_) % (2 * largest_ + 2);
    const std::size_t ranges = random_.below(rudp::most_ack_ranges + 2);
    for (ack.range_count = 0; ack.range_count < ranges;) {
        const std::uint64_t first = next - std::min(next, any_number(random_) % (next + 1));
        ack.ranges[ack.range_count++] = {first, next};
        if (first < 3) break;
        next = first - 2 - any_number(random_) % (first - 2);
    }
}

void LiarHost::fill_wishes(rudp::Ack& ack) {
    ack.first_wish = random_.chance(0.9) ? wish_ : static_cast<std::uint32_t>(random_.next());
    ack.wish_count = random_.below(rudp::most_ack_wishes + 1);
    wish_ += static_cast<std::uint32_t>(ack.wish_count);
    for (std::size_t i = 0; i < ack.wish_count; ++i) {
        const std::uint64_t a = any_number(random_), b = any_number(random_);
        ack.wishes[i] = {std::min(a, b), std::max(a, b)};
    }
}

void LiarHost::fill(rudp::Ack& ack) {
    ack.received = any_number(random_);
    ack.delay = static_cast<std::uint32_t>(any_number(random_));
    ack.first_wish = wish_;
    ack.range_count = 1;
    ack.ranges[0] = {0, largest_};
    switch (options_.lie) {
        case Lie::future:
            ack.ranges[0].last = largest_ + 1 + any_number(random_) % 1'000'000;
            break;
        case Lie::nothing:
            ack.ranges[0].last = 0;
            break;
        case Lie::wild:
            fill_wild(ack);
            break;
        case Lie::wishes:
            fill_wishes(ack);
            break;
        case Lie::questions:
            ack.answer = true;
            ack.ranges[0].first = largest_;
            break;
        default:
            break;
    }
}

void LiarHost::send_ack() {
    if (options_.lie == Lie::garbage) {
        std::array<std::byte, rudp::least_datagram> out;
        const auto kind = static_cast<rudp::Kind>(random_.between(0xF1, 0xF9));
        const std::size_t size = rudp::write_ping(header(kind), out);
        std::vector<std::byte> packet(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
        const auto more = random_bytes(random_, random_.below(200));
        packet.insert(packet.end(), more.begin(), more.end());
        return send(packet);
    }
    rudp::Ack ack;
    fill(ack);
    std::array<std::byte, 2048> out;
    send(Bytes(out).first(rudp::write_ack(header(rudp::Kind::ack), ack, out)));
}

ForgerHost::ForgerHost(Network& network, ForgerOptions options)
    : network_(network),
      options_(std::move(options)),
      random_(options_.seed),
      own_connection_(random_.next()),
      next_(network.now()) {
    network_.attach(*this, options_.address, options_.site);
}

void ForgerHost::on_packet(Time, const Address&, const Address&, Bytes packet) {
    const auto head = rudp::parse_header(packet);
    if (head && head->kind == rudp::Kind::cookie) cookie_ = rudp::parse_cookie(packet);
}

void ForgerHost::on_wake(Time now) {
    next_ = now + options_.pause < options_.until ? now + options_.pause : Time::max();
    std::array<std::byte, rudp::least_datagram> out;
    rudp::Request request;
    request.wish = {0, UINT64_MAX};
    request.name = options_.name;
    const bool own = !cookie_ || options_.victims.empty();
    if (cookie_ && random_.chance(0.8)) request.cookie = cookie_;
    if (random_.chance(0.1)) request.cookie.emplace();
    const std::uint64_t connection = random_.chance(0.7) ? own_connection_ : random_.next();
    const std::size_t size =
        rudp::write_request({rudp::Kind::request, connection, random_.below(10)}, request, out);
    const Address from =
        own ? options_.address : options_.victims[random_.below(options_.victims.size())];
    Bytes packet = Bytes(out).first(size);
    if (random_.chance(0.1)) packet = packet.first(random_.below(size));  // shorter than it must be
    network_.send(options_.site, from, options_.server, packet);
}

InjectorHost::InjectorHost(Network& network, InjectorOptions options)
    : network_(network),
      options_(std::move(options)),
      random_(options_.seed),
      next_(network.now()) {
    network_.attach(*this, Address{.ip = {}, .port = 6}, options_.site);
}

std::vector<std::byte> InjectorHost::garbage(std::uint64_t connection, rudp::Kind kind) {
    std::vector<std::byte> packet(rudp::header_size);
    rudp::write_ping({kind, connection, any_number(random_)}, packet);
    const std::size_t size = random_.chance(0.8) ? random_.below(80) : random_.below(1400);
    const auto body = random_bytes(random_, size);
    packet.insert(packet.end(), body.begin(), body.end());
    return packet;
}

std::vector<std::byte> InjectorHost::to_client(std::uint64_t connection) {
    if (options_.lies && random_.chance(0.5)) {
        std::vector<std::byte> packet(rudp::data_header_size);
        rudp::write_data_header({rudp::Kind::data, connection, any_number(random_)},
                                any_number(random_), packet);
        const auto body = random_bytes(random_, random_.between(1, 1400));
        packet.insert(packet.end(), body.begin(), body.end());
        return packet;
    }
    auto kind = static_cast<rudp::Kind>(random_.between(0xF1, 0xF9));
    // A random body in DATA is content, and the size in ACCEPT that of the file.
    const bool content = kind == rudp::Kind::data || kind == rudp::Kind::accept;
    if (!options_.lies && content) kind = rudp::Kind::probe;
    return garbage(connection, kind);
}

std::vector<std::byte> InjectorHost::to_server(std::uint64_t connection) {
    if (random_.chance(0.3)) {  // "I am somewhere else now"
        std::vector<std::byte> packet(rudp::least_datagram);
        const rudp::Header header{rudp::Kind::ack, connection, any_number(random_)};
        packet.resize(rudp::write_ack(header, {}, packet));
        return packet;
    }
    if (random_.chance(0.2)) {  // a token that was guessed
        rudp::Path path;
        path.token.fill(static_cast<std::byte>(random_.below(256)));
        std::vector<std::byte> packet(rudp::least_datagram);
        const rudp::Header header{rudp::Kind::path, connection, any_number(random_)};
        packet.resize(rudp::write_path(header, path, packet));
        return packet;
    }
    return garbage(connection, static_cast<rudp::Kind>(random_.between(0xF1, 0xF9)));
}

void InjectorHost::on_wake(Time now) {
    next_ = now + options_.pause < options_.until ? now + options_.pause : Time::max();
    const auto known = options_.connections();
    if (known.empty()) return;
    const std::uint64_t connection = known[random_.below(known.size())];
    const Address client = options_.clients[random_.below(options_.clients.size())];
    const Address server = options_.servers[random_.below(options_.servers.size())];
    if (random_.chance(0.5)) {
        network_.send(options_.site, server, client, to_client(connection));
    } else {
        const Address stranger{.ip = {}, .port = static_cast<std::uint16_t>(random_.below(3))};
        network_.send(options_.site, random_.chance(0.5) ? client : stranger, server,
                      to_server(connection));
    }
}

}  // namespace netcopy::sim
