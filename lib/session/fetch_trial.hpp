#pragma once

#include <optional>
#include <vector>

#include "session/fetch_plan.hpp"

namespace netcopy {

/// Finds out who lied, when all bytes are here and the file's digest does not match: one source
/// after the other is left out, and what it had delivered fetched from the others, until the digest
/// matches; who was left out then is the liar. When several lied that is in vain, and the file is
/// fetched from each source alone. Sans-io; the bytes are fetched by whoever asks.
class FetchTrial {
public:
    using Source = FetchPlan::Source;
    struct Step {
        Source source = 0;
        bool alone = false;  ///< only from it; else only from the others
    };

    /// `local`: the bytes of an earlier attempt, which nobody can be asked for again.
    FetchTrial(const FetchPlan& plan, std::size_t sources, std::optional<Source> local);

    /// What to try next, after the digest did not match (again). None: all has been tried.
    std::optional<Step> next();
    /// The digest matches: who was lying, as far as that is certain.
    std::vector<Source> liars() const;

private:
    std::vector<Step> steps_;
    std::size_t tried_ = 0;
    std::vector<Source> proven_;  // alone, and wrong
};

}  // namespace netcopy
