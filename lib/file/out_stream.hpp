#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace netcopy {

/// Where a file goes that is not to be stored: a pipe, a terminal. What went out cannot be taken
/// back, so another attempt at the same file begins at 0 and is only compared (by CRC-64) with what
/// went out before, until it is further. Not thread-safe; calls block as long as `write` does.
class OutStream {
public:
    /// `write` takes all bytes, or fails with Errc::local_file.
    explicit OutStream(std::function<Result<>(Bytes)> write) : write_(std::move(write)) {}

    /// An attempt begins.
    void begin();
    /// Ascending offsets only; what is left out is zeros. Errc::corrupted when what went out before
    /// was something else.
    Result<> write_at(std::uint64_t offset, Bytes bytes);
    /// All is written, up to this size.
    Result<> finish(std::uint64_t size);

private:
    Result<> put(Bytes bytes);
    Result<> fill(std::uint64_t end);

    std::function<Result<>(Bytes)> write_;
    std::uint64_t written_ = 0;  // bytes that went out
    std::uint64_t crc_ = 0;      // of them
    std::uint64_t at_ = 0;       // bytes, in this attempt
    std::uint64_t at_crc_ = 0;
    bool broken_ = false;  // nobody knows what went out
};

}  // namespace netcopy
