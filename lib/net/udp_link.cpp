#include "net/udp_link.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <optional>

#include "net/moderation.hpp"
#include "net/udp_inbox.hpp"
#include "net/udp_outbox.hpp"

namespace netcopy {
namespace {

/// A job gives its thread back after so long: for other transfers, and to see whether to stop.
constexpr std::chrono::milliseconds slice_time{100};
/// Until the kernel may have memory again for what is to be sent.
constexpr std::chrono::milliseconds memory_pause{1};

/// What there is to wait for between two jobs.
struct Wait {
    bool for_reading = true;
    bool for_writing = false;
    Clock::time_point until;
};

}  // namespace

struct UdpLink::State : std::enable_shared_from_this<State> {
    State(const Executor& executor_, DiskPool& disk_, UdpSocket socket_,
          const UdpLinkOptions& options)
        : executor(executor_),
          disk(disk_),
          socket(std::move(socket_)),
          inbox(options.batches),
          outbox(options),
          timer(executor_) {}

    /// In the disk pool. What to wait for; none: go on at once.
    std::optional<Wait> work(UdpHandler& handler);
    bool receive(UdpHandler& handler, Clock::time_point now);
    void deliver(UdpHandler& handler, Clock::time_point now, const UdpInbox::Piece& piece);
    bool send(UdpHandler& handler, Clock::time_point now);
    /// On the network thread, with no job under way.
    Task<> wait(Wait wait);
    void wake();

    const Executor executor;
    DiskPool& disk;
    UdpSocket socket;
    UdpInbox inbox;
    UdpOutbox outbox;
    UdpBatch batch;
    UdpOutbox::End held = UdpOutbox::End::sent;  // why the batch has not gone
    UdpCounters counters;
    Moderation moderation;
    Clock::time_point told{};  // the latest time that the handler was told
    Timer timer;               // cancelled to end the wait
    std::uint64_t round = 0;   // of the wait under way: handlers of an earlier one do not count
    std::atomic<bool> waiting = false;
    std::atomic<bool> notified = false;
    std::atomic<bool> stopping = false;
};

std::optional<Wait> UdpLink::State::work(UdpHandler& handler) {
    ++counters.jobs;
    const auto end = Clock::now() + slice_time;
    for (auto now = Clock::now(); now < end && !stopping; now = Clock::now()) {
        notified = false;
        bool moved = receive(handler, now);
        moved = send(handler, now) || moved;
        if (moved || notified) continue;
        switch (held) {
            case UdpOutbox::End::blocked:
                return Wait{true, true, Clock::time_point::max()};
            case UdpOutbox::End::short_of_memory:
                return Wait{true, false, Clock::now() + memory_pause};
            case UdpOutbox::End::sent:
                break;
        }
        const auto until = handler.next_deadline();
        const auto after = Clock::now();
        if (until <= after) continue;
        if (!moderation.dense()) return Wait{true, false, until};
        return Wait{false, false, std::min(until, after + Moderation::pause)};
    }
    return std::nullopt;
}

bool UdpLink::State::receive(UdpHandler& handler, Clock::time_point now) {
    ++counters.receive_calls;
    const std::size_t pieces = inbox.receive(socket);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < pieces; ++i) {
        const UdpInbox::Piece piece = inbox.piece(i, socket.local());
        bytes += piece.bytes.size();
        // When it came, not when we looked; but time does not go back behind what was said of it.
        told = std::max(told, now - piece.age);
        deliver(handler, told, piece);
    }
    told = now;
    moderation.received(pieces, bytes, now);
    if (pieces > 0) handler.after_batch(now);
    return pieces > 0;
}

void UdpLink::State::deliver(UdpHandler& handler, Clock::time_point now,
                             const UdpInbox::Piece& piece) {
    if (piece.path.remote.port() == 0) return;  // forged: nobody could be answered there
    Bytes rest = piece.bytes;
    do {
        const Bytes datagram = rest.first(std::min(piece.segment, rest.size()));
        rest = rest.subspan(datagram.size());
        if (const auto packet = open_seal(datagram)) {
            ++counters.received;
            counters.received_bytes += datagram.size();
            handler.on_datagram(now, piece.path, *packet);
        } else {
            ++counters.bad_seals;
            handler.on_unsealed(now, piece.path, datagram);
        }
    } while (!rest.empty());
}

bool UdpLink::State::send(UdpHandler& handler, Clock::time_point now) {
    bool more = false;
    const std::uint64_t before = counters.sent;
    if (batch.empty()) {
        more = handler.produce(now, batch);
        batch.seal();
    }
    if (batch.empty()) return more;
    held = outbox.send(socket, batch, handler, counters);
    if (held == UdpOutbox::End::sent) {
        batch.clear();
        return true;
    }
    return counters.sent > before;
}

Task<> UdpLink::State::wait(Wait wait) {
    const auto ring = [self = shared_from_this(), this_round = ++round](const error_code&) {
        if (self->round == this_round) self->timer.cancel();
    };
    timer.expires_at(wait.until);
    waiting = true;
    // Either we see what a notifier has said, or he sees that we wait.
    if (!notified && !stopping) {
        if (wait.for_reading) socket.waiting().async_wait(UdpSocket::Socket::wait_read, ring);
        if (wait.for_writing) socket.waiting().async_wait(UdpSocket::Socket::wait_write, ring);
        co_await timer.async_wait(asio::as_tuple(UseTask()));
        error_code ignored;
        socket.waiting().cancel(ignored);
    }
    waiting = false;
}

void UdpLink::State::wake() {
    if (!waiting) return;
    asio::post(executor, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->timer.cancel();
    });
}

Result<UdpLink> UdpLink::open(const Executor& executor, DiskPool& disk, const UdpAddress& local,
                              const UdpLinkOptions& options) {
    auto socket = UdpSocket::open(executor, local, options);
    if (!socket) return std::move(socket).error();
    return UdpLink(std::make_shared<State>(executor, disk, std::move(*socket), options));
}

UdpLink::UdpLink(std::shared_ptr<State> state) : state_(std::move(state)) {}
UdpLink::UdpLink(UdpLink&&) noexcept = default;
UdpLink& UdpLink::operator=(UdpLink&&) noexcept = default;
UdpLink::~UdpLink() = default;

UdpAddress UdpLink::local() const { return state_->socket.local(); }
std::size_t UdpLink::receive_buffer() const { return state_->socket.receive_buffer(); }

Task<> UdpLink::run(UdpHandler& handler) {
    co_await asio::this_coro::throw_if_cancelled(false);  // a job has to be waited for
    const auto state = state_;
    while (!state->stopping) {
        const auto work = [&state = *state, &handler] { return state.work(handler); };
        const auto wait = co_await state->disk.run(work);
        co_await stop_if_cancelled();
        if (!wait) continue;
        co_await state->wait(*wait);
        co_await stop_if_cancelled();
    }
}

void UdpLink::notify() {
    if (!state_->notified.exchange(true)) state_->wake();
}

void UdpLink::stop() {
    state_->stopping = true;
    state_->wake();
}

UdpCounters UdpLink::counters() const {
    UdpCounters counters = state_->counters;
    counters.overflowed = state_->socket.overflowed();
    return counters;
}

}  // namespace netcopy
