#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.hpp"

namespace netcopy {

/// Names of files that are to be hashed, each from a time on, the one that is due first in front.
/// Counts them into a progress, to which it adds what a name stands for and takes it back when the
/// name is dropped. Not thread-safe.
class PendingNames {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit PendingNames(TreeProgress& progress) : progress_(&progress) {}

    /// Adds a name or moves its time. `size`: bytes to be hashed, as far as one knows.
    void put(const std::string& name, std::uint64_t size, Time due);
    void drop(const std::string& name);
    bool contains(const std::string& name) const { return names_.contains(name); }
    bool empty() const { return names_.empty(); }
    std::optional<Time> due() const;
    std::vector<std::string> names() const;

    struct Taken {
        std::string name;
        std::uint64_t size;  ///< stays counted: finish() or give_back() it
    };
    /// The first that is due by now.
    std::optional<Taken> take(Time now);
    /// One that was taken is done: so many of its bytes were hashed.
    void finish(const Taken& taken, std::uint64_t hashed);
    /// One that was taken is not going to be done, after so many bytes.
    void give_back(const Taken& taken, std::uint64_t hashed);

private:
    struct Pending {
        std::uint64_t size;
        Time due;
    };
    TreeProgress* progress_;
    std::map<std::string, Pending> names_;
    std::set<std::pair<Time, std::string>> order_;
};

}  // namespace netcopy
