#include "session/stamp.hpp"

#include <ctime>

namespace netcopy {

std::string stamped(std::string_view name) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    char stamp[32];
    const std::size_t size = std::strftime(stamp, sizeof stamp, "%Y%m%d_%H%M%S_", &local);
    return std::string(stamp, size) + std::string(name);
}

}  // namespace netcopy
