#include <boost/json.hpp>

#include "app/render.hpp"
#include "app/render_state.hpp"
#include "app/utf8.hpp"

namespace netcopy::app {
namespace {

using namespace std::chrono_literals;

constexpr auto bar_period = 150ms;
constexpr auto meter_period = 1s;  // of the displays that print lines
constexpr auto first_line_after = 5s;
constexpr auto line_period = 10s;

std::optional<std::uint64_t> total_of(const Progress& progress) {
    const std::uint64_t total = progress.total.load(std::memory_order_relaxed);
    return total == Progress::unknown ? std::nullopt : std::optional(total);
}

}  // namespace

Renderer::Display::Display(std::shared_ptr<State> state, std::string label,
                           const Progress& progress)
    : state_(std::move(state)),
      label_(printable(label)),
      progress_(progress),
      timer_(state_->io.get_executor()),
      started_(Clock::now()),
      next_line_(started_ + first_line_after) {
    meter_.add(progress_.bytes.load(std::memory_order_relaxed), started_);
}

Renderer::Display::~Display() {
    if (shown_) {
        state_->terminal.erase();
        state_->showing = false;
    }
    const bool lines = state_->shows == Shows::bar || state_->shows == Shows::plain;
    if (!lines || !finished_) return;
    try {
        state_->err(last_line(Clock::now()));
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
    meter_.add(progress_.bytes.load(std::memory_order_relaxed), now);
    switch (state_->shows) {
        case Shows::nothing:
            break;
        case Shows::bar:
            draw(now);
            break;
        case Shows::plain:
            if (now >= next_line_) print_plain(now);
            break;
        case Shows::json:
            print_json();
            break;
    }
}

void Renderer::Display::draw(Clock::time_point now) {
    if (!in_foreground()) return state_->terminal.forget();
    const bool stalled = meter_.stalled(now);
    const ProgressView view{.label = label_,
                            .bytes = progress_.bytes.load(std::memory_order_relaxed),
                            .total = total_of(progress_),
                            .rate = meter_.rate(),
                            .stalled = stalled,
                            .elapsed = std::chrono::floor<std::chrono::seconds>(now - started_)};
    // The last column stays free: a character there makes some terminals start a new line.
    std::string line = progress_line(view, terminal_width() - 1);
    if (state_->color && stalled) line = "\x1b[33m" + line + "\x1b[0m";
    state_->terminal.draw(std::move(line));
}

void Renderer::Display::print_plain(Clock::time_point now) {
    next_line_ = now + line_period;
    const std::uint64_t bytes = progress_.bytes.load(std::memory_order_relaxed);
    std::string line = "'" + label_ + "': " + format_bytes(bytes);
    if (const auto total = total_of(progress_); total && *total > 0) {
        const double share = static_cast<double>(bytes) / static_cast<double>(*total);
        line += " of " + format_bytes(*total) + " (" +
                std::to_string(static_cast<int>(std::min(share, 1.0) * 100)) + "%)";
    }
    line += meter_.stalled(now) ? ", stalled" : ", " + format_rate(meter_.rate());
    state_->err(line + "\n");
}

void Renderer::Display::print_json() {
    const auto total = total_of(progress_);
    const boost::json::object object{
        {"event", "progress"},
        {"bytes", progress_.bytes.load(std::memory_order_relaxed)},
        {"total", total ? boost::json::value(*total) : boost::json::value(nullptr)},
        {"rate", static_cast<std::uint64_t>(meter_.rate())}};
    state_->out_or_say(boost::json::serialize(object) + "\n");
}

std::string Renderer::Display::last_line(Clock::time_point now) const {
    const std::uint64_t bytes = progress_.bytes.load(std::memory_order_relaxed);
    const std::chrono::duration<double> took = now - started_;
    std::string line = "'" + label_ + "': " + format_bytes(bytes) + " in " +
                       format_duration(std::chrono::round<std::chrono::seconds>(took));
    if (bytes > 0 && took.count() > 0) {
        line += ", " + format_rate(static_cast<double>(bytes) / took.count());
    }
    return line + "\n";
}

}  // namespace netcopy::app
