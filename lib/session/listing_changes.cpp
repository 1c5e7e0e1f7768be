#include "session/listing_changes.hpp"

#include <algorithm>

namespace netcopy {

void ListingChanges::follow(std::function<void()> changed) {
    changed_ = std::move(changed);
    if (changed_) return;
    first_ = version();
    names_.clear();
}

void ListingChanges::add(std::string_view name) {
    if (!changed_) return;
    names_.emplace_back(name);
    if (names_.size() > most_kept) {
        names_.pop_front();
        ++first_;
    }
    changed_();
}

ListingChanges::Since ListingChanges::since(std::uint64_t version, std::size_t most) const {
    Since since;
    since.lost = version < first_;
    if (since.lost) {
        since.version = this->version();
        return since;
    }
    const auto skipped = static_cast<std::size_t>(version - first_);
    const std::size_t count = std::min(most, names_.size() - skipped);
    const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(skipped);
    since.names.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    since.version = version + count;
    return since;
}

}  // namespace netcopy
