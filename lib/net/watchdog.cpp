#include "net/watchdog.hpp"

namespace netcopy {

struct Watchdog::State : std::enable_shared_from_this<Watchdog::State> {
    State(const Executor& executor, std::function<void()> on_expiry)
        : timer(executor), bark(std::move(on_expiry)) {}

    void arm() {
        armed = deadline;
        timer.expires_at(deadline);
        timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
            if (!cancelled) self->ring();
        });
    }

    void ring() {
        armed = Clock::time_point::max();
        if (!bark || deadline == Clock::time_point::max()) return;
        if (Clock::now() < deadline) return arm();
        expired = true;
        bark();
    }

    Timer timer;
    std::function<void()> bark;  // empty once the owner is gone
    Clock::time_point deadline = Clock::time_point::max();
    Clock::time_point armed = Clock::time_point::max();
    bool expired = false;
};

Watchdog::Watchdog(const Executor& executor, std::function<void()> bark)
    : state_(std::make_shared<State>(executor, std::move(bark))) {}

Watchdog::~Watchdog() {
    state_->bark = nullptr;
    state_->timer.cancel();
}

void Watchdog::set(Clock::time_point deadline) {
    state_->deadline = deadline;
    state_->expired = false;
    if (deadline < state_->armed) state_->arm();
}

Clock::time_point Watchdog::deadline() const { return state_->deadline; }
bool Watchdog::expired() const { return state_->expired; }

}  // namespace netcopy
