#include "session/receive_room.hpp"

namespace netcopy {

Task<Result<std::optional<NoRoom>>> reserve_room(DiskPool& disk, Tree& tree, std::uint64_t max_size,
                                                 Quota* quota, QuotaShare& share,
                                                 std::uint64_t size, std::uint64_t more) {
    const std::string has = "it has " + std::to_string(size) + " bytes, ";
    std::optional<NoRoom> no;
    if (size > max_size) {
        no = NoRoom{"the file is too large", has + "more than --max-size allows"};
    } else if (!share.reserve(quota, more)) {
        no = NoRoom{"there is no room for it", has + "more than --quota leaves"};
    }
    if (no) co_return no;
    const auto room = co_await disk.run([&tree] { return tree.free_space(); });
    if (!room) co_return room.error();
    if (*room < more) {
        no = NoRoom{"there is no room for it", has + "but " + std::to_string(*room) + " are free"};
    }
    co_return no;
}

}  // namespace netcopy
