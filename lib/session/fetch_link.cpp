#include "session/fetch_link.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>

#include "base/log.hpp"
#include "session/fetch_convert.hpp"

namespace netcopy {
namespace {

/// How often all plans are looked at though nothing comes: for who has fallen silent.
constexpr std::chrono::milliseconds look_period{100};
/// A server of which nothing was heard for so long, and longer than its round trip, counts as slow.
constexpr std::chrono::milliseconds quiet{500};
/// And one that has not answered at all for so long.
constexpr std::chrono::milliseconds opening{1000};

bool for_good(const rudp::Ended& ended) {
    switch (ended.code) {
        case rudp::CloseCode::no_such_file:
        case rudp::CloseCode::changed:
        case rudp::CloseCode::refused:
        case rudp::CloseCode::unreadable:
        case rudp::CloseCode::breach:
            return true;
        default:
            return false;
    }
}

}  // namespace

FetchLink::FetchLink(const Executor& executor, UdpLink& link, RateLimit* receiving)
    : executor_(executor), link_(link), receiving_(receiving) {}

FetchLink::~FetchLink() = default;

Task<> FetchLink::run() {
    std::string reason = "the socket was closed";
    try {
        co_await link_.run(*this);
    } catch (const boost::system::system_error& error) {
        reason = error.code().message();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    perform_all();
    for (const auto& talk : slots_) {
        if (!talk || talk->told) continue;
        talk->told = true;
        talk->call.transfer->ended(
            talk->call.source, make_error(Errc::failed, "the UDP socket failed: " + reason), true);
    }
}

Task<> FetchLink::perform(std::function<void()> work) {
    struct Done {
        explicit Done(const Executor& executor) : event(executor) {}
        Event event;
        std::atomic<bool> done = false;
    };
    const auto done = std::make_shared<Done>(executor_);
    bool here = false;
    {
        const std::lock_guard lock(mutex_);
        here = ended_;
        if (!here) {
            wanted_.push_back([done, does = std::move(work)] {
                does();
                done->done = true;
                done->event.raise();
            });
        }
    }
    if (here) {
        work();
        co_return;
    }
    link_.notify();
    // Cancelling does not cut it short: the work refers to what the caller has.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!done->done) co_await done->event.wait_uncancelled();
    co_await asio::this_coro::throw_if_cancelled(throws);
}

void FetchLink::perform_all() {
    std::vector<std::function<void()>> wanted;
    {
        const std::lock_guard lock(mutex_);
        wanted.swap(wanted_);
    }
    for (const auto& work : wanted) work();
}

void FetchLink::call(FetchCall call) {
    const auto now = Clock::now();
    FetchTransfer& transfer = *call.transfer;
    FetchPlan& plan = transfer.plan();
    plan.revive(call.source);
    plan.pace(call.source, {});
    const auto wish = next_wish(now, plan, call.source);
    rudp::ReceiverOptions options;
    options.connection = random_number();
    options.name = transfer.name();
    options.size = plan.size();
    options.tag = transfer.tag();
    options.wish = wish.value_or(rudp::Range{});
    options.receive_buffer = static_cast<std::uint32_t>(std::min<std::size_t>(
        link_.receive_buffer() / std::max<std::size_t>(call.shares_buffer, 1), UINT32_MAX));
    options.connect_timeout = call.connect_timeout;
    options.silence = call.silence;
    Slot slot = slots_.size();
    if (free_.empty()) {
        slots_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    by_id_[options.connection] = slot;
    slots_[slot] = std::make_unique<Talk>(std::move(call), std::move(options), now);
    wake(slot);
    look_ = std::min(look_, now + look_period);
}

void FetchLink::hang_up(const FetchTransfer& transfer, std::optional<FetchPlan::Source> source) {
    for (Slot slot = 0; slot < slots_.size(); ++slot) {
        Talk* const talk = slots_[slot].get();
        if (!talk || talk->call.transfer.get() != &transfer) continue;
        if (source && talk->call.source != *source) continue;
        talk->told = true;
        talk->receiver.close(rudp::CloseCode::done);
        wake(slot);
    }
}

void FetchLink::call_bare(std::shared_ptr<FetchBareTalk> talk) { bare_.push_back(std::move(talk)); }

void FetchLink::hang_up_bare(const FetchBareTalk& talk) {
    std::erase_if(bare_, [&](const auto& each) { return each.get() == &talk; });
}

void FetchLink::on_unsealed(Clock::time_point now, const UdpPath& from, Bytes datagram) {
    const auto found =
        std::ranges::find(bare_, from.remote, [](const auto& talk) { return talk->server(); });
    if (found != bare_.end()) (*found)->on_datagram(now, datagram);
}

void FetchLink::on_datagram(Clock::time_point now, const UdpPath& from, Bytes packet) {
    const auto header = rudp::parse_header(packet);
    if (!header) return;
    const auto found = by_id_.find(header->connection);
    if (found == by_id_.end()) return;
    Talk& talk = *slots_[found->second];
    if (talk.call.server != from.remote) return;
    if (const auto content = talk.receiver.on_packet(now, *header, packet); content && !talk.told) {
        FetchTransfer& transfer = *talk.call.transfer;
        transfer.take(talk.call.source, content->offset, content->bytes);
        if (std::ranges::find(written_, &transfer) == written_.end()) {
            written_.push_back(&transfer);
        }
    }
    wake(found->second);
}

void FetchLink::after_batch(Clock::time_point now) {
    for (FetchTransfer* const transfer : written_) transfer->write();
    written_.clear();
    for (const Slot slot : ready_) {
        if (slots_[slot]) wish(now, *slots_[slot]);
    }
}

void FetchLink::wake(Slot slot) {
    if (slots_[slot]->ready) return;
    slots_[slot]->ready = true;
    ready_.push_back(slot);
}

/// What may be asked for now, --bwlimit considered.
std::optional<rudp::Range> FetchLink::next_wish(Clock::time_point now, FetchPlan& plan,
                                                FetchPlan::Source source) {
    if (!receiving_ || !receiving_->limits()) return plan.next(source);
    const std::size_t most = receiving_->take(FetchPlan::most_outstanding, now);
    const auto range = plan.next(source, most);
    const std::size_t size = range ? static_cast<std::size_t>(range->size()) : 0;
    receiving_->give_back(most - size);
    if (most == 0) look_ = std::min(look_, receiving_->next());
    return range;
}

/// Asks for as much as the plan says.
void FetchLink::wish(Clock::time_point now, Talk& talk) {
    rudp::Receiver& receiver = talk.receiver;
    if (talk.told) return;
    if (!receiver.open()) {
        const bool late = now - talk.begun > opening && !receiver.ended();
        if (late) talk.call.transfer->plan().pace(talk.call.source, {.silent = true});
        return;
    }
    talk.was_open = true;
    FetchTransfer& transfer = *talk.call.transfer;
    if (transfer.failed() || transfer.plan().complete()) return;
    FetchPlan& plan = transfer.plan();
    const auto since = now - receiver.last_heard();
    const bool silent = since > quiet && since > 4 * receiver.rtt();
    plan.pace(talk.call.source,
              {receiver.rate(),
               std::chrono::duration_cast<std::chrono::microseconds>(receiver.rtt()), silent});
    while (receiver.may_want()) {
        const auto range = next_wish(now, plan, talk.call.source);
        if (!range) break;
        receiver.want(now, *range);
    }
}

bool FetchLink::produce(Clock::time_point now, UdpBatch& out) {
    perform_all();
    if (now >= look_) look_at_all(now);
    while (deadlines_.next() <= now) {
        const Slot due = deadlines_.next_index();
        deadlines_.set(due, Deadlines::Time::max());
        wake(due);
    }
    for (const auto& talk : bare_) talk->produce(now, out);
    while (!ready_.empty()) {
        const Slot slot = ready_.front();
        Talk& talk = *slots_[slot];
        for (;;) {
            const MutableBytes room = out.room(rudp::least_datagram - rudp::seal_size);
            if (room.empty()) return true;
            const std::size_t size = talk.receiver.poll_transmit(now, room);
            if (size == 0) break;
            out.add({talk.call.server, {}}, size);
        }
        ready_.pop_front();
        talk.ready = false;
        settle(now, slot);
    }
    return false;
}

/// It has nothing to send now.
void FetchLink::settle(Clock::time_point now, Slot slot) {
    Talk& talk = *slots_[slot];
    if (talk.receiver.ended()) tell_end(talk);
    if (!talk.receiver.finished()) {
        deadlines_.set(slot, talk.receiver.next_deadline());
        look_ = std::min(look_, now + look_period);
        return;
    }
    by_id_.erase(talk.receiver.connection());
    deadlines_.set(slot, Deadlines::Time::max());
    slots_[slot].reset();
    free_.push_back(slot);
}

void FetchLink::tell_end(Talk& talk) {
    if (talk.told) return;
    talk.told = true;
    const rudp::Ended& ended = *talk.receiver.ended();
    NETCOPY_LOG(debug) << talk.call.shown << ": the connection for '"
                       << escape(talk.call.transfer->name()) << "' has ended, code "
                       << static_cast<unsigned>(ended.code);
    const bool gone = for_good(ended) && (ended.by_peer || ended.code != rudp::CloseCode::done);
    talk.call.transfer->ended(talk.call.source, fetch_error(ended, talk.was_open, talk.call.shown),
                              gone);
}

/// Whoever is done may help another, and who is silent is to be helped.
void FetchLink::look_at_all(Clock::time_point now) {
    look_ = Clock::time_point::max();
    for (Slot slot = 0; slot < slots_.size(); ++slot) {
        if (!slots_[slot]) continue;
        wish(now, *slots_[slot]);
        wake(slot);
        look_ = now + look_period;
    }
}

Clock::time_point FetchLink::next_deadline() {
    {
        const std::lock_guard lock(mutex_);
        if (!wanted_.empty()) return Clock::time_point::min();
    }
    Clock::time_point next = std::min(deadlines_.next(), look_);
    for (const auto& talk : bare_) next = std::min(next, talk->next_deadline());
    return next;
}

}  // namespace netcopy
