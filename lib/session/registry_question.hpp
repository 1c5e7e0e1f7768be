#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/registry_client.hpp"

namespace netcopy {

/// What a CatalogueQuestion asks for, as ranges of names in bytewise order that do not overlap.
class NameRanges {
public:
    struct Range {
        std::string first;
        std::optional<std::string> end;  ///< the first name behind it; none: there is no such
    };

    explicit NameRanges(const CatalogueQuestion& question);

    const std::vector<Range>& ranges() const { return ranges_; }
    bool contains(std::string_view name) const;
    /// The first range that has names from `name` on; null: none.
    const Range* from(std::string_view name) const;

private:
    std::vector<Range> ranges_;
};

}  // namespace netcopy
