#include "file/share_blocks.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.hpp"

namespace netcopy {
namespace {

/// As much as Btrfs does at once; others do more.
constexpr std::uint64_t piece = 16 << 20;  // bytes

bool cannot(int reason) {
    return reason == EOPNOTSUPP || reason == ENOTTY || reason == ENOSYS || reason == EINVAL ||
           reason == EXDEV || reason == EPERM;
}

/// The kernel's file_dedupe_range with one target: the header alone ends in an empty array.
struct OneTarget {
    alignas(file_dedupe_range)
        std::array<std::byte, sizeof(file_dedupe_range) + sizeof(file_dedupe_range_info)> bytes{};

    file_dedupe_range& range() { return *reinterpret_cast<file_dedupe_range*>(bytes.data()); }
    file_dedupe_range_info& target() { return range().info[0]; }
};

}  // namespace

Result<BlockSharing::State> BlockSharing::share_some() {
    const std::uint64_t size = std::min(kept_->size().value_or(0), copy_->size().value_or(0));
    if (position_ >= size) return State::done;
    OneTarget request;
    request.range().src_offset = position_;
    request.range().src_length = std::min(piece, size - position_);
    request.range().dest_count = 1;
    request.target().dest_fd = copy_->descriptor();
    request.target().dest_offset = position_;
    int reason = 0;
    if (::ioctl(kept_->descriptor(), FIDEDUPERANGE, request.bytes.data()) != 0) {
        reason = errno;
    } else if (request.target().status == FILE_DEDUPE_RANGE_DIFFERS) {
        return State::different;
    } else if (request.target().status < 0) {
        reason = -request.target().status;
    }
    if (cannot(reason)) return State::impossible;
    if (reason != 0) {
        return make_error(Errc::local_file, "cannot share blocks with " + quote(copy_->name()),
                          reason);
    }
    if (request.target().bytes_deduped == 0) return State::done;  // less than a block is left
    position_ += request.target().bytes_deduped;
    return position_ >= size ? State::done : State::more;
}

}  // namespace netcopy
