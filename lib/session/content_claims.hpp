#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "store/share_index.hpp"

namespace netcopy {

/// What files are about to get a name: verified, but not yet committed, and so not yet listed. Of
/// two with one MD5 and different SHA-256 the second is refused here. Thread-safe.
class ContentClaims {
public:
    ContentClaims();

    /// Holds until its last copy goes; it may outlive the claims.
    using Claim = std::shared_ptr<const void>;

    /// Errc::refused with collides_with() when another content with that MD5 is claimed.
    Result<Claim> claim(const std::string& name, const ContentDigests& digests);

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Errc::refused: a file has the MD5 of another one, and other bytes.
Error collides_with(const std::string& other);

}  // namespace netcopy
