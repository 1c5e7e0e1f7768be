#pragma once

#include <cstdint>
#include <functional>

#include "crypto/digest.hpp"
#include "file/source.hpp"
#include "net/pump.hpp"

namespace netcopy {

/// A file on its way out, for wires that say its size first. Exactly so many bytes come as it had
/// when it was opened, and the last of them only when it is still as it was then: a receiver that
/// counts never takes a changed file for whole. Not thread-safe; must outlive the pump.
class WholeSource {
public:
    /// A source that has a size. `digests` may be null; they see what is read. `also` may be empty:
    /// what else has to hold before the last bytes come; in the disk pool.
    explicit WholeSource(FileSource& source, DigestSet* digests = nullptr,
                         std::function<Result<>()> also = {})
        : source_(source),
          size_(source.size().value_or(0)),
          digests_(digests),
          also_(std::move(also)) {}

    std::uint64_t size() const { return size_; }
    std::uint64_t bytes() const { return bytes_; }  ///< read so far
    /// For pump_out(). Errc::local_file also when the source changed.
    Produce produce();

private:
    Result<std::optional<std::size_t>> read(MutableBytes buffer);

    FileSource& source_;
    const std::uint64_t size_;
    DigestSet* const digests_;
    const std::function<Result<>()> also_;
    std::uint64_t bytes_ = 0;
};

}  // namespace netcopy
