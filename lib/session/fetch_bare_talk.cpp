#include "session/fetch_bare_talk.hpp"

#include <algorithm>

namespace netcopy {

FetchBareTalk::FetchBareTalk(std::string name, UdpAddress server, IncomingFile file,
                             Clock::duration silence, Event event, TreeProgress& progress)
    : name_(std::move(name)),
      server_(server),
      file_(std::move(file)),
      silence_(silence),
      event_(std::move(event)),
      progress_(progress) {}

void FetchBareTalk::on_datagram(Clock::time_point now, Bytes datagram) {
    if (ended_) return;
    if (datagram.empty()) return end(arrived_);
    if (arrived_ == 0 && as_text(datagram) == "ERR") {
        return end(make_error(Errc::connection_lost, quote(name_) + ": " + to_string(server_) +
                                                         " says that there is no such file"));
    }
    if (const auto written = file_.write_at(arrived_, datagram); !written) {
        return end(written.error());
    }
    arrived_ += datagram.size();
    progress_.bytes += datagram.size();
    give_up_ = now + silence_;
}

void FetchBareTalk::produce(Clock::time_point now, UdpBatch& out) {
    if (!asked_ && out.fits(name_.size())) {
        std::ranges::copy(as_bytes(name_), out.room(name_.size()).begin());
        out.add_bare({server_, {}}, name_.size());
        asked_ = true;
        give_up_ = now + silence_;
    }
    if (ended_ || now < give_up_) return;
    end(make_error(arrived_ == 0 ? Errc::unreachable : Errc::timed_out,
                   "cannot fetch " + quote(name_) + " from " + to_string(server_) +
                       (arrived_ == 0 ? ": no answer" : ": the end has not come")));
}

Clock::time_point FetchBareTalk::next_deadline() const {
    if (ended_) return Clock::time_point::max();
    return asked_ ? give_up_ : Clock::time_point::min();
}

void FetchBareTalk::end(Result<std::uint64_t> result) {
    ended_ = true;
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    event_.raise();
}

std::optional<Result<std::uint64_t>> FetchBareTalk::result() {
    const std::lock_guard lock(mutex_);
    return result_;
}

}  // namespace netcopy
