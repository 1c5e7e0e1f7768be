#include "session/fetch_sending.hpp"

#include "session/fetch_convert.hpp"

namespace netcopy {
namespace {

constexpr std::chrono::milliseconds look_period{100};
constexpr std::uint64_t ahead = 4 << 20;  // bytes that the system is told to read ahead

}  // namespace

rudp::SenderOptions FetchSending::options(FetchSending& self, const Opening& opening) {
    rudp::SenderOptions options;
    options.connection = opening.connection;
    options.peer = to_rudp(opening.from.remote);
    options.wish = opening.request.wish;
    options.max_datagram = opening.request.max_datagram;
    options.receive_buffer = opening.request.receive_buffer;
    options.file.size = self.listed_.status.size;
    const FileTime time = self.listed_.status.mtime;
    options.file.mtime = time.seconds * 1'000'000'000 + time.nanoseconds;
    options.file.tag = to_tag(self.listed_.sha256);
    options.rtt = opening.rtt;
    options.seed = random_number();
    options.token = random_number;
    options.read = [&self](std::uint64_t offset, MutableBytes buffer) {
        return self.read(offset, buffer);
    };
    return options;
}

FetchSending::FetchSending(const Opening& opening, SharedFile listed, FileSource source,
                           Clock::time_point now)
    : last_sent(now),
      connection_(opening.connection),
      listed_(std::move(listed)),
      source_(std::move(source)),
      path_(opening.from),
      other_(opening.from),
      opened_by_(opening.from.remote),
      looked_(now),
      sender_(options(*this, opening), now) {}

bool FetchSending::read(std::uint64_t offset, MutableBytes buffer) {
    const std::uint64_t end = offset + buffer.size();
    if (offset + ahead / 2 > hinted_ || end + 2 * ahead < hinted_) {
        source_.will_read(offset, ahead);
        hinted_ = offset + ahead;
    }
    const auto got = source_.read_at(offset, buffer);
    return got && *got == buffer.size() && (end < size() || as_listed());
}

void FetchSending::look_at_file(Clock::time_point now) {
    if (now - looked_ < look_period) return;
    looked_ = now;
    if (as_listed() || sender_.ended()) return;
    sender_.close(rudp::CloseCode::changed, "the file was changed, removed or replaced meanwhile");
}

void FetchSending::seen(const UdpPath& from) {
    (from.remote == path_.remote ? path_ : other_) = from;
}

const UdpPath* FetchSending::path_to(const rudp::Address& address) {
    if (to_rudp(path_.remote) == address) return &path_;
    if (to_rudp(other_.remote) != address) return nullptr;
    if (sender_.peer() == address) {  // it has moved
        std::swap(path_, other_);
        return &path_;
    }
    return &other_;
}

}  // namespace netcopy
