#include "session/copy_send.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <list>
#include <random>

#include "base/log.hpp"
#include "net/exchange.hpp"
#include "net/readable.hpp"
#include "session/copy_connection.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

constexpr auto nothrow = asio::as_tuple(UseTask());
constexpr std::size_t most_automatic = 4;
/// Another connection is tried after so long, and one more if the rate has grown by so much.
constexpr std::chrono::milliseconds first_trial{25};  // each the double of the one before
constexpr double worth_it = 1.1;
constexpr std::chrono::milliseconds first_pause{250};
constexpr std::chrono::milliseconds longest_pause{8000};

}  // namespace

struct CopySend::State : std::enable_shared_from_this<CopySend::State> {
    State(CopySendPlan plan_, DiskPool& disk_, CopyQueue& queue_)
        : plan(std::move(plan_)), disk(disk_), queue(queue_) {}

    struct Worker {
        asio::cancellation_signal cancel;
        CopyConnectionPtr connection;
    };

    Task<> work(Worker& worker);
    Task<bool> converse(Worker& worker);
    Task<bool> reconnect(Worker& worker, std::uint64_t tries);
    void start_worker(CopyConnectionPtr connection);
    void retire(Worker& worker);
    Task<> grow();
    std::uint64_t work_done() const;
    Task<> finish_workers();
    void wake_all();

    const CopySendPlan plan;
    DiskPool& disk;
    CopyQueue& queue;
    std::string session;
    std::string peer;
    CopyConnectionPtr first;
    std::list<Worker> workers;
    std::list<Worker> retired;     // their cancellation signals must outlive them
    std::optional<Timer> changed;  // cancelled when a worker ends
    Error last_error;              // why the last connection broke
    std::atomic<bool> waking{false};
    std::optional<Executor> executor;
};

CopySend::CopySend(CopySendPlan plan, DiskPool& disk, CopyQueue& queue)
    : state_(std::make_shared<State>(std::move(plan), disk, queue)) {
    std::random_device random;
    std::array<std::uint32_t, 4> words{};
    std::ranges::generate(words, std::ref(random));
    state_->session = to_hex(std::as_bytes(std::span(words)));
}

CopySend::~CopySend() = default;

const std::string& CopySend::peer() const { return state_->peer; }

Task<Result<bool>> CopySend::connect() {
    State& state = *state_;
    state.executor = co_await asio::this_coro::executor;
    auto opened = co_await open_copy(state.plan.endpoint, state.plan.dialing,
                                     state.plan.options.digests, state.session,
                                     state.plan.only_netcopy ? limits::message : netcopy_patience);
    if (!opened) co_return opened.error();
    state.first = std::move(*opened);
    if (!state.first) {
        if (state.plan.only_netcopy) co_return false;
        NETCOPY_LOG(warning)
            << to_string(state.plan.endpoint)
            << " does not answer as a netcopy within 500 ms: another program, or a "
               "slow link; --protocol netcopy insists";
        co_return false;
    }
    state.peer = state.first->stream.peer();
    co_return true;
}

Task<Result<>> CopySend::run() {
    State& state = *state_;
    co_await asio::this_coro::throw_if_cancelled(false);
    state.changed.emplace(*state.executor);
    state.queue.on_change([weak = std::weak_ptr(state_)] {
        const auto self = weak.lock();
        if (!self || self->waking.exchange(true)) return;
        asio::post(*self->executor, [self] { self->wake_all(); });
    });
    state.start_worker(std::move(state.first));
    std::exception_ptr failed;  // cancelled while a connection was being opened
    try {
        co_await state.grow();
    } catch (...) {
        failed = std::current_exception();
    }
    co_await state.finish_workers();
    if (failed) std::rethrow_exception(failed);
    co_await stop_if_cancelled();
    if (state.queue.finished()) co_return Result<>();
    const Error& last = state.last_error;
    const Errc kind = last == Errc::timed_out ? Errc::timed_out : Errc::connection_lost;
    co_return make_error(kind, "lost the connection to " + state.peer + ": " + last.context);
}

/// As long as there is work: with a fixed number all connections at once, else one more as long
/// as the last one has helped.
Task<> CopySend::State::grow() {
    const bool automatic = plan.connections == 0;
    const std::size_t most = automatic ? most_automatic : plan.connections;
    bool growing = !plan.options.ask;
    double best = 0;
    auto trial = first_trial;
    while (!workers.empty()) {
        growing = growing && workers.size() < most && queue.has_more();
        const std::uint64_t before = work_done();
        const auto began = Clock::now();
        if (automatic || !growing) {
            changed->expires_at(growing ? began + trial : Clock::time_point::max());
            co_await changed->async_wait(nothrow);
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) co_return;
            if (!growing || workers.empty()) continue;
            const std::chrono::duration<double> took = Clock::now() - began;
            const double rate = static_cast<double>(work_done() - before) / took.count();
            growing = rate > best * worth_it;
            best = std::max(best, rate);
            trial *= 2;
            if (!growing) continue;
        }
        auto opened = co_await open_copy(plan.endpoint, DialOptions{plan.dialing.timeout},
                                         plan.options.digests, session, limits::message);
        growing = opened && *opened;
        if (growing) start_worker(std::move(*opened));
    }
}

/// Of a small file most of the work is not its bytes.
std::uint64_t CopySend::State::work_done() const {
    constexpr std::uint64_t file = 4096;  // bytes' worth
    return queue.progress().bytes + file * queue.progress().files;
}

/// Those that are left when the run is cancelled.
Task<> CopySend::State::finish_workers() {
    for (Worker& worker : workers) worker.cancel.emit(asio::cancellation_type::terminal);
    while (!workers.empty()) {
        changed->expires_at(Clock::time_point::max());
        Timer& timer = *changed;
        // The run's own cancellation must not end this wait.
        co_await timer.async_wait(asio::bind_cancellation_slot(asio::cancellation_slot(), nothrow));
    }
}

void CopySend::State::start_worker(CopyConnectionPtr connection) {
    Worker& worker = workers.emplace_back();
    worker.connection = std::move(connection);
    auto task = [self = shared_from_this(), &worker]() -> Task<> {
        co_await self->work(worker);
        self->retire(worker);
    };
    asio::co_spawn(*executor, std::move(task),
                   asio::bind_cancellation_slot(worker.cancel.slot(), asio::detached));
}

void CopySend::State::retire(Worker& worker) {
    worker.connection.reset();
    const auto place =
        std::ranges::find_if(workers, [&worker](const Worker& each) { return &each == &worker; });
    retired.splice(retired.end(), workers, place);
    changed->cancel();
}

void CopySend::State::wake_all() {
    waking = false;
    for (const Worker& worker : workers) {
        if (worker.connection) worker.connection->stream.wake();
    }
}

/// One connection after the other until everything is done. Of several workers only the last one
/// left tries again.
Task<> CopySend::State::work(Worker& worker) {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::uint64_t fruitless = 0;
    try {
        while (worker.connection) {
            if (co_await converse(worker)) co_return;
            fruitless = worker.connection->fruitful ? 0 : fruitless + 1;
            worker.connection.reset();
            if (queue.finished() || workers.size() > 1 || fruitless > plan.retries) co_return;
            if (!co_await reconnect(worker, fruitless)) co_return;
        }
    } catch (const system_error& error) {
        if (error.code() != asio::error::operation_aborted)
            last_error = {error.code(), error.what()};
    } catch (const std::exception& error) {
        last_error = make_error(Errc::failed, error.what());
    }
}

/// Until the connection has done its work (true) or has broken.
Task<bool> CopySend::State::converse(Worker& worker) {
    CopyConnection& connection = *worker.connection;
    tune_for_neighbour(connection.stream.socket());
    CopySenderOptions options = plan.options;
    options.window = connection.window;
    options.window_bytes = connection.window_bytes;
    CopySender sender(queue, std::move(options), connection.stream.peer(),
                      [weak = std::weak_ptr(worker.connection), on = *executor](int descriptor) {
                          wake_when_readable(weak, on, descriptor);
                      });
    ExchangeLimits limits;
    limits.stall = plan.stall;
    limits.sending = plan.rate;
    Result<> done;
    std::exception_ptr cancelled;
    try {
        done = co_await exchange(connection.stream, disk, sender, limits);
    } catch (const system_error& error) {
        if (error.code() == asio::error::operation_aborted) {
            cancelled = std::current_exception();
        } else {
            done = stream_error(error, "connection to " + connection.stream.peer());
        }
    }
    connection.give_up_waiting.emit(asio::cancellation_type::terminal);
    connection.fruitful = sender.fruitful();
    if (cancelled) std::rethrow_exception(cancelled);
    if (done) co_return true;
    last_error = done.error();
    if (!queue.finished()) NETCOPY_LOG(warning) << last_error.context;
    co_return false;
}

Task<bool> CopySend::State::reconnect(Worker& worker, std::uint64_t tries) {
    auto pause = first_pause * (std::int64_t{1} << std::min<std::uint64_t>(tries, 5)) / 2;
    for (;; ++tries, pause *= 2) {
        Timer timer(*executor, std::min<std::chrono::milliseconds>(pause, longest_pause));
        co_await timer.async_wait(nothrow);
        co_await stop_if_cancelled();
        auto opened = co_await open_copy(plan.endpoint, DialOptions{plan.dialing.timeout},
                                         plan.options.digests, session, limits::message);
        if (opened && *opened) {
            worker.connection = std::move(*opened);
            co_return true;
        }
        if (!opened) last_error = opened.error();
        NETCOPY_LOG(warning) << last_error.context;
        if (tries >= plan.retries) co_return false;
    }
}

}  // namespace netcopy
