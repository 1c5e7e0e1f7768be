#include "session/fetch_server.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "crypto/mac.hpp"
#include "session/fetch_convert.hpp"

namespace netcopy {
namespace {

using rudp::CloseCode;
using rudp::Header;
using rudp::Kind;

/// While stopping: a client that has not wanted anything for so long is told.
constexpr std::chrono::milliseconds stop_pause{500};
constexpr std::chrono::milliseconds stop_look{100};

rudp::Door::MacFn keyed_mac() {
    return [key = random_mac_key()](Bytes message) { return mac(key, message); };
}

}  // namespace

FetchServer::FetchServer(const SharedFolder& folder, const FlatFolder& files,
                         FetchServerRules rules, Clock::time_point now)
    : folder_(folder),
      files_(files),
      rules_(std::move(rules)),
      door_(keyed_mac(), now),
      bare_(folder, files, rules_.on_served) {
    replies_.resize(most_replies);
}

FetchServer::~FetchServer() = default;

FetchServer::Reply* FetchServer::reply(const UdpPath& to) {
    if (reply_count_ == replies_.size()) return nullptr;  // as if it had been lost
    Reply& next = replies_[reply_count_++];
    next.to = to;
    return &next;
}

void FetchServer::refuse(const UdpPath& to, const Header& header, CloseCode code,
                         std::string_view text) {
    Reply* const out = reply(to);
    if (!out) return;
    const Header ours{Kind::close, header.connection, 0};
    out->size = rudp::write_close(ours, {code, text.substr(0, rudp::most_text)}, out->packet);
}

void FetchServer::on_datagram(Clock::time_point now, const UdpPath& from, Bytes packet) {
    const auto header = rudp::parse_header(packet);
    if (!header) return;
    if (header->kind == Kind::request) return on_request(now, from, *header, packet);
    const auto found = by_id_.find(header->connection);
    if (found == by_id_.end()) {
        // An answer is never longer than what it answers.
        const bool room = packet.size() >= rudp::header_size + 3;
        if (header->kind != Kind::close && room) refuse(from, *header, CloseCode::unknown, {});
        return;
    }
    FetchSending& sending = *slots_[found->second];
    sending.seen(from);
    sending.sender().on_packet(now, to_rudp(from.remote), *header, packet);
    wake(found->second);
}

void FetchServer::on_unsealed(Clock::time_point now, const UdpPath& from, Bytes datagram) {
    if (rules_.bare && !stopping_) bare_.on_datagram(now, from, datagram);
}

void FetchServer::on_request(Clock::time_point now, const UdpPath& from, const Header& header,
                             Bytes packet) {
    const auto request = rudp::parse_request(packet);
    if (!request) return;
    const rudp::Address address = to_rudp(from.remote);
    const auto age = door_.check(now, address, header, *request);
    if (!age) {
        if (Reply* const out = reply(from)) {
            const Header ours{Kind::cookie, header.connection, 0};
            out->size =
                rudp::write_cookie(ours, door_.cookie(now, address, header, *request), out->packet);
        }
        return;
    }
    const auto found = by_id_.find(header.connection);
    if (found == by_id_.end()) {
        if (!ended_.contains(now, header.connection)) open(now, from, header, *request, *age);
        return;
    }
    FetchSending& sending = *slots_[found->second];
    if (sending.sender().peer() != address) return;
    sending.sender().on_request();
    wake(found->second);
}

void FetchServer::open(Clock::time_point now, const UdpPath& from, const Header& header,
                       const rudp::Request& request, rudp::Duration rtt) {
    const auto no = [&](CloseCode code, std::string_view text) {
        NETCOPY_LOG(info) << to_string(from.remote) << ": '" << escape(request.name)
                          << "' was not sent: " << text;
        refuse(from, header, code, text);
    };
    if (stopping_) return no(CloseCode::stopping, "the server is stopping");
    if (by_id_.size() >= rules_.connections) return no(CloseCode::busy, "too many connections");
    const auto ip = to_rudp(from.remote).ip;
    const auto theirs = by_address_.find(ip);
    if (theirs != by_address_.end() && theirs->second >= rules_.connections_per_address) {
        return no(CloseCode::busy, "too many connections from one address");
    }
    auto listed = folder_.find(request.name);
    if (!listed) return no(CloseCode::no_such_file, "there is no such file");
    const bool any_size = request.size == rudp::any_size;
    const bool any_tag = request.tag == rudp::Tag{};
    if ((!any_size && request.size != listed->status.size) ||
        (!any_tag && request.tag != to_tag(listed->sha256))) {
        return no(CloseCode::changed, "the file has other content by now");
    }
    auto opened = files_.read(listed->name);
    if (!opened) return no(CloseCode::unreadable, "the file cannot be opened");
    const FileStatus& there = opened->file.status;
    if (there.size != listed->status.size || there.mtime != listed->status.mtime) {
        return no(CloseCode::changed, "the file has other content by now");
    }
    Slot slot = slots_.size();
    if (free_.empty()) {
        slots_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    slots_[slot] =
        std::make_unique<FetchSending>(FetchSending::Opening{header.connection, from, request, rtt},
                                       std::move(*listed), std::move(opened->source), now);
    by_id_[header.connection] = slot;
    ++by_address_[ip];
    wake(slot);
}

void FetchServer::wake(Slot slot) {
    FetchSending& sending = *slots_[slot];
    if (sending.ready) return;
    sending.ready = true;
    ready_.push_back(slot);
}

bool FetchServer::send_replies(UdpBatch& out) {
    while (reply_count_ > 0) {
        const Reply& next = replies_[reply_count_ - 1];
        if (next.size > 0) {
            if (!out.fits(next.size)) return false;
            std::copy_n(next.packet.begin(), next.size, out.room(next.size).begin());
            out.add(next.to, next.size);
        }
        --reply_count_;
    }
    return true;
}

bool FetchServer::produce(Clock::time_point now, UdpBatch& out) {
    if (!send_replies(out)) return true;
    while (deadlines_.next() <= now) {
        const Slot due = deadlines_.next_index();
        deadlines_.set(due, Deadlines::Time::max());
        wake(due);
    }
    if (bare_.produce(now, out)) return true;
    limited_until_ = Clock::time_point::min();
    while (!ready_.empty()) {
        const Slot slot = ready_.front();
        FetchSending& sending = *slots_[slot];
        const Turn turn = take_turn(now, sending, out);
        if (turn == Turn::full) return true;
        if (turn == Turn::limited) break;
        ready_.pop_front();
        if (turn == Turn::more) {
            ready_.push_back(slot);
            continue;
        }
        sending.ready = false;
        rest(now, slot);
    }
    look_whether_stopped(now);
    return false;
}

/// As much as one may send before the next one's turn comes.
FetchServer::Turn FetchServer::take_turn(Clock::time_point now, FetchSending& sending,
                                         UdpBatch& out) {
    sending.look_at_file(now);
    std::size_t budget = turn_bytes;
    if (rules_.sending && rules_.sending->limits()) {
        budget = rules_.sending->take(turn_bytes, now);
        if (budget == 0) {
            limited_until_ = rules_.sending->next();
            return Turn::limited;
        }
    }
    Turn turn = Turn::more;
    std::size_t sent = 0;
    while (sent < budget) {
        // A PROBE may be larger than the present datagram.
        const std::size_t usual = sending.sender().datagram() - rudp::seal_size;
        const MutableBytes room = out.room(out.fits(max_packet) ? max_packet : usual);
        if (room.empty()) {
            turn = Turn::full;
            break;
        }
        const rudp::Transmit next = sending.sender().poll_transmit(now, room);
        if (next.size == 0) {
            turn = Turn::rests;
            break;
        }
        if (const UdpPath* const path = sending.path_to(next.to)) out.add(*path, next.size);
        sending.last_sent = now;
        sent += next.size;
    }
    if (rules_.sending && sent < budget) rules_.sending->give_back(budget - sent);
    return turn;
}

/// It has nothing to send now.
void FetchServer::rest(Clock::time_point now, Slot slot) {
    FetchSending& sending = *slots_[slot];
    if (sending.sender().finished()) return remove(now, slot);
    if (stopping_ && !sending.sender().ended() && sending.sender().idle() &&
        now - sending.last_sent > stop_pause) {
        sending.sender().close(CloseCode::stopping, "the server is stopping");
        return wake(slot);
    }
    deadlines_.set(slot, sending.sender().next_deadline());
}

void FetchServer::remove(Clock::time_point now, Slot slot) {
    FetchSending& sending = *slots_[slot];
    rudp::Sender& sender = sending.sender();
    const auto& counts = sender.counts();
    const auto& ended = sender.ended();
    NETCOPY_LOG(debug) << to_string(sending.path().remote) << ": '" << escape(sending.name())
                       << "': " << counts.packets << " packets, " << counts.lost << " lost, "
                       << counts.repeated_bytes << " bytes again, " << counts.timeouts
                       << " time-outs";
    if (rules_.on_served) {
        ServedFile served;
        served.peer = to_string(sending.path().remote);
        served.name = sending.name();
        served.bytes = counts.data_bytes - counts.repeated_bytes;
        served.protocol = "rudp";
        const bool done = ended->by_peer && ended->code == CloseCode::done;
        if (!done) {
            served.bytes = 0;
            served.outcome =
                make_error(Errc::connection_lost,
                           (ended->by_peer ? "the client gave up, code " : "given up, code ") +
                               std::to_string(static_cast<unsigned>(ended->code)) +
                               (ended->text.empty() ? "" : ": " + escape(ended->text)));
        }
        rules_.on_served(served);
    }
    const auto theirs = by_address_.find(to_rudp(sending.opened_by()).ip);
    if (theirs != by_address_.end() && --theirs->second == 0) by_address_.erase(theirs);
    by_id_.erase(sending.connection());
    ended_.add(now, sending.connection());
    deadlines_.set(slot, Deadlines::Time::max());
    slots_[slot].reset();
    free_.push_back(slot);
}

void FetchServer::look_whether_stopped(Clock::time_point now) {
    if (!stopping_ || stopped_) return;
    if (by_id_.empty() && bare_.idle()) {
        stopped_ = true;
        look_ = Clock::time_point::max();
        if (rules_.on_stopped) rules_.on_stopped();
        return;
    }
    if (now < look_ && look_ != Clock::time_point::max()) return;
    look_ = now + stop_look;
    for (Slot slot = 0; slot < slots_.size(); ++slot) {
        if (slots_[slot] && !slots_[slot]->ready) rest(now, slot);
    }
}

Clock::time_point FetchServer::next_deadline() {
    if (reply_count_ > 0) return Clock::time_point::min();
    Clock::time_point next = std::min({deadlines_.next(), bare_.next_deadline(), look_});
    if (!ready_.empty()) next = std::min(next, limited_until_);
    return next;
}

void FetchServer::on_too_big(const UdpPath& to, std::size_t size) {
    const std::size_t datagram = size + rudp::seal_size;
    for (Slot slot = 0; slot < slots_.size(); ++slot) {
        if (!slots_[slot] || slots_[slot]->path().remote != to.remote) continue;
        slots_[slot]->sender().on_too_big(datagram);
        wake(slot);
    }
}

}  // namespace netcopy
