#include "session/pending_names.hpp"

namespace netcopy {

void PendingNames::put(const std::string& name, std::uint64_t size, Time due) {
    drop(name);
    names_.emplace(name, Pending{size, due});
    order_.emplace(due, name);
    progress_->counting = true;
    ++progress_->files_total;
    progress_->total += size;
}

void PendingNames::drop(const std::string& name) {
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    const Pending pending = found->second;
    order_.erase({pending.due, name});
    names_.erase(found);
    --progress_->files_total;
    progress_->total -= pending.size;
}

std::optional<PendingNames::Time> PendingNames::due() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
}

std::vector<std::string> PendingNames::names() const {
    std::vector<std::string> all;
    for (const auto& [name, pending] : names_) all.push_back(name);
    return all;
}

std::optional<PendingNames::Taken> PendingNames::take(Time now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    const auto node = order_.extract(order_.begin());
    Taken taken{std::move(node.value().second), 0};
    const auto found = names_.find(taken.name);
    taken.size = found->second.size;
    names_.erase(found);
    return taken;
}

void PendingNames::finish(const Taken& taken, std::uint64_t hashed) {
    progress_->total += hashed - taken.size;  // modulo 2^64, as it may have shrunk
    ++progress_->files;
}

void PendingNames::give_back(const Taken& taken, std::uint64_t hashed) {
    progress_->total += hashed - taken.size;
    --progress_->files_total;
}

}  // namespace netcopy
