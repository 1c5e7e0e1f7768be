#include "test/sim/network.hpp"

#include <algorithm>

#include "net/udp_seal.hpp"

namespace netcopy::sim {

namespace {

/// A host that wakes more often in a millisecond of virtual time spins: pacing, acknowledgements
/// and time-outs of a few connections need far less.
constexpr unsigned most_wakes = 200;

}  // namespace

std::string describe(const Address& address) {
    return std::to_string(static_cast<unsigned>(address.ip[15])) + ":" +
           std::to_string(address.port);
}

std::string describe(Bytes packet) {
    static constexpr const char* names[] = {"REQUEST", "COOKIE", "ACCEPT", "DATA", "PROBE",
                                            "PING",    "ACK",    "CLOSE",  "PATH"};
    const auto header = rudp::parse_header(packet);
    if (!header) return std::to_string(packet.size()) + " bytes";
    std::string text = names[static_cast<unsigned>(header->kind) - 0xF1];
    text += " " + std::to_string(header->number);
    if (const auto data = rudp::parse_data(packet); header->kind == rudp::Kind::data && data)
        text += " at " + std::to_string(data->offset);
    if (const auto close = rudp::parse_close(packet); header->kind == rudp::Kind::close && close)
        text += " code " + std::to_string(static_cast<unsigned>(close->code));
    rudp::Ack ack;
    if (header->kind == rudp::Kind::ack && rudp::parse_ack(packet, ack) && ack.range_count > 0) {
        text += " of " + std::to_string(ack.ranges[0].last);
        for (std::size_t i = 1; i < ack.range_count; ++i)
            text += "," + std::to_string(ack.ranges[i].last);
    }
    return text + " (" + std::to_string(packet.size()) + ")";
}

void Network::attach(Host& host, const Address& address, Site site) {
    places_[address] = {&host, site};
    schedule(host);
}

void Network::connect(Site from, Site to, std::vector<Link*> links) {
    ways_[{from, to}] = std::move(links);
}

void Network::push(Event event) {
    event.order = order_++;
    events_.push(event);
}

void Network::schedule(Host& host) {
    const Time deadline = std::max(host.deadline(), now_);
    Timer& timer = timers_[&host];
    if (deadline == Time::max() || deadline >= timer.at) return;
    timer.at = deadline;
    push({.at = deadline, .host = &host});
}

void Network::at(Time time, std::function<void()> action) {
    actions_.push_back(std::make_unique<std::function<void()>>(std::move(action)));
    push({.at = std::max(time, now_), .action = actions_.back().get()});
}

Network::Datagram* Network::take() {
    if (spare_.empty()) {
        pool_.push_back(std::make_unique<Datagram>());
        return pool_.back().get();
    }
    Datagram* datagram = spare_.back();
    spare_.pop_back();
    return datagram;
}

void Network::note_packet(const char* what, const Datagram& datagram) const {
    if (trace_)
        trace_(now_, std::string(what) + " " + describe(datagram.from) + " > " +
                         describe(datagram.to) + "  " + describe(Bytes(datagram.packet)));
}

void Network::send(Site site, const Address& from, const Address& to, Bytes packet,
                   std::size_t size) {
    ++counts_.sent;
    Datagram* datagram = take();
    datagram->from = from;
    datagram->to = to;
    datagram->packet.assign(packet.begin(), packet.end());
    datagram->size = std::max(size, packet.size() + rudp::seal_size);
    datagram->hop = 0;
    datagram->corrupt = false;
    datagram->way = nullptr;
    note_packet("send", *datagram);
    if (const auto place = places_.find(to); place != places_.end()) {
        if (const auto way = ways_.find({site, place->second.site}); way != ways_.end())
            datagram->way = &way->second;
    }
    if (datagram->way == nullptr) {
        ++counts_.nobody;
        give_back(datagram);
        return;
    }
    travel(datagram);
}

void Network::travel(Datagram* datagram) {
    if (datagram->hop == datagram->way->size()) {
        deliver(datagram);
        return;
    }
    Link& link = *(*datagram->way)[datagram->hop++];
    const Link::Passage passage = link.carry(now_, datagram->size + overhead);
    if (passage.count == 0) note_packet("lost", *datagram);
    for (std::size_t i = 0; i < passage.count; ++i) {
        Datagram* each = datagram;
        if (i + 1 < passage.count) {  // a copy, while the last arrival takes the datagram itself
            each = take();
            *each = *datagram;
        }
        each->corrupt = datagram->corrupt || passage.arrivals[i].corrupt;
        push({.at = passage.arrivals[i].at, .datagram = each});
    }
    if (passage.count == 0) give_back(datagram);
}

bool Network::damage(Datagram& datagram) {
    std::vector<std::byte> bytes = datagram.packet;
    bytes.resize(bytes.size() + udp_seal_size);
    seal_datagram(bytes);
    const std::uint64_t flips = random_.between(1, 8);
    for (std::uint64_t i = 0; i < flips; ++i)
        bytes[random_.below(bytes.size())] ^= std::byte(1U << random_.below(8));
    const auto opened = open_seal(bytes);
    if (!opened) return false;
    datagram.packet.assign(opened->begin(), opened->end());
    return true;
}

void Network::deliver(Datagram* datagram) {
    const auto place = places_.find(datagram->to);
    if (datagram->corrupt && !damage(*datagram)) {
        ++counts_.unsealed;
        note_packet("damaged", *datagram);
    } else if (place == places_.end()) {
        ++counts_.nobody;
    } else {
        ++counts_.delivered;
        note_packet("come", *datagram);
        Host& host = *place->second.host;
        host.on_packet(now_, datagram->from, datagram->to, datagram->packet);
        schedule(host);
    }
    give_back(datagram);
}

void Network::wake_now(Host& host) {
    Timer& timer = timers_[&host];
    if (timer.at != now_) return;  // it has moved to an earlier time since, and went off then
    timer.at = Time::max();
    if (host.deadline() <= now_) {
        if (now_ - timer.window >= std::chrono::milliseconds(1)) {
            timer.window = now_;
            timer.wakes = 0;
        }
        require(++timer.wakes <= most_wakes, "a host spins: it wakes again and again");
        host.on_wake(now_);
        require(host.deadline() > now_, "a deadline stays in the past: nothing moves it");
    }
    schedule(host);
}

bool Network::run(Time end, const std::function<bool()>& done) {
    while (!events_.empty()) {
        if (done()) return true;
        const Event event = events_.top();
        if (event.at > end) return false;
        events_.pop();
        now_ = event.at;
        ++counts_.events;
        if (event.datagram != nullptr) {
            travel(event.datagram);
        } else if (event.host != nullptr) {
            wake_now(*event.host);
        } else {
            (*event.action)();
        }
    }
    return true;
}

}  // namespace netcopy::sim
