#include "session/registry_announce.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <random>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "net/together.hpp"
#include "session/copy_connection.hpp"
#include "session/registry_announce_session.hpp"
#include "session/shared_folder.hpp"
#include "wire/registry.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

/// Not all at the same moment: between a half and the whole of it.
Clock::duration shortened(Clock::duration pause) {
    static thread_local std::minstd_rand random(std::random_device{}());
    const auto half = pause / 2;
    return half +
           Clock::duration(std::uniform_int_distribution<Clock::rep>(0, half.count())(random));
}

}  // namespace

struct Announcer::State : std::enable_shared_from_this<State> {
    State(AnnouncerPlan plan_, SharedFolder& folder_, const Executor& executor_)
        : plan(std::move(plan_)),
          folder(folder_),
          executor(executor_),
          changed(executor_, Clock::time_point::max()),
          stopping(executor_, Clock::time_point::max()),
          link{plan, folder, changed,
               [this](const std::string& peer, std::size_t files) { tell(peer, files); }} {}

    Task<> run();
    Task<> keep_announcing();
    Task<> wait_for_stop();
    Task<Error> announce();
    Task<Error> announce_on(Stream& stream, Task<Error> (*by)(AnnouncerLink&, Stream&));
    Task<Result<CopyConnectionPtr>> open();
    void follow();
    void tell(const std::string& peer, std::size_t files);
    void complain(const Error& error, bool was_registered);

    const AnnouncerPlan plan;
    SharedFolder& folder;
    const Executor executor;
    Timer changed;   // cancelled when the list has
    Timer stopping;  // cancelled by stop()
    AnnouncerLink link;
    std::atomic<bool> waking = false;
    bool stopped = false;
    bool registered = false;
    bool told = false;  // that there is no master
};

Announcer::Announcer(AnnouncerPlan plan, SharedFolder& folder, const Executor& executor)
    : state_(std::make_shared<State>(std::move(plan), folder, executor)) {}

Announcer::~Announcer() = default;

Task<> Announcer::run() {
    const auto state = state_;
    co_await state->run();
}

void Announcer::stop() {
    state_->stopped = true;
    state_->stopping.cancel();
}

bool Announcer::registered() const { return state_->registered; }

Task<> Announcer::State::run() {
    follow();
    const auto part = [this](std::size_t number) {
        return number == 0 ? keep_announcing() : wait_for_stop();
    };
    try {
        co_await run_together(2, part);
    } catch (const system_error&) {
        // Stopped, or cancelled.
    }
    registered = false;
    folder.follow_changes({});
}

void Announcer::State::follow() {
    folder.follow_changes([weak = weak_from_this(), executor = executor] {
        const auto strong = weak.lock();
        if (!strong || strong->waking.exchange(true)) return;
        asio::post(executor, [strong] {
            strong->waking = false;
            strong->changed.cancel();
        });
    });
}

/// Ends by an exception, which cancels what goes on beside it.
Task<> Announcer::State::wait_for_stop() {
    while (!stopped) co_await stopping.async_wait(asio::as_tuple(UseTask()));
    throw system_error(asio::error::operation_aborted);
}

Task<> Announcer::State::keep_announcing() {
    Clock::duration pause = plan.first_pause;
    for (;;) {
        const auto began = Clock::now();
        const Error error = co_await announce();
        const bool was_registered = std::exchange(registered, false);
        // One that lets us in and throws us out is not to be asked twice a second.
        if (was_registered && Clock::now() - began > limits::registry_silence) {
            pause = plan.first_pause;
        }
        const bool renewed = error == Errc::interrupted;
        if (!renewed) complain(error, was_registered);
        Timer timer(executor, shortened(renewed ? plan.first_pause : pause));
        co_await timer.async_wait(UseTask());
        if (!renewed) pause = std::min<Clock::duration>(pause * 2, plan.longest_pause);
    }
}

/// One connection to the master, from its beginning to its end.
Task<Error> Announcer::State::announce() {
    if (plan.dialects != Dialects::seed) {
        const auto opened = co_await open();
        if (!opened) co_return opened.error();
        if (*opened) co_return co_await announce_on((*opened)->stream, announce_by_netcopy);
        if (plan.dialects == Dialects::netcopy) {
            co_return make_error(Errc::protocol,
                                 to_string(plan.master) + " speaks no netcopy/1, or is no master");
        }
    }
    auto dialled = co_await dial(plan.master, {});
    if (!dialled) co_return dialled.error();
    Stream stream(std::move(dialled->socket), dialled->peer);
    co_return co_await announce_on(stream, announce_by_seed);
}

Task<Result<CopyConnectionPtr>> Announcer::State::open() {
    wire::CopyOpening opening;
    opening.purpose = wire::registry_register;
    // A master that need not be told from another make's may take its time.
    const bool sure = plan.dialects == Dialects::netcopy;
    const Clock::duration patience = sure ? Clock::duration(limits::message) : netcopy_patience;
    co_return co_await open_copy(plan.master, {}, std::move(opening), patience);
}

Task<Error> Announcer::State::announce_on(Stream& stream,
                                          Task<Error> (*by)(AnnouncerLink&, Stream&)) {
    const std::string peer = stream.peer();
    try {
        co_return co_await by(link, stream);
    } catch (const system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        co_return Error{error.code(), peer + ": " + error.code().message()};
    }
}

void Announcer::State::tell(const std::string& peer, std::size_t files) {
    NETCOPY_LOG(info) << "registered with the master " << peer << ": " << files << " files";
    registered = true;
    told = false;
}

/// Once for each time that the master is away.
void Announcer::State::complain(const Error& error, bool was_registered) {
    if (std::exchange(told, true)) {
        NETCOPY_LOG(debug) << "no master: " << error.context;
        return;
    }
    NETCOPY_LOG(warning) << (was_registered ? "the master is lost: " : "no master: ")
                         << error.context
                         << "; serving goes on, and the master is tried again and again";
}

}  // namespace netcopy
