#include "session/shared_files.hpp"

#include <algorithm>
#include <utility>

namespace netcopy {

std::optional<std::string> SharedFiles::put(std::string_view name, KnownFile known) {
    auto place = listed_.lower_bound(name);
    const bool listed = place != listed_.end() && place->first == name;
    if (listed && place->second.file.same_file(known.file) &&
        place->second.digests == known.digests) {
        const bool touched = place->second.file.status.mtime != known.file.status.mtime;
        place->second = known;
        if (touched) changes_.add(name);
        return std::nullopt;
    }
    if (listed || left_out_.contains(name)) {
        // What the name had may be on its way to another one: two names can be exchanged.
        depart(name);
        place = listed_.lower_bound(name);
    }
    departed_.erase(known.file.inode);
    if (const Entry* const other =
            collision(known.digests.md5_text(), known.digests.sha256_text())) {
        left_out_.insert_or_assign(std::string(name), known);
        return other->first;
    }
    const auto entry = listed_.emplace_hint(place, name, known);
    by_id_.emplace(&*entry);
    by_inode_.emplace(known.file.inode, &*entry);
    changes_.add(name);
    return std::nullopt;
}

/// The name is no more; what it had is handed over.
std::optional<KnownFile> SharedFiles::take(std::string_view name) {
    if (const auto out = left_out_.find(name); out != left_out_.end()) {
        const KnownFile known = out->second;
        left_out_.erase(out);
        return known;
    }
    const auto entry = listed_.find(name);
    if (entry == listed_.end()) return std::nullopt;
    const KnownFile known = entry->second;
    by_id_.erase(IdKey(&*entry));
    const auto [begin, end] = by_inode_.equal_range(known.file.inode);
    by_inode_.erase(
        std::find_if(begin, end, [&](const auto& each) { return each.second == &*entry; }));
    listed_.erase(entry);
    changes_.add(name);
    list_left_out(known.digests.md5_text());
    return known;
}

void SharedFiles::remove(std::string_view name) {
    if (const auto known = take(name)) forgotten_.push_back(known->file.inode);
}

void SharedFiles::depart(std::string_view name) {
    if (const auto known = take(name)) remember(*known);
}

std::vector<std::string> SharedFiles::invalidate(std::uint64_t inode) {
    std::vector<std::string> had = names_of(inode);
    for (const std::string& name : had) take(name);
    departed_.erase(inode);
    forgotten_.push_back(inode);
    return had;
}

void SharedFiles::settle(std::uint64_t inode) {
    const auto [begin, end] = by_inode_.equal_range(inode);
    for (auto each = begin; each != end; ++each) {
        listed_.find(each->second->first)->second.racy = false;
    }
}

void SharedFiles::remember(const KnownFile& known) {
    const std::uint64_t inode = known.file.inode;
    if (departed_.insert_or_assign(inode, known).second) departures_.push_back(inode);
    while (departures_.size() > most_departed) {
        const std::uint64_t oldest = departures_.front();
        departures_.pop_front();
        if (departed_.erase(oldest) != 0) forgotten_.push_back(oldest);
    }
}

void SharedFiles::forget_departed() {
    for (const auto& [inode, known] : departed_) forgotten_.push_back(inode);
    departed_.clear();
    departures_.clear();
}

/// One that collided may be listed when what it collided with is gone.
void SharedFiles::list_left_out(std::string_view md5) {
    for (auto each = left_out_.begin(); each != left_out_.end();) {
        const auto at = each++;
        const ContentDigests& digests = at->second.digests;
        if (digests.md5_text() != md5 || collision(md5, digests.sha256_text())) continue;
        const auto out = left_out_.extract(at);
        put(out.key(), out.mapped());
    }
}

const KnownFile* SharedFiles::find(std::string_view name) const {
    if (const auto entry = listed_.find(name); entry != listed_.end()) return &entry->second;
    const auto out = left_out_.find(name);
    return out == left_out_.end() ? nullptr : &out->second;
}

const KnownFile* SharedFiles::find_content(const FlatFile& file) const {
    const auto [begin, end] = by_inode_.equal_range(file.inode);
    for (auto each = begin; each != end; ++each) {
        const KnownFile& known = each->second->second;
        if (known.file.same_content(file)) return &known;
    }
    const auto departed = departed_.find(file.inode);
    if (departed == departed_.end() || !departed->second.file.same_content(file)) return nullptr;
    return &departed->second;
}

const SharedFiles::Entry* SharedFiles::first_id(std::string_view digits) const {
    const auto found = by_id_.lower_bound(digits);
    return found == by_id_.end() ? nullptr : found->entry;
}

const SharedFiles::Entry* SharedFiles::first_id_behind(std::string_view digits) const {
    // No hex digit is greater than 'f'.
    const auto found = by_id_.lower_bound(std::string_view(std::string(digits) + 'g'));
    return found == by_id_.end() ? nullptr : found->entry;
}

const SharedFiles::Entry* SharedFiles::find_id(std::string_view md5) const {
    const Entry* const found = first_id(md5);
    return found != nullptr && found->second.digests.md5_text() == md5 ? found : nullptr;
}

const SharedFiles::Entry* SharedFiles::twin(std::string_view name) const {
    const auto entry = listed_.find(name);
    if (entry == listed_.end()) return nullptr;
    const KnownFile& known = entry->second;
    const auto [begin, end] = by_id_.equal_range(known.digests.md5_text());
    const auto other = std::find_if(begin, end, [&](const IdKey& each) {
        return !each.entry->second.file.same_file(known.file);
    });
    return other == end ? nullptr : other->entry;
}

const SharedFiles::Entry* SharedFiles::collision(std::string_view md5,
                                                 std::string_view sha256) const {
    // Of those that are listed no two collide.
    const Entry* const found = find_id(md5);
    return found != nullptr && found->second.digests.sha256_text() != sha256 ? found : nullptr;
}

std::vector<std::string> SharedFiles::names() const {
    std::vector<std::string> all;
    all.reserve(listed_.size() + left_out_.size());
    for (const auto& [name, known] : listed_) all.push_back(name);
    for (const auto& [name, known] : left_out_) all.push_back(name);
    return all;
}

std::vector<std::string> SharedFiles::names_of(std::uint64_t inode) const {
    std::vector<std::string> all;
    const auto [begin, end] = by_inode_.equal_range(inode);
    for (auto each = begin; each != end; ++each) all.push_back(each->second->first);
    for (const auto& [name, known] : left_out_) {
        if (known.file.inode == inode) all.push_back(name);
    }
    return all;
}

std::vector<std::uint64_t> SharedFiles::take_forgotten() {
    auto forgotten = std::exchange(forgotten_, {});
    std::erase_if(forgotten, [this](std::uint64_t inode) {
        return by_inode_.contains(inode) || departed_.contains(inode);
    });
    return forgotten;
}

}  // namespace netcopy
