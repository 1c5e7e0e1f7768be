#pragma once

#include <cstdint>

#include "base/error.hpp"
#include "file/source.hpp"

namespace netcopy {

/// Lets two files that have the same bytes lie on the same blocks of the disk (FIDEDUPERANGE,
/// ioctl_fideduperange(2): Btrfs, XFS, bcachefs), piece by piece. The kernel locks and compares
/// both by itself, so that nothing can change that is not equal; neither names, times nor bytes of
/// the files change, and each may be written to later without the other. Not thread-safe; calls
/// block.
class BlockSharing {
public:
    /// Both stay the caller's, and of the same size.
    BlockSharing(const FileSource& kept, const FileSource& copy) : kept_(&kept), copy_(&copy) {}

    enum class State {
        more,        ///< call again
        done,        ///< shared to the end
        different,   ///< a byte is not the same: some pieces in front of it may be shared
        impossible,  ///< this file system cannot
    };
    /// One piece, at most 16 MiB. Errc::local_file.
    Result<State> share_some();

    std::uint64_t shared() const { return position_; }  ///< bytes so far

private:
    const FileSource* kept_;
    const FileSource* copy_;
    std::uint64_t position_ = 0;
};

}  // namespace netcopy
