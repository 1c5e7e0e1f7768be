#include "load_trickle.hpp"

#include <array>
#include <cerrno>
#include <limits>

#include <sys/socket.h>

namespace load {
namespace {

constexpr std::uint64_t period = 1'000'000'000;  // nanoseconds from one byte of a peer to its next

bool ended_by_peer(int fd) {
    std::array<char, 256> ignored{};
    const auto got = recv(fd, ignored.data(), ignored.size(), 0);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

}  // namespace

Trickle::Trickle(const Address& address, const Codec& codec, unsigned connections)
    : address_(address),
      codec_(codec),
      slow_(connections),
      due_(connections > 0 ? 0 : std::numeric_limits<std::uint64_t>::max()) {
    for (Slow& slow : slow_) {
        slow.socket = connect_to(address_);
    }
}

void Trickle::advance(std::uint64_t now) {
    if (now < due_) {
        return;
    }
    send_one(slow_[next_]);
    next_ = (next_ + 1) % slow_.size();
    // Spread over the second, so that they do not come as one burst.
    due_ = (due_ == 0 ? now : due_) + period / slow_.size();
}

void Trickle::send_one(Slow& slow) {
    if (ended_by_peer(slow.socket.get()) || slow.sent == codec_.unfinished_size()) {
        slow.socket = connect_to(address_);
        slow.sent = 0;
        ++reopened_;
    }
    const char byte = codec_.unfinished_byte(slow.sent);
    if (send(slow.socket.get(), &byte, 1, MSG_NOSIGNAL) == 1) {
        ++slow.sent;
        ++bytes_;
    }
}

}  // namespace load
