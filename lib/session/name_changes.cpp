#include "session/name_changes.hpp"

#include <algorithm>
#include <utility>

namespace netcopy {

NameChanges::Tracked* NameChanges::find_or_add(std::string_view name) {
    auto found = names_.find(name);
    if (found == names_.end()) {
        if (names_.size() >= most) return nullptr;
        found = names_.emplace(std::string(name), Tracked()).first;
        found->second.file.origins.emplace_back(name);
    }
    return &found->second;
}

bool NameChanges::add(std::string_view name, const NameChange& change) {
    Tracked* const at = find_or_add(name);
    if (!at) return false;
    NameChange& all = at->seen.change;
    if (change.made || change.arrived || change.departed || change.removed) {
        all.closed = false;  // that was another file
        File file = std::exchange(at->file, {});
        if (change.departed) {
            moves_.push_back({change.move, std::string(name), std::move(file)});
            if (moves_.size() > most_moves) {
                lost_track_ |= moves_.front().file.written;
                moves_.pop_front();
            }
        } else {
            // By a link that was made to it before, it may go on under another name.
            lost_track_ |= file.written;
        }
        if (change.arrived) {
            at->replaced = std::move(file);
            arrive(std::string(name), *at, change.move);
        }
    }
    if (change.written) {
        at->file.written = true;
        at->seen.stale = true;
        for (const std::string& origin : at->file.origins) {
            const auto found = names_.find(origin);
            if (found != names_.end()) found->second.seen.stale = true;
        }
    }
    all.made |= change.made;
    all.closed |= change.closed;
    all.arrived |= change.arrived;
    all.departed |= change.departed;
    all.removed |= change.removed;
    all.touched |= change.touched;
    return true;
}

void NameChanges::arrive(const std::string& name, Tracked& at, std::uint32_t number) {
    const auto move = std::ranges::find(moves_, number, &Move::number);
    if (move == moves_.end()) return at.came_from.clear();  // from elsewhere
    at.file = std::move(move->file);
    at.came_from = std::move(move->from);
    moves_.erase(move);
    const auto other = names_.find(at.came_from);
    if (other == names_.end() || other->second.came_from != name) return;
    // There and back, or the two were exchanged, which is told in the same words: each may be
    // either.
    const File& replaced = other->second.replaced;
    at.file.written |= replaced.written;
    at.file.origins.insert(at.file.origins.end(), replaced.origins.begin(), replaced.origins.end());
    other->second.file = at.file;
}

NameChanges::Taken NameChanges::take() {
    Taken taken;
    taken.lost_track = std::exchange(lost_track_, false);
    for (auto& [name, at] : names_) {
        at.seen.change.written = at.file.written;
        taken.names.emplace_hint(taken.names.end(), name, at.seen);
    }
    names_.clear();
    return taken;
}

void NameChanges::clear() {
    names_.clear();
    moves_.clear();
}

}  // namespace netcopy
