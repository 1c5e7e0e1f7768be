#include "base/progress.hpp"

namespace netcopy {

std::shared_ptr<FileProgress> TreeProgress::begin(std::string name, std::uint64_t size) {
    auto file = std::make_shared<FileProgress>(std::move(name));
    file->total = size;
    const std::lock_guard lock(mutex_);
    std::erase_if(active_, [](const auto& each) { return each.expired(); });
    active_.push_back(file);
    return file;
}

std::vector<std::shared_ptr<FileProgress>> TreeProgress::active() const {
    std::vector<std::shared_ptr<FileProgress>> shown;
    const std::lock_guard lock(mutex_);
    for (const auto& each : active_) {
        if (auto file = each.lock()) shown.push_back(std::move(file));
    }
    return shown;
}

}  // namespace netcopy
