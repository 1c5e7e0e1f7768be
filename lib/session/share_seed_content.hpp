#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "session/transfer_reading.hpp"

namespace netcopy {

/// Tells a file's bytes from the `name;size` that some servers repeat ahead of it. What comes is
/// held back as long as it may be that; when it is, there are several readings, for a file may
/// begin so. Its digest, which is its id, decides between them. Not thread-safe.
class ShareSeedContent {
public:
    /// `header` is the `name;size` of the list, `put` takes the file's bytes in order.
    ShareSeedContent(std::string header, std::uint64_t size, std::string md5,
                     std::function<Result<>(Bytes)> put);

    /// The next bytes from the server.
    Result<> take(Bytes bytes);

    /// How many more have to come before fits() can be asked. 0: now.
    std::uint64_t to_come() const { return goal_ - came_; }

    enum class Fit { yes, no, not_yet };
    /// Whether the bytes are the file. not_yet: in another reading they may be, for which more may
    /// have to come. Errors are those of `put`.
    Result<Fit> fits();

    /// After a `yes`: bytes of the file that were taken for the header, and stand before all that
    /// was put.
    const std::string& front() const { return readings_[current_].front; }
    /// The MD5 of what the last fits() judged.
    const std::string& md5() const { return hex_; }

private:
    Result<> decide(std::size_t skip);
    Result<> pass_on(Bytes bytes);

    const std::string header_;
    const std::uint64_t size_;
    const std::string expected_;
    const std::function<Result<>(Bytes)> put_;
    std::uint64_t came_ = 0;  // bytes from the server
    std::uint64_t goal_;      // of them, when the current reading is to be judged
    std::string head_;        // all of them, until it is decided what they begin with
    bool decided_ = false;
    std::uint64_t skipped_ = 0;              // bytes that were not put
    std::vector<TransferReading> readings_;  // those with the fewest bytes to come first
    std::size_t current_ = 0;
    std::string hex_;
};

}  // namespace netcopy
