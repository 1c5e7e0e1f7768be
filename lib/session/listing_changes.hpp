#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace netcopy {

/// Which names have been listed, have changed or have left a shared folder of late. Nothing is kept
/// until somebody follows. Not thread-safe.
class ListingChanges {
public:
    static constexpr std::size_t most_kept = 65'536;

    /// `changed` is called by add(); it must not block. Empty: nobody follows any more, and what is
    /// kept is forgotten.
    void follow(std::function<void()> changed);
    void add(std::string_view name);

    /// Changes so far.
    std::uint64_t version() const { return first_ + names_.size(); }

    struct Since {
        std::vector<std::string> names;  ///< the oldest first; one may come again
        std::uint64_t version = 0;       ///< behind the last of them
        bool lost = false;               ///< more has changed than is kept: look at everything
    };
    /// Up to `most` behind that version.
    Since since(std::uint64_t version, std::size_t most) const;

private:
    std::function<void()> changed_;
    std::deque<std::string> names_;
    std::uint64_t first_ = 0;  // number of the first in names_
};

}  // namespace netcopy
