#include "file/io.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace netcopy {

ssize_t read_all_at(int file, MutableBytes buffer, std::uint64_t offset) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const MutableBytes rest = buffer.subspan(filled);
        const ssize_t got =
            ::pread(file, rest.data(), rest.size(), static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    return static_cast<ssize_t>(filled);
}

bool write_all_at(int file, Bytes bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        const ssize_t put = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put == 0) errno = ENOSPC;
        if (put <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return true;
}

bool write_all_at(int file, std::span<const Bytes> pieces, std::uint64_t offset) {
    constexpr std::size_t most_pieces = 256;  // of a call; the system's limit is 1024
    std::array<iovec, most_pieces> vector{};
    while (!pieces.empty()) {
        const std::size_t count = std::min(pieces.size(), most_pieces);
        std::size_t wanted = 0;
        for (std::size_t i = 0; i < count; ++i) {
            vector[i].iov_base = const_cast<std::byte*>(pieces[i].data());
            vector[i].iov_len = pieces[i].size();
            wanted += pieces[i].size();
        }
        const ssize_t put =
            ::pwritev(file, vector.data(), static_cast<int>(count), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put == 0 && wanted > 0) errno = ENOSPC;
        if (put < 0 || (put == 0 && wanted > 0)) return false;
        auto done = static_cast<std::size_t>(put);
        offset += done;
        while (!pieces.empty() && done >= pieces.front().size()) {
            done -= pieces.front().size();
            pieces = pieces.subspan(1);
        }
        if (done == 0) continue;
        const Bytes rest = pieces.front().subspan(done);
        if (!write_all_at(file, rest, offset)) return false;
        offset += rest.size();
        pieces = pieces.subspan(1);
    }
    return true;
}

}  // namespace netcopy
