#include "session/fetch_trial.hpp"

namespace netcopy {

FetchTrial::FetchTrial(const FetchPlan& plan, std::size_t sources, std::optional<Source> local) {
    const std::vector<Source> contributors = plan.contributors();
    const std::size_t servers = sources - (local ? 1 : 0);
    for (const Source each : contributors) {
        const bool is_local = local && each == *local;
        if (servers > (is_local ? 0U : 1U)) steps_.push_back({each, false});
    }
    // With two sources "without one" is "the other alone".
    if (contributors.size() < 2 || servers < 2) return;
    for (Source each = 0; each < sources; ++each) {
        const bool is_local = local && each == *local;
        if (!is_local) steps_.push_back({each, true});
    }
}

std::optional<FetchTrial::Step> FetchTrial::next() {
    if (tried_ > 0 && steps_[tried_ - 1].alone) proven_.push_back(steps_[tried_ - 1].source);
    if (tried_ == steps_.size()) return std::nullopt;
    return steps_[tried_++];
}

std::vector<FetchTrial::Source> FetchTrial::liars() const {
    if (tried_ == 0) return {};
    const Step& last = steps_[tried_ - 1];
    if (last.alone) return proven_;
    return {last.source};
}

}  // namespace netcopy
