#include "test/sim/client_host.hpp"

#include <algorithm>

namespace netcopy::sim {

namespace {

constexpr std::size_t most_ranges = 65'536;  // docs/protocol/rudp.md, "Limits"

// Whether it is of use to ask that server once more.
bool is_final(rudp::CloseCode code) {
    return code == rudp::CloseCode::no_such_file || code == rudp::CloseCode::changed ||
           code == rudp::CloseCode::refused;
}

}  // namespace

ClientHost::ClientHost(Network& network, ClientOptions options)
    : network_(network), options_(std::move(options)), random_(options_.seed) {
    todo_.add(options_.wanted);
    if (options_.knows) learn_size(options_.truth->file.size);
    for (const Address& server : options_.servers) {
        Lane& lane = lanes_.emplace_back();
        lane.server = server;
        lane.retry_at = network.now();
    }
    network_.attach(*this, options_.address, options_.site);
}

void ClientHost::learn_size(std::uint64_t size) {
    size_ = size;
    todo_.remove({size, UINT64_MAX});
}

void ClientHost::move(const Address& address) {
    ++counts_.moves;
    network_.note("client moves to " + describe(address));
    network_.detach(options_.address);
    options_.address = address;
    network_.attach(*this, address, options_.site);
}

const rudp::Receiver* ClientHost::receiver(std::size_t server) const {
    return lanes_.at(server).receiver.get();
}

void ClientHost::on_packet(Time now, const Address& from, const Address&, Bytes packet) {
    if (options_.latency == Duration{}) {
        take(now, packet);
        work(now);
        return;
    }
    if (inbox_bytes_ + packet.size() > options_.receive_buffer) {
        ++counts_.overflowed;
        return;
    }
    inbox_bytes_ += packet.size();
    inbox_.push_back({from, {packet.begin(), packet.end()}});
    inbox_due_ = std::min(inbox_due_, now + options_.latency);
}

void ClientHost::on_wake(Time now) {
    if (now >= inbox_due_) {
        for (; !inbox_.empty(); inbox_.pop_front()) take(now, inbox_.front().packet);
        inbox_bytes_ = 0;
        inbox_due_ = Time::max();
    }
    work(now);
}

void ClientHost::take(Time now, Bytes packet) {
    const auto header = rudp::parse_header(packet);
    if (!header) return;
    for (Lane& lane : lanes_) {
        if (!lane.receiver || lane.receiver->connection() != header->connection) continue;
        const std::uint64_t before = lane.receiver->outstanding();
        const auto data = lane.receiver->on_packet(now, *header, packet);
        require(lane.receiver->missing().count() <= most_ranges, "too many ranges are kept");
        met_ = met_ || lane.receiver->open();
        if (const auto& file = lane.receiver->file(); file && !size_) learn_size(file->size);
        if (const auto& file = lane.receiver->file(); file && file->size != *size_) {
            require(options_.may_be_lied_to, "the file has two sizes");
            outcome_ = Outcome::corrupt;
        }
        if (data) take_content(lane, before, *data);
        return;
    }
}

void ClientHost::take_content(Lane& lane, std::uint64_t before, const rudp::Data& data) {
    const rudp::Range range{data.offset, data.offset + data.bytes.size()};
    require(range.size() > 0, "content without bytes");
    require(lane.wished.contains(range), "content was delivered that was not wished for");
    if (!options_.truth->same(data.offset, data.bytes)) {
        require(options_.may_be_lied_to, "other bytes than the source's were delivered");
        wrong_bytes_ = true;
    }
    const std::uint64_t fresh = got_.add(range);
    if (fresh < range.size()) ++counts_.overlaps;
    require(fresh > 0, "the same bytes were delivered twice");
    require(before - lane.receiver->outstanding() == fresh,
            "the receiver misses other bytes than those that have not come");
    fresh_ += fresh;
}

void ClientHost::connect(Time now, Lane& lane) {
    const auto piece = next_piece();
    if (!piece && met_)
        return;  // nothing to ask for; the first must look whether the file is there
    ++counts_.connections;
    rudp::ReceiverOptions made;
    made.connection = random_.next();
    made.name = options_.name;
    if (options_.knows) {
        made.size = options_.truth->file.size;
        made.tag = options_.truth->file.tag;
    }
    made.wish = piece.value_or(rudp::Range{});
    made.max_datagram = options_.max_datagram;
    made.receive_buffer = options_.receive_buffer;
    made.connect_timeout = options_.connect_timeout;
    made.silence = options_.silence;
    lane.numbers = {};
    lane.wished = {};
    lane.wished.add(made.wish);
    lane.receiver = std::make_unique<rudp::Receiver>(std::move(made), now);
}

std::optional<rudp::Range> ClientHost::next_piece() {
    const auto piece = todo_.front(options_.piece);
    if (piece) todo_.remove(*piece);
    return piece;
}

void ClientHost::ask(Time now, Lane& lane) {
    while (!todo_.empty() && lane.receiver->open() &&
           lane.receiver->outstanding() < options_.ahead) {
        const rudp::Range piece = *todo_.front(options_.piece);
        if (!lane.receiver->want(now, piece)) return;
        ++counts_.wishes;
        todo_.remove(piece);
        lane.wished.add(piece);
    }
}

void ClientHost::flush(Time now, Lane& lane) {
    std::array<std::byte, rudp::least_datagram> out;
    for (unsigned polls = 0;; ++polls) {
        require(polls < 64, "the receiver has more to send for ever");
        const std::size_t size = lane.receiver->poll_transmit(now, out);
        if (size == 0) break;
        require(size + rudp::seal_size <= rudp::least_datagram, "too large a packet");
        const Bytes packet = Bytes(out).first(size);
        const auto header = rudp::parse_header(packet);
        require(header && header->connection == lane.receiver->connection(), "no packet of ours");
        lane.numbers.sent(header->number);
        rudp::Ack ack;
        require(header->kind != rudp::Kind::ack || rudp::parse_ack(packet, ack),
                "an acknowledgement that nobody can read");
        network_.send(options_.site, options_.address, lane.server, packet);
    }
    check_drained(now, lane.receiver->next_deadline(), "receiver");
}

// The connection has ended: what it did not bring is to be asked for again.
void ClientHost::release(Time now, Lane& lane) {
    const rudp::Ended& ended = *lane.receiver->ended();
    require(lane.receiver->next_deadline() == Time::max(), "a finished receiver has a deadline");
    for (const rudp::Range& range : lane.receiver->missing()) todo_.add(range);
    if (size_) todo_.remove({*size_, UINT64_MAX});
    if (outcome_ == Outcome::running && is_final(ended.code)) lane.dead = ended.code;
    lane.retry_at = now + options_.retry_pause;
    lane.receiver.reset();
}

void ClientHost::work(Time now) {
    for (Lane& lane : lanes_) {
        if (!lane.receiver && !lane.dead && outcome_ == Outcome::running && now >= lane.retry_at) {
            connect(now, lane);
            lane.retry_at = now + options_.retry_pause;
        }
        if (!lane.receiver) continue;
        ask(now, lane);
        flush(now, lane);
        if (lane.receiver->finished()) release(now, lane);
    }
    if (outcome_ == Outcome::running) conclude();
    if (outcome_ == Outcome::running) return;
    for (Lane& lane : lanes_) {
        if (!lane.receiver) continue;
        lane.receiver->close(rudp::CloseCode::done);
        flush(now, lane);
        if (lane.receiver->finished()) release(now, lane);
    }
}

bool ClientHost::all_here() const {
    if (!met_ || !size_ || !todo_.empty()) return false;
    return std::ranges::all_of(lanes_, [](const Lane& lane) {
        return !lane.receiver || lane.receiver->outstanding() == 0;
    });
}

void ClientHost::conclude() {
    if (all_here()) {
        const std::uint64_t end = std::min(options_.wanted.end, *size_);
        const std::uint64_t begin = std::min(options_.wanted.begin, end);
        const bool right_size = *size_ == options_.truth->file.size;
        require(right_size || options_.may_be_lied_to, "the file has another size");
        require(fresh_ == end - begin, "not all bytes have come though none is missing");
        outcome_ = wrong_bytes_ || !right_size ? Outcome::corrupt : Outcome::done;
    } else if (std::ranges::all_of(lanes_,
                                   [](const Lane& lane) { return lane.dead.has_value(); })) {
        outcome_ = Outcome::failed;
        failure_ = lanes_.front().dead;
    }
}

bool ClientHost::silent() const {
    return std::ranges::all_of(lanes_, [](const Lane& lane) { return !lane.receiver; });
}

Time ClientHost::deadline() const {
    Time earliest = inbox_due_;
    for (const Lane& lane : lanes_) {
        if (lane.receiver) {
            earliest = std::min(earliest, lane.receiver->next_deadline());
        } else if (!lane.dead && outcome_ == Outcome::running && !(todo_.empty() && met_)) {
            earliest = std::min(earliest, lane.retry_at);
        }
    }
    return earliest;
}

}  // namespace netcopy::sim
