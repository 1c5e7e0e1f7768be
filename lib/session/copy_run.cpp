#include "session/copy_run.hpp"

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

struct CopyRun::State : std::enable_shared_from_this<CopyRun::State> {
    State(CopyRunPlan plan_, DiskPool& disk_, CopyWork& work_)
        : plan(std::move(plan_)), disk(disk_), work(work_) {}

    struct Worker {
        asio::cancellation_signal cancel;
        CopyConnectionPtr connection;
    };

    Task<CopyConnectionPtr> reuse(CopyConnectionPtr idle);
    Task<Result<CopyConnectionPtr>> open(DialOptions dialing, Clock::duration patience);
    Task<> serve(Worker& worker);
    Task<bool> converse(Worker& worker);
    Task<bool> reconnect(Worker& worker, std::uint64_t tries);
    void start_worker(CopyConnectionPtr connection);
    void retire(Worker& worker);
    Task<> grow();
    Task<> finish_workers();
    void wake_all();

    CopyRunPlan plan;
    DiskPool& disk;
    CopyWork& work;
    std::string peer;
    CopyConnectionPtr first;
    CopyConnectionPtr last;  // that came to its end in peace
    std::list<Worker> workers;
    std::list<Worker> retired;     // their cancellation signals must outlive them
    std::optional<Timer> changed;  // cancelled when a worker ends
    Error last_error;              // why the last connection broke
    std::atomic<bool> waking{false};
    std::optional<Executor> executor;
};

CopyRun::CopyRun(CopyRunPlan plan, DiskPool& disk, CopyWork& work)
    : state_(std::make_shared<State>(std::move(plan), disk, work)) {
    std::random_device random;
    std::array<std::uint32_t, 4> words{};
    std::ranges::generate(words, std::ref(random));
    state_->plan.opening.session = to_hex(std::as_bytes(std::span(words)));
}

CopyRun::~CopyRun() = default;

const std::string& CopyRun::peer() const { return state_->peer; }

CopyConnectionPtr CopyRun::release() { return std::exchange(state_->last, nullptr); }

Task<Result<bool>> CopyRun::connect(CopyConnectionPtr idle) {
    State& state = *state_;
    state.executor = co_await asio::this_coro::executor;
    if (idle) {
        state.first = co_await state.reuse(std::move(idle));
    }
    if (!state.first) {
        auto opened = co_await state.open(
            state.plan.dialing, state.plan.only_netcopy ? limits::message : netcopy_patience);
        if (!opened) co_return opened.error();
        state.first = std::move(*opened);
    }
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

/// Null: the peer has closed it meanwhile, or says no; a new one will tell.
Task<CopyConnectionPtr> CopyRun::State::reuse(CopyConnectionPtr idle) {
    auto opened = co_await open_copy(std::move(idle), plan.opening, limits::message);
    if (!opened) co_return nullptr;
    co_return std::move(*opened);
}

Task<Result<CopyConnectionPtr>> CopyRun::State::open(DialOptions dialing,
                                                     Clock::duration patience) {
    return open_copy(plan.endpoint, dialing, plan.opening, patience);
}

Task<Result<>> CopyRun::run() {
    State& state = *state_;
    co_await asio::this_coro::throw_if_cancelled(false);
    state.changed.emplace(*state.executor);
    state.work.on_change([weak = std::weak_ptr(state_)] {
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
    if (state.work.finished()) co_return Result<>();
    const Error& last = state.last_error;
    const Errc kind = last == Errc::timed_out ? Errc::timed_out : Errc::connection_lost;
    co_return make_error(kind, "lost the connection to " + state.peer + ": " + last.context);
}

/// As long as there is work: with a fixed number all connections at once, else one more as long
/// as the last one has helped.
Task<> CopyRun::State::grow() {
    const bool automatic = plan.connections == 0;
    const std::size_t most = automatic ? most_automatic : plan.connections;
    bool growing = plan.grows;
    double best = 0;
    auto trial = first_trial;
    while (!workers.empty()) {
        growing = growing && workers.size() < most && work.has_more();
        const std::uint64_t before = work.done();
        const auto began = Clock::now();
        if (automatic || !growing) {
            changed->expires_at(growing ? began + trial : Clock::time_point::max());
            co_await changed->async_wait(nothrow);
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) co_return;
            if (!growing || workers.empty()) continue;
            const std::chrono::duration<double> took = Clock::now() - began;
            const double rate = static_cast<double>(work.done() - before) / took.count();
            growing = rate > best * worth_it;
            best = std::max(best, rate);
            trial *= 2;
            if (!growing) continue;
        }
        auto opened = co_await open(DialOptions{plan.dialing.timeout}, limits::message);
        growing = opened && *opened;
        if (growing) start_worker(std::move(*opened));
    }
}

/// Those that are left when the run is cancelled.
Task<> CopyRun::State::finish_workers() {
    for (Worker& worker : workers) worker.cancel.emit(asio::cancellation_type::terminal);
    while (!workers.empty()) {
        changed->expires_at(Clock::time_point::max());
        Timer& timer = *changed;
        // The run's own cancellation must not end this wait.
        co_await timer.async_wait(asio::bind_cancellation_slot(asio::cancellation_slot(), nothrow));
    }
}

void CopyRun::State::start_worker(CopyConnectionPtr connection) {
    Worker& worker = workers.emplace_back();
    worker.connection = std::move(connection);
    auto task = [self = shared_from_this(), &worker]() -> Task<> {
        co_await self->serve(worker);
        self->retire(worker);
    };
    asio::co_spawn(*executor, std::move(task),
                   asio::bind_cancellation_slot(worker.cancel.slot(), asio::detached));
}

void CopyRun::State::retire(Worker& worker) {
    worker.connection.reset();
    const auto place =
        std::ranges::find_if(workers, [&worker](const Worker& each) { return &each == &worker; });
    retired.splice(retired.end(), workers, place);
    changed->cancel();
}

void CopyRun::State::wake_all() {
    waking = false;
    for (const Worker& worker : workers) {
        if (worker.connection) worker.connection->stream.wake();
    }
}

/// One connection after the other until everything is done. Of several workers only the last one
/// left tries again.
Task<> CopyRun::State::serve(Worker& worker) {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::uint64_t fruitless = 0;
    try {
        while (worker.connection) {
            if (co_await converse(worker)) co_return;
            fruitless = worker.connection->fruitful ? 0 : fruitless + 1;
            worker.connection.reset();
            if (work.finished() || workers.size() > 1 || fruitless > plan.retries) co_return;
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
Task<bool> CopyRun::State::converse(Worker& worker) {
    CopyConnection& connection = *worker.connection;
    tune_for_neighbour(connection.stream.socket());
    const auto talk = work.talk(worker.connection, *executor);
    ExchangeLimits limits;
    limits.stall = plan.stall;
    limits.sending = plan.sending;
    limits.receiving = plan.receiving;
    Result<> done;
    std::exception_ptr cancelled;
    try {
        done = co_await exchange(connection.stream, disk, *talk, limits);
    } catch (const system_error& error) {
        if (error.code() == asio::error::operation_aborted) {
            cancelled = std::current_exception();
        } else {
            done = stream_error(error, "connection to " + connection.stream.peer());
        }
    }
    connection.give_up_waiting.emit(asio::cancellation_type::terminal);
    co_await disk.run([&talk] {
        talk->commit();
        return true;
    });
    connection.fruitful = talk->fruitful();
    if (cancelled) std::rethrow_exception(cancelled);
    if (done) {
        if (plan.keeps) last = worker.connection;
        co_return true;
    }
    last_error = done.error();
    if (!work.finished()) NETCOPY_LOG(warning) << last_error.context;
    co_return false;
}

Task<bool> CopyRun::State::reconnect(Worker& worker, std::uint64_t tries) {
    auto pause = first_pause * (std::int64_t{1} << std::min<std::uint64_t>(tries, 5)) / 2;
    for (;; ++tries, pause *= 2) {
        Timer timer(*executor, std::min<std::chrono::milliseconds>(pause, longest_pause));
        co_await timer.async_wait(nothrow);
        co_await stop_if_cancelled();
        auto opened = co_await open(DialOptions{plan.dialing.timeout}, limits::message);
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
