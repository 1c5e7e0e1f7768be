#pragma once

#include <memory>
#include <span>

#include "crypto/digest.hpp"

namespace netcopy {

/// Hashes on threads of its own, one for each digest, while its user reads on, sends, writes or
/// hashes something else. Bytes are copied; 1 MiB of them are under way at the most. One user at a
/// time.
class DigestWorkers {
public:
    /// Null when as many of these threads are running as the machine has processors, or none can be
    /// had. The digests are the workers' until finish(), and must not move.
    static std::unique_ptr<DigestWorkers> start(std::span<Digest* const> digests);
    ~DigestWorkers();  ///< leaves unhashed what waits

    void update(Bytes bytes);  ///< waits while too much is under way
    void finish();             ///< all has been hashed, and the digests are the caller's again

private:
    struct State;
    explicit DigestWorkers(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace netcopy
