#include "session/content_claims.hpp"

#include <map>
#include <mutex>

#include "base/bytes.hpp"

namespace netcopy {

struct ContentClaims::State {
    struct Claimed {
        std::string name;
        ContentDigests digests;
    };
    std::mutex mutex;
    std::multimap<std::string, Claimed, std::less<>> by_md5;  // those with one MD5 are alike
};

ContentClaims::ContentClaims() : state_(std::make_shared<State>()) {}

Result<ContentClaims::Claim> ContentClaims::claim(const std::string& name,
                                                  const ContentDigests& digests) {
    const std::lock_guard lock(state_->mutex);
    const auto other = state_->by_md5.find(digests.md5_text());
    if (other != state_->by_md5.end() && other->second.digests != digests) {
        return collides_with(other->second.name);
    }
    const auto claimed = state_->by_md5.emplace(digests.md5_text(), State::Claimed{name, digests});
    const auto let_go = [state = state_, claimed](const void*) {
        const std::lock_guard again(state->mutex);
        state->by_md5.erase(claimed);
    };
    return Claim(&claimed->second, let_go);
}

Error collides_with(const std::string& other) {
    return make_error(Errc::refused, "it has the same MD5 as " + quote(other) +
                                         " there, and other bytes: a collision");
}

}  // namespace netcopy
