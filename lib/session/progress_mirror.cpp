#include "session/progress_mirror.hpp"

#include "base/error.hpp"

namespace netcopy {
namespace {

constexpr std::chrono::milliseconds period{100};

}  // namespace

ProgressMirror::ProgressMirror(const Executor& executor, TreeProgress& whole, const Progress& file,
                               std::uint64_t& counted)
    : timer_(executor), whole_(whole), file_(file), counted_(counted) {
    wait();
}

ProgressMirror::~ProgressMirror() { timer_.cancel(); }

void ProgressMirror::look() {
    const std::uint64_t bytes = file_.bytes;
    whole_.bytes += bytes - counted_;
    counted_ = bytes;
}

void ProgressMirror::wait() {
    timer_.expires_after(period);
    // A handler that is queued already cannot be cancelled any more.
    timer_.async_wait([this, here = std::weak_ptr(alive_)](const error_code& error) {
        if (error || here.expired()) return;
        look();
        wait();
    });
}

}  // namespace netcopy
