#include "test/sim/server_host.hpp"

#include <algorithm>

namespace netcopy::sim {

namespace {

// Of a keyed MAC only that nobody in the simulation can guess it.
rudp::Door::Mac keyed(std::uint64_t key, Bytes bytes) {
    std::uint64_t a = Random::mix(key), b = Random::mix(~key);
    for (const std::byte each : bytes) {
        a = Random::mix(a + std::to_integer<std::uint64_t>(each));
        b = (b ^ std::to_integer<std::uint64_t>(each)) * 0x100000001B3U;
    }
    b = Random::mix(b + a);
    rudp::Door::Mac mac;
    std::memcpy(mac.data(), &a, 8);
    std::memcpy(mac.data() + 8, &b, 8);
    return mac;
}

FlightWatch::Look look(const rudp::Sender& sender) {
    return {sender.sent().in_flight(), sender.congestion().window(), sender.counts().timeouts};
}

}  // namespace

ServerHost::ServerHost(Network& network, ServerOptions options)
    : network_(network), options_(std::move(options)), random_(options_.seed) {
    door_ = make_door();
    network_.attach(*this, options_.address, options_.site);
}

std::unique_ptr<rudp::Door> ServerHost::make_door() {
    const std::uint64_t key = random_.next();
    return std::make_unique<rudp::Door>([key](Bytes bytes) { return keyed(key, bytes); },
                                        network_.now());
}

void ServerHost::restart() {
    network_.note("server restarts");
    for (const auto& [id, connection] : connections_) add_counts(*connection.sender);
    connections_.clear();
    ended_ = {};
    amplification_.restart();
    door_ = make_door();
}

const rudp::Sender* ServerHost::sender(std::uint64_t connection) const {
    const auto found = connections_.find(connection);
    return found == connections_.end() ? nullptr : found->second.sender.get();
}

std::uint64_t ServerHost::last_number(std::uint64_t connection) const {
    const auto found = connections_.find(connection);
    return found == connections_.end() ? 0 : found->second.numbers.last();
}

void ServerHost::on_packet(Time now, const Address& from, const Address&, Bytes packet) {
    amplification_.received(from, packet);
    const auto header = rudp::parse_header(packet);
    if (!header) return;
    if (header->kind == rudp::Kind::request) {
        on_request(now, from, *header, packet);
        return;
    }
    const auto found = connections_.find(header->connection);
    if (found != connections_.end()) {
        found->second.sender->on_packet(now, from, *header, packet);
        check_ack(found->second, *header, packet);
        flush(now, found->second);
        erase_finished();
    } else if (header->kind != rudp::Kind::close && packet.size() >= rudp::header_size + 3) {
        ++counts_.unknown;  // an answer is never longer than what it answers
        refuse(from, *header, rudp::CloseCode::unknown, "");
    }
}

// Who acknowledges what nobody has sent yet breaches the protocol.
void ServerHost::check_ack(const Connection& connection, const rudp::Header& header,
                           Bytes packet) const {
    rudp::Ack ack;
    if (header.kind != rudp::Kind::ack || !rudp::parse_ack(packet, ack)) return;
    if (ack.range_count == 0 || ack.ranges[0].last <= connection.numbers.last()) return;
    require(connection.sender->ended().has_value(), "an acknowledgement of the future is believed");
}

void ServerHost::on_request(Time now, const Address& from, const rudp::Header& header,
                            Bytes packet) {
    const auto request = rudp::parse_request(packet);
    if (!request) return;
    const auto age = door_->check(now, from, header, *request);
    const auto found = connections_.find(header.connection);
    if (!age) {
        ++counts_.cookies;
        std::array<std::byte, rudp::least_datagram> out;
        const rudp::Header answer{rudp::Kind::cookie, header.connection, 0};
        const std::size_t size =
            rudp::write_cookie(answer, door_->cookie(now, from, header, *request), out);
        send(Bytes(out).first(size), from);
    } else if (found != connections_.end()) {
        found->second.sender->on_request();
        flush(now, found->second);
        erase_finished();
    } else if (!ended_.contains(now, header.connection)) {
        accept(now, from, header, *request, *age);
    }
}

void ServerHost::accept(Time now, const Address& from, const rudp::Header& header,
                        const rudp::Request& request, Duration age) {
    const rudp::Accept& file = options_.content.file;
    if (request.name != options_.name)
        return refuse(from, header, rudp::CloseCode::no_such_file, "no such file");
    if ((request.size != rudp::any_size && request.size != file.size) ||
        (request.tag != rudp::Tag{} && request.tag != file.tag))
        return refuse(from, header, rudp::CloseCode::changed, "it is another");
    if (connections_.size() >= options_.most_connections)
        return refuse(from, header, rudp::CloseCode::busy, "busy");
    ++counts_.accepted;
    rudp::SenderOptions made;
    made.connection = header.connection;
    made.peer = from;
    made.wish = request.wish;
    made.max_datagram = request.max_datagram;
    made.receive_buffer = request.receive_buffer;
    made.file = file;
    made.rtt = age;
    made.seed = random_.next();
    made.token = [this] { return random_.next(); };
    made.read = [this](std::uint64_t offset, MutableBytes out) {
        require(offset + out.size() <= options_.content.file.size, "read behind the file's end");
        if (!spoiled_) options_.content.read(offset, out);
        return !spoiled_;
    };
    Connection& connection = connections_[header.connection];
    connection.sender = std::make_unique<rudp::Sender>(std::move(made), now);
    flush(now, connection);
    erase_finished();
}

void ServerHost::refuse(const Address& to, const rudp::Header& header, rudp::CloseCode code,
                        std::string_view text) {
    ++counts_.refused;
    std::array<std::byte, rudp::least_datagram> out;
    const rudp::Header answer{rudp::Kind::close, header.connection, 0};
    send(Bytes(out).first(rudp::write_close(answer, {code, text}, out)), to);
}

void ServerHost::send(Bytes packet, const Address& to) {
    amplification_.sent(to, packet);
    network_.send(options_.site, options_.address, to, packet);
}

void ServerHost::transmit(Connection& connection, Bytes packet, const Address& to) {
    const auto header = rudp::parse_header(packet);
    const bool acknowledged = header->kind != rudp::Kind::close && header->kind != rudp::Kind::path;
    if (acknowledged) connection.numbers.sent(header->number);
    if (const auto data = rudp::parse_data(packet); header->kind == rudp::Kind::data) {
        require(data && options_.content.same(data->offset, data->bytes),
                "the server sent other bytes than the file's");
    }
    send(packet, to);
}

void ServerHost::flush(Time now, Connection& connection) {
    std::array<std::byte, rudp::largest_datagram> out;
    rudp::Sender& sender = *connection.sender;
    for (unsigned polls = 0;; ++polls) {
        require(polls < most_polls, "the sender has more to send for ever");
        const FlightWatch::Look before = look(sender);
        const rudp::Transmit made = sender.poll_transmit(now, out);
        if (made.size == 0) break;
        const auto header = rudp::parse_header(Bytes(out).first(made.size));
        require(header.has_value(), "the server sent what is no packet");
        connection.flight.transmitted(before, look(sender), header->kind);
        if (made.size + rudp::seal_size + overhead > options_.interface_mtu) {
            connection.numbers.sent(header->number);
            sender.on_too_big(made.size + rudp::seal_size);
            continue;
        }
        const Bytes packet = Bytes(out).first(made.size);
        if (options_.tamper) {
            options_.tamper(packet, made.to, [&](Bytes bytes, const Address& to) {
                transmit(connection, bytes, to);
            });
        } else {
            transmit(connection, packet, made.to);
        }
    }
    check_drained(now, sender.next_deadline(), "sender");
}

void ServerHost::add_counts(const rudp::Sender& sender) {
    const rudp::Sender::Counts& more = sender.counts();
    counts_.data_bytes += more.data_bytes;
    counts_.repeated_bytes += more.repeated_bytes;
    counts_.packets += more.packets;
    counts_.lost += more.lost;
    counts_.timeouts += more.timeouts;
    counts_.spurious += more.spurious;
}

ServerHost::Counts ServerHost::counts() const {
    ServerHost::Counts sum = counts_;
    for (const auto& [id, connection] : connections_) {
        const rudp::Sender::Counts& more = connection.sender->counts();
        sum.data_bytes += more.data_bytes;
        sum.repeated_bytes += more.repeated_bytes;
        sum.packets += more.packets;
        sum.lost += more.lost;
        sum.timeouts += more.timeouts;
        sum.spurious += more.spurious;
    }
    return sum;
}

bool ServerHost::erase_finished() {
    return std::erase_if(connections_, [this](const auto& each) {
               const rudp::Sender& sender = *each.second.sender;
               if (!sender.finished()) return false;
               require(sender.next_deadline() == Time::max(),
                       "a finished sender still has a deadline");
               ++counts_.ended[sender.ended()->code];
               ended_.add(network_.now(), each.first);
               add_counts(sender);
               return true;
           }) > 0;
}

void ServerHost::on_wake(Time now) {
    for (auto& [id, connection] : connections_) {
        if (connection.sender->next_deadline() <= now) flush(now, connection);
    }
    erase_finished();
}

Time ServerHost::deadline() const {
    Time earliest = Time::max();
    for (const auto& [id, connection] : connections_)
        earliest = std::min(earliest, connection.sender->next_deadline());
    return earliest;
}

}  // namespace netcopy::sim
