#include "session/fetch_bare_server.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "file/safe_name.hpp"

namespace netcopy {
namespace {

constexpr std::string_view missing = "ERR";
constexpr std::size_t most_errors = 64;  // waiting to be sent
constexpr std::chrono::microseconds pause{1'000'000 * FetchBareServer::datagram /
                                          FetchBareServer::bytes_a_second};

}  // namespace

void FetchBareServer::on_datagram(Clock::time_point now, const UdpPath& from, Bytes packet) {
    const std::string name(as_text(packet));
    if (!safe_name(name)) return;  // noise
    const auto same = [&](const Transfer& each) { return each.to == from && each.name == name; };
    if (std::ranges::any_of(transfers_, same)) return;
    if (transfers_.size() >= most_transfers) {
        NETCOPY_LOG(warning) << to_string(from.remote) << ": '" << escape(name)
                             << "' is not sent by bare datagrams: " << most_transfers
                             << " others are under way";
        return;
    }
    const auto listed = folder_.find(name);
    auto opened = listed ? files_.read(name) : make_error(Errc::failed, "not listed");
    if (!opened) {
        if (errors_.size() < most_errors) errors_.push_back(from);
        return;
    }
    transfers_.push_back(
        {from, name, std::move(opened->source), opened->file.status.size, 0, now, now});
}

bool FetchBareServer::produce(Clock::time_point now, UdpBatch& out) {
    while (!errors_.empty()) {
        const MutableBytes room = out.room(missing.size());
        if (room.empty()) return true;
        std::ranges::copy(as_bytes(missing), room.begin());
        out.add_bare(errors_.back(), missing.size());
        errors_.pop_back();
    }
    bool full = false;
    for (auto at = transfers_.begin(); at != transfers_.end() && !full;) {
        at = send_some(now, *at, out, full) ? transfers_.erase(at) : std::next(at);
    }
    return full;
}

/// True: it has ended.
bool FetchBareServer::send_some(Clock::time_point now, Transfer& transfer, UdpBatch& out,
                                bool& full) {
    while (transfer.next <= now) {
        if (!out.fits(datagram)) {
            full = true;
            return false;
        }
        const std::size_t size = std::min<std::uint64_t>(datagram, transfer.size - transfer.sent);
        const MutableBytes room = out.room(datagram).first(size);
        const auto got = transfer.source.read_at(transfer.sent, room);
        if (!got || *got < size) {
            end(transfer,
                got ? make_error(Errc::local_file, "the file was cut off meanwhile") : got.error());
            return true;  // without the empty datagram: it is not whole
        }
        out.add_bare(transfer.to, size);
        transfer.sent += size;
        transfer.next += pause;
        if (size == 0) {
            end(transfer, {});
            return true;
        }
    }
    return false;
}

void FetchBareServer::end(const Transfer& transfer, Result<> outcome) const {
    if (!on_served_) return;
    ServedFile served;
    served.peer = to_string(transfer.to.remote);
    served.name = transfer.name;
    served.bytes = transfer.sent;
    served.outcome = std::move(outcome);
    served.protocol = "bare datagrams";
    on_served_(served);
}

Clock::time_point FetchBareServer::next_deadline() const {
    auto next = errors_.empty() ? Clock::time_point::max() : Clock::time_point::min();
    for (const Transfer& each : transfers_) next = std::min(next, each.next);
    return next;
}

}  // namespace netcopy
