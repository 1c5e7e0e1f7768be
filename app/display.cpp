#include <boost/json.hpp>

#include "app/render.hpp"
#include "app/render_state.hpp"
#include "app/view.hpp"

namespace netcopy::app {
namespace {

using namespace std::chrono_literals;

constexpr auto bar_period = 150ms;
constexpr auto meter_period = 1s;  // of the displays that print lines
constexpr auto first_line_after = 5s;
constexpr auto line_period = 10s;

}  // namespace

Renderer::Display::Display(std::shared_ptr<State> state, std::unique_ptr<View> view)
    : state_(std::move(state)),
      view_(std::move(view)),
      timer_(state_->io.get_executor()),
      started_(Clock::now()),
      next_line_(started_ + first_line_after) {
    meter_.add(view_->bytes(), started_);
}

Renderer::Display::~Display() {
    if (shown_) {
        state_->terminal.erase();
        state_->showing = false;
    }
    const bool lines = state_->shows == Shows::bar || state_->shows == Shows::plain;
    if (!lines || !finished_) return;
    try {
        const std::string line = view_->last(moment(Clock::now()));
        if (!line.empty()) state_->err(line + "\n");
    } catch (const std::bad_alloc&) {
        // A remark is not worth the transfer.
    }
}

void Renderer::Display::start() {
    if (state_->shows == Shows::nothing || state_->showing) return;
    shown_ = state_->showing = true;
    wait();
}

void Renderer::Display::wait() {
    timer_.expires_after(state_->shows == Shows::bar ? Clock::duration(bar_period) : meter_period);
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->tick();
        self->wait();
    });
}

void Renderer::Display::tick() {
    const auto now = Clock::now();
    meter_.add(view_->bytes(), now);
    switch (state_->shows) {
        case Shows::nothing:
            break;
        case Shows::bar:
            draw(now);
            break;
        case Shows::plain:
            if (now < next_line_) break;
            next_line_ = now + line_period;
            state_->err(view_->plain(moment(now)) + "\n");
            break;
        case Shows::json:
            print_json();
            break;
    }
}

void Renderer::Display::draw(Clock::time_point now) {
    if (!in_foreground()) return state_->terminal.forget();
    const TerminalSize size = terminal_size();
    const Moment at = moment(now);
    // The last column stays free: a character there makes some terminals start a new line.
    std::vector<std::string> lines = view_->lines(at, size.columns - 1, size.rows);
    if (state_->color && at.stalled) lines.back() = "\x1b[33m" + lines.back() + "\x1b[0m";
    state_->terminal.draw(lines);
}

void Renderer::Display::print_json() {
    boost::json::object object{{"event", "progress"}};
    view_->fill(object);
    object["rate"] = static_cast<std::uint64_t>(meter_.rate());
    state_->out_or_say(boost::json::serialize(object) + "\n");
}

Moment Renderer::Display::moment(Clock::time_point now) const {
    return {now, meter_.rate(), meter_.stalled(now), now - started_};
}

}  // namespace netcopy::app
